// Selections of features: lists of columns, checked, and moving those features to neighbouring places and back.
#pragma once

#include <vector>

#include "core/copy.h"
#include "core/spec.h"

namespace nflows {

// Different features of n; `what` the list is not if it fails.
inline const std::vector<Index>& check_columns(const Spec& spec, const std::string& field, Index n,
                                               const char* what = "selection") {
  const std::vector<Index>& columns = spec.integers(field);
  std::vector<bool> seen(n, false);
  for (const Index j : columns) {
    const bool known = j >= 0 && j < n;
    check(known && !seen[j], spec.name, ": ", field, ": no ", what, " of 0 .. ", n - 1, ": feature ", j,
          known ? " is there twice" : " is not one of them");
    seen[j] = true;
  }
  return columns;
}

// All of n features, in some order.
inline const std::vector<Index>& check_order(const Spec& spec, const std::string& field, Index n) {
  const Index given = static_cast<Index>(spec.integers(field).size());
  check(given == n, spec.name, ": ", field, ": ", given, " entries for ", n, " features");
  return check_columns(spec, field, n, "permutation");
}

// to_i = from_{columns[i]}
template <class T>
void gather(const std::vector<Index>& columns, Read<T> from, Panels<T> to) {
  for (std::size_t i = 0; i < columns.size(); ++i) copy_features(from.feature(columns[i]), to.feature(i), 1);
}

// to_{columns[i]} = from_i
template <class T>
void scatter(const std::vector<Index>& columns, Read<T> from, Panels<T> to) {
  for (std::size_t i = 0; i < columns.size(); ++i) copy_features(from.feature(i), to.feature(columns[i]), 1);
}

}  // namespace nflows
