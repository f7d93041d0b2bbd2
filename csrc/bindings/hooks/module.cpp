// The module `_hooks_<isa>`: what tests and benches measure inside an engine. Not part of what users install.
#include "bindings/hooks/hooks.h"
#include "core/registry.h"

PYBIND11_MODULE(NFLOWS_HOOKS, module) {
  module.doc() = "Measuring hooks of the nflows_np engine for " NFLOWS_ISA;
  nflows::register_all();
  nflows::bind_math(module);
  nflows::bind_kernels(module);
}
