// Engine: what a module's capsule holds; and which engines this CPU runs.
#include "engine/engine.h"

#include <pybind11/stl.h>

#include "bindings/bind.h"
#include "bindings/bound_flow.h"
#include "bindings/spec.h"
#include "engine/cpu_features.h"

namespace nflows {
namespace {

const Engine* engine_in(const py::capsule& capsule) {
  check(PyCapsule_IsValid(capsule.ptr(), kEngineName), "engine: expected a capsule named ", kEngineName);
  return static_cast<const Engine*>(PyCapsule_GetPointer(capsule.ptr(), kEngineName));
}

template <class T>
BoundFlow<T> make_flow(const Engine& engine, const py::dict& spec, Index n_features, Index n_context) {
  std::shared_ptr<const EngineFlow<T>> flow = engine.flow(T(), spec_from(spec), n_features, n_context);
  std::shared_ptr<Params<T>> params = flow->make_params();
  const std::uint64_t random = flow->start(0, *params);
  return {std::move(flow), std::move(params), random};
}

int level_of(const std::string& isa) {
  const int level = nflows_level(isa.c_str());
  check(level >= 0, "unknown instruction set '", isa, "': expected 'base', 'avx2' or 'avx512'");
  return level;
}

std::vector<std::string> missing(const std::string& isa) {
  const char* names[NFLOWS_MOST_FEATURES];
  const int n = nflows_missing(level_of(isa), names);
  return {names, names + n};
}

std::map<std::string, bool> features() {
  nflows_feature all[NFLOWS_MOST_FEATURES];
  std::map<std::string, bool> found;
  for (int i = 0, n = nflows_features(all); i < n; ++i) found[all[i].name] = all[i].present != 0;
  return found;
}

}  // namespace

void bind_engine(py::module_& module) {
  py::class_<Engine, std::unique_ptr<Engine, py::nodelete>>(module, "Engine")
      .def(py::init([](const py::capsule& capsule) { return const_cast<Engine*>(engine_in(capsule)); }),
           py::arg("capsule"))
      .def(
          "device",
          [](const Engine& engine, const py::capsule& capsule) {
            check(PyCapsule_IsValid(capsule.ptr(), kDeviceName), "engine: expected a capsule named ",
                  kDeviceName);
            return reinterpret_cast<MakeDevice>(PyCapsule_GetPointer(capsule.ptr(), kDeviceName))(engine);
          },
          py::arg("capsule"), py::return_value_policy::reference,
          "The engine of a device, whose flows this engine makes and starts.")
      .def("check_usable", &Engine::check_usable)
      .def_property_readonly("isa", &Engine::isa)
      .def_property_readonly("compiler", &Engine::compiler)
      .def("registry",
           [](const Engine& engine) {
             const Names names = engine.names();
             return std::map<std::string, std::vector<std::string>>{{"bijections", names.bijections},
                                                                    {"transformers", names.transformers},
                                                                    {"conditionals", names.conditionals},
                                                                    {"bases", names.bases}};
           })
      .def("Flow32", &make_flow<float>, py::arg("spec"), py::arg("n_features"), py::arg("n_context") = 0)
      .def("Flow64", &make_flow<double>, py::arg("spec"), py::arg("n_features"), py::arg("n_context") = 0)
      .def(
          "count_params",
          [](const Engine& engine, const py::dict& spec, Index n_features, Index most) {
            return engine.count_params(spec_from(spec), n_features, most);
          },
          py::arg("spec"), py::arg("n_features"), py::arg("most"),
          "How many parameters a flow has, counted without making room for them, and no further than "
          "`most`.");

  module.attr("LARGEST_PARAMETER") = kLargestParameter;
  module.def("features", &features,
             "Every CPU feature that some engine needs, and whether it is usable here.");
  module.def("missing", &missing, py::arg("isa"),
             "The CPU features that an engine needs and that are not usable here.");
  module.def(
      "supports", [](const std::string& isa) { return missing(isa).empty(); }, py::arg("isa"),
      "Whether an engine runs here.");
}

}  // namespace nflows
