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
  for (Index l = 0; l < depth(); ++l) {
    weight_.emplace_back(params_, "weight" + std::to_string(l), masks_[l].size(), true);
    bias_.emplace_back(params_, "bias" + std::to_string(l), masks_[l].rows);
    if (is_last(l)) break;
    value_.emplace_back(kept_, masks_[l].rows);
    input_.push_back(keeps_input_ ? Slots(kept_, masks_[l].rows) : value_.back());
    adjoint_.emplace_back(scratch_, masks_[l].rows);
  }
}

template <class T>
void Net<T>::start(T* params, Rng& rng) const {
  std::fill_n(params, params_.size(), T(0));
  for (Index l = 0; l + 1 < depth(); ++l) {
    const double n = static_cast<double>(std::max<Index>(masks_[l].cols, 1));
    const double bound = start_gain(n_inputs()) / std::sqrt(n);
    for (Index r = 0; r < masks_[l].rows && !ends_block(l); ++r) {
      T* weight = weight_[l](params) + r * masks_[l].cols;
      for (Index c = 0; c < masks_[l].row_end[r]; ++c) weight[c] = static_cast<T>(bound * rng.symmetric());
      bias_[l](params)[r] = static_cast<T>(bound * rng.symmetric());
    }
  }
}

// ---- Forward

// Adds the pre-activations, or their adjoints, of a block's other end.
template <class T>
void add_skipped(Read<T> from, Panels<T> to, Index begin, Index end) {
  add_features(from.feature(begin), to.feature(begin), end - begin);
}

template <class T>
void Net<T>::forward_units(Index l, Index begin, Index end, const T* params, Panels<const T> in,
                           Panels<T> kept, Panels<T> out) const {
  if (begin == end) return;
  const Panels<const T> x = l == 0 ? in : value_[l - 1](kept);
  const T *weight = weight_[l](params), *bias = bias_[l](params);
  if (is_last(l)) return forward_product(masks_[l], weight, bias, x, out, begin, end);
  if (activation_ == Activation::kRelu && !residual_)
    return forward_product(masks_[l], weight, bias, x, value_[l](kept), begin, end, Into::kRectified);
  with_activation(activation_, [&](auto a) {
    using A = decltype(a);
    const Panels<T> value = value_[l](kept), z = input_[l](kept);
    forward_product(masks_[l], weight, bias, x, z, begin, end);
    if (ends_block(l)) add_skipped(input_[l - 2](kept), z, begin, end);
    each(end - begin, Activate<A>{}, In(z.feature(begin)), Out(value.feature(begin)));
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

// The adjoints of hidden layer l, rows [begin, end), from those of layer l + 1.
template <class T>
void Net<T>::backward_units(Index l, Index begin, Index end, const T* params, Panels<const T> kept,
                            Panels<const T> dout, Panels<T> scratch) const {
  if (begin == end) return;
  const Panels<const T> dy = is_last(l + 1) ? dout : adjoint_[l + 1](scratch);
  const Panels<T> dx = adjoint_[l](scratch);
  const T* weight = weight_[l + 1](params);
  if (activation_ == Activation::kRelu) {
    data_gradient(masks_[l + 1], weight, dy, dx, begin, end, Into::kGated, value_[l](kept));
  } else {
    data_gradient(masks_[l + 1], weight, dy, dx, begin, end);
    with_activation(activation_, [&](auto a) {
      using A = decltype(a);
      const Panels<const T> value = value_[l](kept), z = input_[l](kept);
      each(end - begin, ActivateBackward<A>{}, In(z.feature(begin)), In(value.feature(begin)),
           Out(dx.feature(begin)));
    });
  }
  if (ends_block(l + 2)) add_skipped(adjoint_[l + 2](scratch), dx, begin, end);
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
  const Panels<const T> dy = is_last(0) ? dout : adjoint_[0](scratch);
  data_gradient(masks_[0], weight_[0](params), dy, din, begin, end);
}

template <class T>
void Net<T>::weight_gradients(Panels<const T> in, Panels<const T> kept, Panels<const T> dout,
                              Panels<T> scratch, T* dparams) const {
  for (Index l = 0; l < depth(); ++l) {
    const Panels<const T> dy = is_last(l) ? dout : adjoint_[l](scratch);
    const Panels<const T> x = l == 0 ? in : value_[l - 1](kept);
    weight_gradient(masks_[l], dy, x, sums_(scratch), weight_[l](dparams));
    bias_gradient(masks_[l].rows, dy, bias_[l](dparams));
  }
}

template class Net<float>;
template class Net<double>;

}  // namespace nflows
