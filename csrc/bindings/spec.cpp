#include "bindings/spec.h"

#include <pybind11/stl.h>

namespace nflows {
namespace {

namespace py = pybind11;

[[noreturn]] void refuse(const std::string& owner, const std::string& name, const char* expected,
                         const py::handle& value) {
  fail(owner, ": field '", name, "': ", expected, " expected, got ", py::repr(value).cast<std::string>());
}

// A list whose items are all what its first one is: convert(item) of each.
template <class Item, class Is, class Convert>
Spec::Field list_from(const std::string& owner, const std::string& name, const py::sequence& items,
                      const char* expected, const Is& is, const Convert& convert) {
  std::vector<Item> list;
  for (const py::handle item : items) {
    if (!is(item)) refuse(owner, name, expected, item);
    list.push_back(convert(item));
  }
  return list;
}

Spec::Field field_from(const std::string& owner, const std::string& name, const py::handle& value) {
  const auto spec = [](const py::handle& item) { return spec_from(py::reinterpret_borrow<py::dict>(item)); };
  if (py::isinstance<py::dict>(value)) return std::vector<Spec>{spec(value)};
  if (py::isinstance<py::str>(value)) return value.cast<std::string>();
  if (py::isinstance<py::int_>(value)) return value.cast<std::int64_t>();
  if (py::isinstance<py::float_>(value)) return value.cast<double>();
  if (!py::isinstance<py::list>(value) && !py::isinstance<py::tuple>(value))
    refuse(owner, name, "a number, a string, a spec or a list", value);
  const auto items = py::reinterpret_borrow<py::sequence>(value);
  if (items.empty()) return Spec::EmptyList{};
  if (py::isinstance<py::dict>(items[0]))
    return list_from<Spec>(owner, name, items, "a spec", py::isinstance<py::dict>, spec);
  if (py::isinstance<py::float_>(items[0]))
    return list_from<double>(owner, name, items, "a real number", py::isinstance<py::float_>,
                             [](const py::handle& item) { return item.cast<double>(); });
  return list_from<Index>(owner, name, items, "an integer", py::isinstance<py::int_>,
                          [](const py::handle& item) { return item.cast<Index>(); });
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
