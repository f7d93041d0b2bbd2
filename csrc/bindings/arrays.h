// Arrays at the border: each check names the argument and what it got.
#pragma once

#include <pybind11/numpy.h>
#include <pybind11/pybind11.h>

#include <string>
#include <vector>

#include "core/check.h"
#include "core/panel.h"

namespace nflows {

namespace py = pybind11;

template <class T>
using Array = py::array_t<T, py::array::c_style>;

inline std::string shape_of(const py::array& a) {
  std::string text = "(";
  for (py::ssize_t i = 0; i < a.ndim(); ++i) text += (i ? ", " : "") + std::to_string(a.shape(i));
  return text + ")";
}

// A C-contiguous array of dtype T and exactly this shape, as it is: no conversion, no copy.
template <class T>
const T* checked(const py::object& object, const char* name, const std::vector<Index>& shape) {
  const bool is_array = py::isinstance<py::array>(object);
  check(is_array && py::isinstance<Array<T>>(object), name, ": expected a C-contiguous array of ",
        py::str(py::dtype::of<T>()).cast<std::string>(), ", got ",
        is_array ? py::str(object.attr("dtype")).cast<std::string>()
                 : py::str(py::type::of(object)).cast<std::string>());
  const auto array = py::reinterpret_borrow<py::array>(object);
  check(
      std::vector<Index>(array.shape(), array.shape() + array.ndim()) == shape, name, ": expected shape (",
      [&] {
        std::string text;
        for (const Index n : shape) text += (text.empty() ? "" : ", ") + std::to_string(n);
        return text;
      }(),
      "), got ", shape_of(array));
  return static_cast<const T*>(array.data());
}

template <class T>
const T* checked_panels(const py::object& object, const char* name, Index n_rows, Index n_features) {
  check(n_rows >= 0, "n: must not be negative, got ", n_rows);
  return checked<T>(object, name, {panels_for(n_rows), n_features, kLanes});
}

// The context, which is needed exactly if the flow has one.
template <class T>
const T* checked_context(const py::object& object, Index n_rows, Index n_context) {
  if (n_context == 0) {
    check(object.is_none(), "context: this flow takes none");
    return nullptr;
  }
  check(!object.is_none(), "context: this flow needs one of ", n_context, " features");
  return checked_panels<T>(object, "context", n_rows, n_context);
}

// One number per row, laid out one per lane with zeros in the padding; `fill` for rows where none are given.
template <class T>
std::vector<T> per_lane(const py::object& object, const char* name, Index n_rows, T fill) {
  std::vector<T> lanes(panels_for(n_rows) * kLanes, T(0));
  if (object.is_none()) {
    std::fill_n(lanes.begin(), n_rows, fill);
  } else {
    std::copy_n(checked<T>(object, name, {n_rows}), n_rows, lanes.begin());
  }
  return lanes;
}

template <class T>
Array<T> new_panels(Index n_rows, Index n_features) {
  return Array<T>({panels_for(n_rows), n_features, Index{kLanes}});
}

// The first n of the per-lane numbers: a view.
inline py::array_t<double> per_row(const Array<double>& lanes, Index n_rows) {
  return py::array_t<double>({n_rows}, {Index{sizeof(double)}}, lanes.data(), lanes);
}

}  // namespace nflows
