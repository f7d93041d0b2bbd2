// The module `_probe`: what this CPU runs. Compiled for every CPU of the architecture, apart from the engines,
// so that it can be asked before any of them is loaded.
#include <pybind11/pybind11.h>
#include <pybind11/stl.h>

#include "bindings/cpu_features.h"

namespace py = pybind11;

PYBIND11_MODULE(_probe, m) {
  m.doc() = "Which of the engine's variants this CPU and its operating system run.";

  m.def(
      "features",
      [] {
        py::dict found;
        for (const auto& [name, present] : nflows::required_features("avx512")) found[name.c_str()] = present;
        return found;
      },
      "Every CPU feature that some variant needs, and whether it is usable here.");

  m.def("missing", &nflows::missing_features, py::arg("isa"),
        "The CPU features that variant `isa` needs and that are not usable here.");

  m.def(
      "supports", [](const std::string& isa) { return nflows::missing_features(isa).empty(); },
      py::arg("isa"), "Whether variant `isa` runs here.");
}
