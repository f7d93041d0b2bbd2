// simd/math.h for the tests: every function over an array, sixteen rows at a time and one lane at a time.
#include <pybind11/stl.h>

#include <algorithm>
#include <string>
#include <vector>

#include "bindings/arrays.h"
#include "bindings/hooks/hooks.h"
#include "simd/math.h"
#include "simd/rows.h"

namespace nflows {
namespace {

// y = f(x). A loop of its own for every function, which is part of it: the bench times these. The last, partial panel
// goes the same way: a second copy of f may be contracted otherwise, and differ in a last bit.
template <class T, Rows<T> (*f)(Rows<T>)>
void over_rows(const T* x, Index n, T* y) {
  T panel[kLanes] = {};
  for (; n > 0; n -= kLanes, x += kLanes, y += kLanes) {
    const bool whole = n >= kLanes;
    if (!whole) std::copy_n(x, n, panel);
    f(Rows<T>::load(whole ? x : panel)).store(whole ? y : panel);
    if (!whole) std::copy_n(panel, n, y);
  }
}

template <class T>
struct Function {
  const char* name;
  void (*of_rows)(const T* x, Index n, T* y);
  T (*of_lane)(T);
};

template <class T>
constexpr Function<T> kFunctions[] = {
    {"cos", over_rows<T, cos<Rows<T>>>, cos<T>},
    {"erf", over_rows<T, erf<Rows<T>>>, erf<T>},
    {"exp", over_rows<T, exp<Rows<T>>>, exp<T>},
    {"expm1", over_rows<T, expm1<Rows<T>>>, expm1<T>},
    {"log", over_rows<T, log<Rows<T>>>, log<T>},
    {"log1p", over_rows<T, log1p<Rows<T>>>, log1p<T>},
    {"log_ndtr", over_rows<T, log_ndtr<Rows<T>>>, log_ndtr<T>},
    {"sigmoid", over_rows<T, sigmoid<Rows<T>>>, sigmoid<T>},
    {"sin", over_rows<T, sin<Rows<T>>>, sin<T>},
    {"softplus", over_rows<T, softplus<Rows<T>>>, softplus<T>},
    {"tanh", over_rows<T, tanh<Rows<T>>>, tanh<T>},
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
          function.of_rows(data, n, y);
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
