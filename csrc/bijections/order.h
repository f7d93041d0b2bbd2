// Order: a checked permutation of features, and moving rows by it and back. An orthogonal matrix: the way
// back is also the transpose.
#pragma once

#include <vector>

#include "core/panel.h"
#include "core/spec.h"

namespace nflows {

class Order {
 public:
  Order(const Spec& spec, Index n_features) : order_(spec.integers("order")) {
    check(static_cast<Index>(order_.size()) == n_features, spec.name, ": order has ", order_.size(),
          " entries for ", n_features, " features");
    std::vector<bool> seen(n_features, false);
    for (const Index j : order_) {
      check(j >= 0 && j < n_features && !seen[j], spec.name, ": order is no permutation of 0 .. ",
            n_features - 1, ": entry ", j);
      seen[j] = true;
    }
  }

  // to_j = from_{order[j]}
  template <class T>
  void gather(Panels<const T> from, Panels<T> to) const {
    for (std::size_t j = 0; j < order_.size(); ++j) copy_features<T>(from.feature(order_[j]), to.feature(j), 1);
  }

  // to_{order[j]} = from_j
  template <class T>
  void scatter(Panels<const T> from, Panels<T> to) const {
    for (std::size_t j = 0; j < order_.size(); ++j) copy_features<T>(from.feature(j), to.feature(order_[j]), 1);
  }

 private:
  std::vector<Index> order_;
};

}  // namespace nflows
