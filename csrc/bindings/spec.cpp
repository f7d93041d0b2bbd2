#include "bindings/spec.h"

#include <pybind11/stl.h>

namespace nflows {
namespace {

namespace py = pybind11;

Spec::Field field_from(const std::string& owner, const std::string& name, const py::handle& value) {
  if (py::isinstance<py::dict>(value))
    return std::vector<Spec>{spec_from(py::reinterpret_borrow<py::dict>(value))};
  if (py::isinstance<py::str>(value)) return value.cast<std::string>();
  if (py::isinstance<py::int_>(value)) return value.cast<std::int64_t>();
  if (py::isinstance<py::float_>(value)) return value.cast<double>();
  if (py::isinstance<py::list>(value) || py::isinstance<py::tuple>(value)) {
    const auto items = py::reinterpret_borrow<py::sequence>(value);
    const bool specs = name == "bijections" || name == "bases";
    const bool reals = !items.empty() && py::isinstance<py::float_>(items[0]);
    std::vector<Spec> children;
    std::vector<double> numbers;
    std::vector<Index> integers;
    for (const py::handle item : items) {
      check(specs   ? py::isinstance<py::dict>(item)
            : reals ? py::isinstance<py::float_>(item)
                    : py::isinstance<py::int_>(item),
            owner, ": field '", name, "': ",
            specs   ? "a spec"
            : reals ? "a real number"
                    : "an integer",
            " expected, got ", py::repr(item).cast<std::string>());
      if (specs)
        children.push_back(spec_from(py::reinterpret_borrow<py::dict>(item)));
      else if (reals)
        numbers.push_back(item.cast<double>());
      else
        integers.push_back(item.cast<Index>());
    }
    if (specs) return children;
    if (reals) return numbers;
    return integers;
  }
  fail(owner, ": field '", name, "' has a value of no known kind: ", py::repr(value).cast<std::string>());
}

}  // namespace

Spec spec_from(const py::dict& dict) {
  check(dict.contains("name") && py::isinstance<py::str>(dict["name"]),
        "spec: a dictionary with a 'name' expected, got ", py::repr(dict).cast<std::string>());
  Spec spec;
  spec.name = dict["name"].cast<std::string>();
  for (const auto& [key, value] : dict) {
    const auto field = key.cast<std::string>();
    if (field != "name") spec.fields.emplace(field, field_from(spec.name, field, value));
  }
  return spec;
}

}  // namespace nflows
