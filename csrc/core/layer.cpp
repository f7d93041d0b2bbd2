#include "core/layer.h"

#include <algorithm>

namespace nflows {

template <class T>
void Layer<T>::start(T* params, Rng& rng) const {
  std::fill_n(params, n_params(), T(0));
  for (const Nested& part : parts_) part.layer->start(params + part.params, rng);
}

template <class T>
void Layer<T>::derive(const T* params, std::byte* derived) const {
  for (const Nested& part : parts_) part.layer->derive(params + part.params, derived + part.derived);
}

template <class T>
void Layer<T>::derive_backward(const T* params, const std::byte* derived, T* dderived, T* dparams) const {
  for (const Nested& part : parts_)
    part.layer->derive_backward(params + part.params, derived + part.derived, dderived + part.dderived,
                                dparams + part.params);
}

template <class T>
Gradients<T> Layer<T>::Nested::gradients(const Gradients<T>& outer) const {
  if (outer.afresh) {
    std::fill_n(outer.dparams + params, layer->n_params(), T(0));
    std::fill_n(outer.dderived + dderived, layer->n_dderived(), T(0));
  }
  return {outer.dlog_det, outer.dparams + params, outer.dderived + dderived, outer.dcontext};
}

template <class T>
typename Layer<T>::Nested Layer<T>::nest(const Layer& layer, const std::string& prefix) {
  parts_.push_back({&layer, params_.take(prefix, layer.blocks()), derived_.take(layer.n_derived()),
                    dderived_.take(layer.n_dderived())});
  return parts_.back();
}

template class Layer<float>;
template class Layer<double>;

}  // namespace nflows
