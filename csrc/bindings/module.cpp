// One engine: the same sources once per instruction set, under the names that the build gives.
#include <pybind11/stl.h>

#include "bases/base.h"
#include "bijections/bijection.h"
#include "bindings/bind.h"
#include "transformers/transformer.h"

PYBIND11_MODULE(NFLOWS_MODULE, module) {
  using namespace nflows;
  register_all();
  module.doc() = "nflows_np engine for " NFLOWS_ISA;
  module.attr("isa") = NFLOWS_ISA;
  module.attr("compiler") = __VERSION__;
  bind_flow(module);
  bind_trainer(module);
  bind_math(module);
  bind_kernels(module);
  module.def("registry", [] {
    return std::map<std::string, std::vector<std::string>>{
        {"bijections", Registry<BijectionFactory<float>>::global().names()},
        {"transformers", Registry<TransformerFactory<float>>::global().names()},
        {"bases", Registry<BaseFactory<float>>::global().names()},
    };
  });
}
