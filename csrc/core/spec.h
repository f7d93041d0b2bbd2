// Spec: what a layer IS, as the Python side's dictionaries say it: a name, and fields of plain values. No
// arrays of numbers that training changes: those are parameters.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <variant>
#include <vector>

#include "core/check.h"
#include "core/index.h"

namespace nflows {

// Layers are no wider: no product of two widths can overflow an Index.
inline constexpr Index kWidest = Index{1} << 20;

struct Spec {
  struct EmptyList {};  // of any type
  using Field = std::variant<std::int64_t, double, std::string, EmptyList, std::vector<Index>,
                             std::vector<double>, std::vector<Spec>>;

  std::string name;
  std::map<std::string, Field> fields;

  // The fields, each of the type that its layer asks for.
  const std::string& text(const std::string& field) const;
  std::int64_t integer(const std::string& field) const;
  bool flag(const std::string& field) const { return integer(field) != 0; }
  double real(const std::string& field) const;
  const std::vector<Index>& integers(const std::string& field) const;
  const std::vector<double>& reals(const std::string& field) const;
  const std::vector<Index>& widths(const std::string& field) const;  // of layers: from 1 to kWidest
  const std::vector<Spec>& children(const std::string& field) const;
  const Spec& child(const std::string& field) const;
};

}  // namespace nflows
