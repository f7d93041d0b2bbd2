// The columns of a wiring: one transformer for every column of the flow.
//
// Columns in the spec's field `circular` are angles and have the circular spline; the others have the wiring's own
// transformer. Columns that a coupling keeps are only shown to its net.
#pragma once

#include <memory>
#include <vector>

#include "transformers/transformer.h"

namespace nflows {

template <class T>
class Columns {
 public:
  Columns(const Spec& spec, const std::vector<Index>& kept, Index n_features);

  const Transformer<T>& operator[](Index j) const { return *transformers_[j]; }
  void put(Index j, std::shared_ptr<const Transformer<T>> own) { transformers_[j] = std::move(own); }

  // Where each of `columns` begins among what the net sees of them, or among their parameters; the total comes last.
  std::vector<Index> first_seen(const std::vector<Index>& columns) const;
  std::vector<Index> first_param(const std::vector<Index>& columns) const;

 private:
  std::vector<std::shared_ptr<const Transformer<T>>> transformers_;
};

}  // namespace nflows
