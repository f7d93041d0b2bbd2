// The module `_engine`: the one door between Python and the engines, whichever of them runs.
#include "bindings/bind.h"

PYBIND11_MODULE(_engine, module) {
  module.doc() = "Flows and trainers of the nflows_np engines.";
  nflows::bind_flow(module);
  nflows::bind_trainer(module);
  nflows::bind_engine(module);
}
