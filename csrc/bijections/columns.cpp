#include "bijections/columns.h"

namespace nflows {
namespace {

template <class Count>
std::vector<Index> firsts(const std::vector<Index>& columns, const Count& count) {
  std::vector<Index> first{0};
  for (const Index j : columns) first.push_back(first.back() + count(j));
  return first;
}

}  // namespace

template <class T>
Columns<T>::Columns(const Spec& spec, const std::vector<Index>& kept, Index n_features) {
  const std::shared_ptr<const Transformer<T>> own = make_transformer<T>(spec.child("transformer")),
                                              angle = make_transformer<T>(spec.child("circular_spline")),
                                              number = make_transformer<T>({"additive", {}});
  transformers_.assign(n_features, own);
  for (const Index j : kept) transformers_[j] = number;
  for (const Index j : spec.integers("circular")) {
    check(j >= 0 && j < n_features, spec.name, ": circular feature ", j, " is not one of ", n_features);
    transformers_[j] = angle;
  }
}

template <class T>
std::vector<Index> Columns<T>::first_seen(const std::vector<Index>& columns) const {
  return firsts(columns, [&](Index j) { return transformers_[j]->n_seen(); });
}

template <class T>
std::vector<Index> Columns<T>::first_param(const std::vector<Index>& columns) const {
  return firsts(columns, [&](Index j) { return transformers_[j]->n_params(); });
}

template class Columns<float>;
template class Columns<double>;

}  // namespace nflows
