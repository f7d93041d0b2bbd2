// Spec: what a layer IS, as the Python side's dictionaries say it: a name, and fields of plain values. No
// arrays of numbers that training changes: those are parameters.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <variant>
#include <vector>

#include "core/check.h"
#include "core/panel.h"

namespace nflows {

struct Spec {
  struct EmptyList {};  // of any type
  using Field = std::variant<std::int64_t, double, std::string, EmptyList, std::vector<Index>,
                             std::vector<double>, std::vector<Spec>>;

  std::string name;
  std::map<std::string, Field> fields;

  const std::string& text(const std::string& field) const { return get<std::string>(field, "a string"); }

  std::int64_t integer(const std::string& field) const { return get<std::int64_t>(field, "an integer"); }

  bool flag(const std::string& field) const { return integer(field) != 0; }

  double real(const std::string& field) const { return get<double>(field, "a real number"); }

  const std::vector<Index>& integers(const std::string& field) const {
    return list<Index>(field, "a list of integers");
  }

  const std::vector<double>& reals(const std::string& field) const {
    return list<double>(field, "a list of real numbers");
  }

  // Widths of layers: from 1 to 2^20, so that no product of two of them can overflow an Index.
  const std::vector<Index>& widths(const std::string& field) const {
    constexpr Index kWidest = Index{1} << 20;
    for (const Index n : integers(field))
      check(n >= 1 && n <= kWidest, name, ": ", field, " must be from 1 to ", kWidest, ", got ", n);
    return integers(field);
  }

  const std::vector<Spec>& children(const std::string& field) const {
    return list<Spec>(field, "a list of specs");
  }

  const Spec& child(const std::string& field) const {
    const auto& list = children(field);
    check(list.size() == 1, name, ": field '", field, "' holds ", list.size(), " specs instead of one");
    return list.front();
  }

 private:
  template <class Item>
  const std::vector<Item>& list(const std::string& field, const char* what) const {
    static const std::vector<Item> empty;
    const auto found = fields.find(field);
    if (found != fields.end() && std::holds_alternative<EmptyList>(found->second)) return empty;
    return get<std::vector<Item>>(field, what);
  }

  template <class Value>
  const Value& get(const std::string& field, const char* what) const {
    const auto found = fields.find(field);
    check(found != fields.end(), name, ": field '", field, "' is missing");
    const Value* value = std::get_if<Value>(&found->second);
    check(value != nullptr, name, ": field '", field, "' must be ", what);
    return *value;
  }
};

}  // namespace nflows
