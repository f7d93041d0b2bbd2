#include "nets/net.h"

#include <algorithm>
#include <cmath>
#include <utility>

#include "simd/panel_sums.h"

namespace nflows {
namespace {

// Of a net's weights at the start, by its inputs; see start.
double start_gain(Index n_inputs) {
  return std::clamp(std::sqrt(12.0 / static_cast<double>(std::max<Index>(n_inputs, 1))), 1.0, std::sqrt(6.0));
}

}  // namespace

Hidden::Hidden(const Spec& spec)
    : units(spec.widths("hidden_units")),
      activation(activation_from(spec.text("activation"))),
      residual(spec.flag("residual")) {
  if (!residual) return;
  check(units.size() % 2 == 1, spec.name,
        ": a residual net has one hidden layer and two for each block, got ", units.size());
  for (const Index n : units)
    check(n == units.front(), spec.name, ": the hidden layers of a residual net are of one width, got ",
          units.front(), " and ", n);
}

template <class T>
Net<T>::Net(std::vector<Staircase> masks, std::vector<std::vector<Index>> starts, const Hidden& hidden)
    : masks_(std::move(masks)),
      starts_(std::move(starts)),
      activation_(hidden.activation),
      residual_(hidden.residual) {
  keeps_input_ = residual_ || with_activation(activation_, [](auto a) { return decltype(a)::kKeepsInput; });
  for (const Staircase& mask : masks_) {
    weight_.push_back(n_params_);
    bias_.push_back(n_params_ += mask.size());
    n_params_ += mask.rows;
    if (is_last(static_cast<Index>(weight_.size()) - 1)) break;
    value_.push_back(n_kept_);
    input_.push_back(n_kept_ += mask.rows);
    if (keeps_input_) n_kept_ += mask.rows;
    adjoint_.push_back(n_scratch_);
    n_scratch_ += mask.rows;
  }
  gradient_scratch_ = n_scratch_;
  n_scratch_ += kGradientScratch;
}

template <class T>
std::vector<Block> Net<T>::blocks() const {
  std::vector<Block> all;
  for (Index l = 0; l < depth(); ++l) {
    all.push_back({"weight" + std::to_string(l), weight_[l], masks_[l].size(), true});
    all.push_back({"bias" + std::to_string(l), bias_[l], masks_[l].rows, false});
  }
  return all;
}

template <class T>
void Net<T>::start(T* params, Rng& rng) const {
  std::fill_n(params, n_params_, T(0));
  for (Index l = 0; l + 1 < depth(); ++l) {
    const double n = static_cast<double>(std::max<Index>(masks_[l].cols, 1));
    const double bound = start_gain(n_inputs()) / std::sqrt(n);
    for (Index r = 0; r < masks_[l].rows && !ends_block(l); ++r) {
      T* row = params + weight_[l] + r * masks_[l].cols;
      for (Index c = 0; c < masks_[l].row_end[r]; ++c) row[c] = static_cast<T>(bound * rng.symmetric());
      params[bias_[l] + r] = static_cast<T>(bound * rng.symmetric());
    }
  }
}

// ---- Forward

// Adds the pre-activations, or their adjoints, of a block's other end.
template <class T>
void add_skipped(Panels<const T> from, Panels<T> to, Index begin, Index end) {
  add_features<T>(from.feature(begin), to.feature(begin), end - begin);
}

// Views by value: through a reference, every store would make the compiler read them anew.
template <class A, class T>
void activate(Panels<const T> z, Panels<T> value, Index begin, Index end) {
  for (Index p = 0; p < z.count; ++p)
    for (Index r = begin; r < end; ++r) A::value(Rows<T>::load(z.lanes(p, r))).store(value.lanes(p, r));
}

template <class T>
void Net<T>::forward_units(Index l, Index begin, Index end, const T* params, Panels<const T> in,
                          Panels<T> kept, Panels<T> out) const {
  if (begin == end) return;
  const Panels<const T> x = l == 0 ? in : kept.feature(value_[l - 1]);
  const T *weight = params + weight_[l], *bias = params + bias_[l];
  if (is_last(l)) return forward_product<T>(masks_[l], weight, bias, x, out, begin, end);
  if (activation_ == Activation::kRelu && !residual_)
    return forward_product<T>(masks_[l], weight, bias, x, kept.feature(value_[l]), begin, end, Into::kRectified);
  with_activation(activation_, [&](auto a) {
    using A = decltype(a);
    const Panels<T> value = kept.feature(value_[l]), z = keeps_input_ ? kept.feature(input_[l]) : value;
    forward_product<T>(masks_[l], weight, bias, x, z, begin, end);
    if (ends_block(l)) add_skipped<T>(kept.feature(input_[l - 2]), z, begin, end);
    activate<A, T>(z, value, begin, end);
  });
}

template <class T>
void Net<T>::forward(const T* params, Panels<const T> in, Panels<T> kept, Panels<T> out) const {
  for (Index l = 0; l < depth(); ++l) forward_units(l, 0, masks_[l].rows, params, in, kept, out);
}

template <class T>
void Net<T>::forward_degree(Index d, const T* params, Panels<const T> in, Panels<T> kept,
                            Panels<T> out) const {
  for (Index l = 0; l < depth(); ++l)
    forward_units(l, starts_[l][d], starts_[l][d + 1], params, in, kept, out);
}

// ---- Backward

// Adjoints of values become those of pre-activations.
template <class A, class T>
void pull_activation(Panels<const T> z, Panels<const T> value, Panels<T> adjoint, Index begin, Index end) {
  using R = Rows<T>;
  for (Index p = 0; p < z.count; ++p)
    for (Index r = begin; r < end; ++r)
      A::pull(R::load(adjoint.lanes(p, r)), R::load(z.lanes(p, r)), R::load(value.lanes(p, r)))
          .store(adjoint.lanes(p, r));
}

// The adjoints of hidden layer l, rows [begin, end), from those of layer l + 1.
template <class T>
void Net<T>::backward_units(Index l, Index begin, Index end, const T* params, Panels<const T> kept,
                           Panels<const T> dout, Panels<T> scratch) const {
  if (begin == end) return;
  const Panels<const T> dy = is_last(l + 1) ? dout : scratch.feature(adjoint_[l + 1]);
  const Panels<T> dx = scratch.feature(adjoint_[l]);
  const T* weight = params + weight_[l + 1];
  if (activation_ == Activation::kRelu) {
    data_gradient<T>(masks_[l + 1], weight, dy, dx, begin, end, Into::kGated, kept.feature(value_[l]));
  } else {
    data_gradient<T>(masks_[l + 1], weight, dy, dx, begin, end);
    with_activation(activation_, [&](auto a) {
      using A = decltype(a);
      const Panels<const T> value = kept.feature(value_[l]), z = A::kKeepsInput ? kept.feature(input_[l]) : value;
      pull_activation<A, T>(z, value, dx, begin, end);
    });
  }
  if (ends_block(l + 2)) add_skipped<T>(scratch.feature(adjoint_[l + 2]), dx, begin, end);
}

template <class T>
void Net<T>::backward(const T* params, Panels<const T> kept, Panels<const T> dout, Panels<T> scratch,
                      Panels<T> din) const {
  for (Index l = depth() - 2; l >= 0; --l) backward_units(l, 0, masks_[l].rows, params, kept, dout, scratch);
  input_gradient(0, n_inputs(), params, dout, scratch, din);
}

template <class T>
void Net<T>::backward_degree(Index d, const T* params, Panels<const T> kept, Panels<const T> dout,
                             Panels<T> scratch) const {
  for (Index l = depth() - 2; l >= 0; --l)
    backward_units(l, starts_[l][d], starts_[l][d + 1], params, kept, dout, scratch);
}

template <class T>
void Net<T>::input_gradient(Index begin, Index end, const T* params, Panels<const T> dout, Panels<T> scratch,
                            Panels<T> din) const {
  const Panels<const T> dy = is_last(0) ? dout : scratch.feature(adjoint_[0]);
  data_gradient<T>(masks_[0], params + weight_[0], dy, din, begin, end);
}

template <class T>
void Net<T>::weight_gradients(Panels<const T> in, Panels<const T> kept, Panels<const T> dout,
                              Panels<T> scratch, T* dparams) const {
  for (Index l = 0; l < depth(); ++l) {
    const Panels<const T> dy = is_last(l) ? dout : scratch.feature(adjoint_[l]);
    const Panels<const T> x = l == 0 ? in : kept.feature(value_[l - 1]);
    weight_gradient<T>(masks_[l], dy, x, scratch.feature(gradient_scratch_), dparams + weight_[l]);
    bias_gradient<T>(masks_[l].rows, dy, dparams + bias_[l]);
  }
}

template class Net<float>;
template class Net<double>;

}  // namespace nflows
