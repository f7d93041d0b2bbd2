#include "flow/chain.h"

#include <algorithm>

#include "simd/rows.h"

namespace nflows {
namespace {

// Values between layers stop at this magnitude. A finite row, however far out, then stays finite through any
// number of layers (a net and a scale gain some six decades per layer, float32 has thirty-eight), and its
// log-density is a finite, hopeless number instead of NaN. Data live within a few units of zero and never
// meet it.
template <class T>
inline constexpr T kFarAway = kSingle<T> ? T(1e15) : T(1e100);

template <class T>
void saturate(Panels<const T> from, Panels<T> to, Index n) {
  using R = Rows<T>;
  for (Index p = 0; p < from.count; ++p)
    for (Index j = 0; j < n; ++j)
      max(R(-kFarAway<T>), min(R(kFarAway<T>), R::load(from.lanes(p, j)))).store(to.lanes(p, j));
}

}  // namespace

template <class T>
Chain<T>::Chain(const std::vector<Spec>& bijections, Index n_features, Index n_context)
    : n_features_(n_features), n_context_(n_context) {
  check(n_features >= 1, "flow: n_features must be at least 1, got ", n_features);
  check(n_context >= 0, "flow: n_context must not be negative, got ", n_context);
  Index most_kept = 0, all_kept = 0, scratch = 0;
  for (const Spec& spec : bijections) {
    layers_.push_back({make_bijection<T>(spec, n_features, n_context), n_params_});
    const Bijection<T>& layer = *layers_.back().bijection;
    n_params_ += layer.n_params();
    kept_plan_.kept.push_back(all_kept);
    lean_plan_.kept.push_back(0);
    all_kept += layer.n_kept();
    most_kept = std::max(most_kept, layer.n_kept());
    scratch = std::max(scratch, layer.n_scratch());
  }
  // Workspace: [kept | scratch | values | adjoints]; without keeping, values take turns in two places.
  const auto lay_out = [&](Plan& plan, Index kept, bool keeps) {
    plan.scratch = kept;
    const Index values = kept + scratch;
    for (Index s = 0; s <= n_layers(); ++s) plan.value.push_back(values + (keeps ? s : s % 2) * n_features);
    plan.rows = values + (keeps ? n_layers() + 1 : 2) * n_features;
    if (!keeps) return;
    for (Index& adjoint : plan.adjoint) {
      adjoint = plan.rows;
      plan.rows += n_features;
    }
  };
  lay_out(kept_plan_, all_kept, true);
  lay_out(lean_plan_, most_kept, false);
}

template <class T>
std::vector<Block> Chain<T>::blocks() const {
  std::vector<Block> all;
  for (Index l = 0; l < n_layers(); ++l)
    for (Block block : layers_[l].bijection->blocks()) {
      block.name = std::to_string(l) + "." + block.name;
      block.offset += layers_[l].params;
      all.push_back(std::move(block));
    }
  return all;
}

template <class T>
void Chain<T>::start(T* params, Rng& rng) const {
  for (const Layer& layer : layers_) layer.bijection->start(params + layer.params, rng);
}

template <class T>
void Chain<T>::apply(const Layer& layer, Direction direction, Panels<const T> from, Panels<T> to,
                     Panels<double> log_det, const Pass<T>& pass) const {
  if (direction == Direction::kForward)
    layer.bijection->forward(from, to, log_det, pass);
  else
    layer.bijection->inverse(from, to, log_det, pass);
  saturate<T>(to, to, n_features_);
}

template <class T>
Panels<const T> Chain<T>::run(Direction direction, Keep keep, const T* params, Panels<const T> x,
                              Panels<const T> context, Panels<double> log_det, Panels<T> workspace) const {
  const Plan& at = plan(keep);
  saturate(x, workspace.feature(at.value[0]), n_features_);
  for (Index s = 0; s < n_layers(); ++s) {
    const Index l = layer_at(direction, s);
    const Pass<T> pass{params + layers_[l].params, context, workspace.feature(at.kept[l]),
                       workspace.feature(at.scratch)};
    apply(layers_[l], direction, workspace.feature(at.value[s]), workspace.feature(at.value[s + 1]), log_det, pass);
  }
  return workspace.feature(at.value[n_layers()]);
}

template <class T>
Panels<const T> Chain<T>::pull(Direction direction, const T* params, Panels<const T> context,
                               Panels<const T> dout, const Gradients<T>& grads, Panels<T> workspace,
                               Accumulate accumulate) const {
  const Plan& at = kept_plan_;
  Panels<const T> adjoint = dout;
  for (Index s = n_layers() - 1, turn = 1; s >= 0; --s, turn = 1 - turn) {
    const Index l = layer_at(direction, s);
    const Pass<T> pass{params + layers_[l].params, context, workspace.feature(at.kept[l]),
                       workspace.feature(at.scratch)};
    const Gradients<T> own{grads.dlog_det, grads.dparams + layers_[l].params, grads.dcontext};
    if (accumulate == Accumulate::kAfresh) std::fill_n(own.dparams, layers_[l].bijection->n_params(), T(0));
    const Panels<const T> in = workspace.feature(at.value[s]), out = workspace.feature(at.value[s + 1]);
    const Panels<T> next = workspace.feature(at.adjoint[turn]);
    if (direction == Direction::kForward)
      layers_[l].bijection->backward(in, out, adjoint, next, pass, own);
    else
      layers_[l].bijection->inverse_backward(in, out, adjoint, next, pass, own);
    adjoint = next;
  }
  return adjoint;
}

template <class T>
void Chain<T>::start_from_data(Panels<T> x, Panels<const T> context, const double* weights, T* params,
                               Panels<T> workspace, bool to_the_end) const {
  Index last = to_the_end ? n_layers() : -1;
  for (Index l = 0; l < n_layers() && !to_the_end; ++l)
    if (layers_[l].bijection->starts_from_data()) last = l;
  double unused[kLanes] = {};
  for (Index l = 0; l <= last && l < n_layers(); ++l) {
    const Layer& layer = layers_[l];
    layer.bijection->start_from_data(x, weights, params + layer.params);
    for (Index p = 0; p < x.count && l < last; ++p) {
      const Panels<T> one = x.slice(p, 1), out = workspace.feature(lean_plan_.value[0]);
      const Pass<T> pass{params + layer.params, context.slice(p, 1), workspace.feature(0),
                         workspace.feature(lean_plan_.scratch)};
      apply(layer, Direction::kForward, one, out, dense_panels(unused, 1, 1), pass);
      std::copy_n(out.lanes(0, 0), n_features_ * kLanes, one.lanes(0, 0));
    }
  }
}

template class Chain<float>;
template class Chain<double>;

}  // namespace nflows
