// simd/math.h for the tests: every function over an array, sixteen rows at a time and one lane at a time.
#include <pybind11/stl.h>

#include <algorithm>
#include <string>
#include <vector>

#include "bindings/arrays.h"
#include "bindings/bind.h"
#include "simd/math.h"
#include "simd/rows.h"

namespace nflows {
namespace {

template <class T>
struct Function {
  const char* name;
  Rows<T> (*of_rows)(Rows<T>);
  T (*of_lane)(T);
};

template <class T>
constexpr Function<T> kFunctions[] = {
    {"cos", cos<Rows<T>>, cos<T>},
    {"erf", erf<Rows<T>>, erf<T>},
    {"exp", exp<Rows<T>>, exp<T>},
    {"expm1", expm1<Rows<T>>, expm1<T>},
    {"log", log<Rows<T>>, log<T>},
    {"log1p", log1p<Rows<T>>, log1p<T>},
    {"sigmoid", sigmoid<Rows<T>>, sigmoid<T>},
    {"sin", sin<Rows<T>>, sin<T>},
    {"softplus", softplus<Rows<T>>, softplus<T>},
    {"tanh", tanh<Rows<T>>, tanh<T>},
};

std::vector<std::string> names() {
  std::vector<std::string> all;
  for (const auto& function : kFunctions<float>) all.emplace_back(function.name);
  return all;
}

template <class T>
const Function<T>& find(const std::string& name) {
  for (const auto& function : kFunctions<T>)
    if (name == function.name) return function;
  std::string known;
  for (const std::string& other : names()) known += (known.empty() ? "" : ", ") + other;
  fail("math: unknown function '", name, "'; known: ", known);
}

template <class T>
void each_panel(Rows<T> (*of_rows)(Rows<T>), const T* x, Index n, T* y) {
  for (Index i = 0; i < n; i += kLanes) {
    const Index rows = std::min<Index>(kLanes, n - i);
    T panel[kLanes] = {};
    std::copy_n(x + i, rows, panel);
    of_rows(Rows<T>::load(panel)).store(panel);
    std::copy_n(panel, rows, y + i);
  }
}

// apply(function, x, n, y) with the T of the array x; returns y.
template <class Apply>
py::array over(const std::string& name, const py::array& x, const Apply& apply) {
  const auto with = [&]<class T>(T) -> py::array {
    const auto contiguous = Array<T>::ensure(x);
    Array<T> y(contiguous.shape(0));
    apply(find<T>(name), contiguous.data(), contiguous.shape(0), y.mutable_data());
    return y;
  };
  const bool is_float = py::isinstance<py::array_t<float>>(x),
             is_double = py::isinstance<py::array_t<double>>(x);
  check(x.ndim() == 1 && (is_float || is_double),
        "math: expected x to be a 1-D array of float32 or float64, got ",
        py::str(x.dtype()).cast<std::string>(), " of shape ", shape_of(x));
  return is_float ? with(float{}) : with(double{});
}

}  // namespace

void bind_math(py::module_& module) {
  module.def("math_names", &names, "The functions of simd/math.h, sorted.");
  module.def(
      "math",
      [](const std::string& name, const py::array& x) {
        return over(name, x, [](const auto& function, const auto* data, Index n, auto* y) {
          each_panel(function.of_rows, data, n, y);
        });
      },
      py::arg("name"), py::arg("x"), "The function over x, sixteen rows at a time.");
  module.def(
      "math_scalar",
      [](const std::string& name, const py::array& x) {
        return over(name, x, [](const auto& function, const auto* data, Index n, auto* y) {
          std::transform(data, data + n, y, function.of_lane);
        });
      },
      py::arg("name"), py::arg("x"), "The function over x, one lane at a time: the code of one CUDA thread.");
}

}  // namespace nflows
