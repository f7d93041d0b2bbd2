#include "flow/flow.h"

#include <algorithm>
#include <mutex>

#include "core/parallel.h"

namespace nflows {
namespace {

Index checked_features(Index n_features, Index n_context) {
  check(n_features >= 1, "flow: n_features must be at least 1, got ", n_features);
  check(n_context >= 0, "flow: n_context must not be negative, got ", n_context);
  return n_features;
}

// Of one bijection. Compositions are opened: none of their parts is made once there are more than `most`.
Index count_params_of(const Spec& spec, Index n_features, Index most) {
  if (spec.name == "inverse") return count_params_of(spec.child("bijection"), n_features, most);
  if (spec.name == "on")
    return count_params_of(spec.child("bijection"), std::ssize(spec.integers("columns")), most);
  if (spec.name != "sequence") return make_bijection<float>(spec, n_features, 0)->n_params();
  Index n = 0;
  for (const Spec& part : spec.children("bijections"))
    if (n <= most) n += count_params_of(part, n_features, most - n);
  return n;
}

}  // namespace

int worthwhile_threads(int n_threads, Index n_rows, Index n_params) {
  constexpr Index kWorkPerThread = 1'000'000;  // multiply-adds
  return static_cast<int>(std::clamp<Index>(n_rows * n_params / kWorkPerThread, 1, n_threads));
}

Index count_params(const Spec& spec, Index n_features, Index most) {
  const Index n = make_base<float>(spec.child("base"), n_features, 0)->n_params();
  return n +
         count_params_of({"sequence", {{"bijections", spec.children("bijections")}}}, n_features, most - n);
}

template <class T>
Flow<T>::Flow(const Spec& spec, Index n_features, Index n_context)
    : n_features_(checked_features(n_features, n_context)),
      n_context_(n_context),
      bijections_(this->part(std::make_unique<Sequence<T>>(spec, n_features, n_context))),
      base_(this->part(make_base<T>(spec.child("base"), n_features, n_context), "base.")) {}

template <class T>
std::uint64_t Flow<T>::start(std::uint64_t seed, T* params) const {
  Rng rng(seed);
  start(params, rng);
  return rng.state();
}

template <class T>
void Flow<T>::start_from_data(std::uint64_t random, T* x, const T* context, const double* weights,
                              Index n_panels, T* params) const {
  Rng rng(random);
  const Panels<T> rows = dense_panels(x, n_features_, n_panels);
  const Sample<T> sample{rows, dense_panels(context, n_context_, n_panels), weights};
  bijections_->start_from_data(rows, sample, rng, params + bijections_.params, base_->starts_from_data());
  base_->start_from_data(sample, rng, params + base_.params);
}

// ---- One tile

template <class T>
Panels<T> Flow<T>::map(Direction direction, Panels<const T> x, Panels<double> log_det,
                       const Pass<T>& pass) const {
  const Panels<T> in = in_(pass.kept), out = out_(pass.kept);
  saturate(x, in, n_features_);
  if (direction == Direction::kForward)
    bijections_->forward(in, out, log_det, bijections_pass(pass));
  else
    bijections_->inverse(in, out, log_det, bijections_pass(pass));
  return out;
}

template <class T>
Panels<T> Flow<T>::map_backward(Direction direction, Panels<const T> dout, const Pass<T>& pass,
                                const Gradients<T>& grads) const {
  const Panels<T> in = in_(pass.kept), out = out_(pass.kept), din = din_(pass.scratch);
  if (direction == Direction::kForward)
    bijections_->backward(in, out, dout, din, bijections_pass(pass), grads);
  else
    bijections_->inverse_backward(in, out, dout, din, bijections_pass(pass), grads);
  return din;
}

template <class T>
void Flow<T>::log_prob(Panels<const T> x, Panels<double> log_prob, const Pass<T>& pass) const {
  const Panels<T> z = map(Direction::kForward, x, log_prob, pass);
  base_->log_prob(z, log_prob, base_pass(pass));
}

template <class T>
Panels<T> Flow<T>::log_prob_backward(const Pass<T>& pass, const Gradients<T>& grads) const {
  const Panels<T> dz = dout_(pass.scratch);
  base_->backward(out_(pass.kept), dz, base_pass(pass), base_.gradients(grads));
  return map_backward(Direction::kForward, dz, pass, grads);
}

// ---- Whole arrays

template <class T>
void Flow<T>::for_tiles(const T* params, const std::byte* derived, const Source<T>& x,
                        const Source<T>& context, Index n_panels, int n_threads, Keep keep,
                        const std::function<void(const Tile&)>& job) const {
  const Index n_tiles = (n_panels + kTilePanels - 1) / kTilePanels;
  n_threads = static_cast<int>(
      std::clamp<Index>(n_tiles, 1, worthwhile_threads(n_threads, n_panels * kLanes, this->n_params())));
  auto& pool = keep == Keep::kForBackward ? keeping_ : lean_;
  auto lent = pool.borrow(n_threads, n_workspace(keep), n_features_, n_context_);
  std::mutex reading;
  Index next = 0;  // tile of a source that has to be read in order, by one thread while the others work
  parallel_for(n_tiles, n_threads, [&](Index tile, int worker) {
    Workspace<T>& workspace = *lent[worker];
    std::unique_lock<std::mutex> turn(reading, std::defer_lock);
    if (x.in_order()) {
      turn.lock();
      tile = next++;
    }
    const Index first = tile * kTilePanels, count = std::min(kTilePanels, n_panels - first);
    const auto data = x.read(first, count, workspace.data());
    if (x.in_order()) turn.unlock();
    const auto given = context.read(first, count, workspace.context());
    job({first, count, data, pass(params, derived, given, keep, workspace.panels(count)), workspace});
  });
  pool.give_back(std::move(lent));
}

template <class T>
void Flow<T>::log_prob(const T* params, const Source<T>& x, const Source<T>& context, Index n_panels,
                       int n_threads, double* to) const {
  const DerivedValues<T> derived(*this, params);
  for_tiles(params, derived.data(), x, context, n_panels, n_threads, Keep::kNothing, [&](const Tile& tile) {
    const auto total = tile.workspace.totals(tile.count);
    log_prob(tile.x, total, tile.pass);
    std::copy_n(total.data, tile.count * kLanes, to + tile.first * kLanes);
  });
}

template <class T>
void Flow<T>::map(Direction direction, const T* params, const Source<T>& x, const Source<T>& context,
                  Index n_panels, int n_threads, const Sink<T>& out, double* log_det) const {
  const DerivedValues<T> derived(*this, params);
  for_tiles(params, derived.data(), x, context, n_panels, n_threads, Keep::kNothing, [&](const Tile& tile) {
    const auto total = tile.workspace.totals(tile.count);
    out.write(map(direction, tile.x, total, tile.pass), tile.first, tile.workspace.data());
    std::copy_n(total.data, tile.count * kLanes, log_det + tile.first * kLanes);
  });
}

template <class T>
void Flow<T>::for_tiles_backward(
    const T* params, const T* x, const T* context, Index n_panels, const Adjoints<T>& adjoints,
    const std::function<Panels<T>(const Tile&, const Gradients<T>&)>& job) const {
  const DerivedValues<T> derived(*this, params);
  Arena<T> dderived(this->n_dderived());
  const auto dlog_det = dense_panels(adjoints.dlog_det, 1, n_panels);
  const auto din = dense_panels(adjoints.din, n_features_, n_panels);
  const auto dcontext = dense_panels(adjoints.dcontext, n_context_, n_panels);
  for_tiles(params, derived.data(), {x, n_features_, n_panels}, {context, n_context_, n_panels}, n_panels, 1,
            Keep::kForBackward, [&](const Tile& tile) {
              const Gradients<T> grads{dlog_det.slice(tile.first, tile.count), adjoints.dparams,
                                       dderived.data(), dcontext.slice(tile.first, tile.count)};
              copy_features(job(tile, grads), din.slice(tile.first, tile.count), n_features_);
            });
  this->derive_backward(params, derived.data(), dderived.data(), adjoints.dparams);
}

template <class T>
void Flow<T>::map_backward(Direction direction, const T* params, const T* x, const T* context, Index n_panels,
                           const Adjoints<T>& adjoints) const {
  const auto dout = dense_panels(adjoints.dout, n_features_, n_panels);
  for_tiles_backward(params, x, context, n_panels, adjoints,
                     [&](const Tile& tile, const Gradients<T>& grads) {
                       map(direction, tile.x, tile.workspace.totals(tile.count), tile.pass);
                       return map_backward(direction, dout.slice(tile.first, tile.count), tile.pass, grads);
                     });
}

template <class T>
void Flow<T>::log_prob_backward(const T* params, const T* x, const T* context, Index n_panels,
                                const Adjoints<T>& adjoints) const {
  for_tiles_backward(params, x, context, n_panels, adjoints,
                     [&](const Tile& tile, const Gradients<T>& grads) {
                       log_prob(tile.x, tile.workspace.totals(tile.count), tile.pass);
                       return log_prob_backward(tile.pass, grads);
                     });
}

template class Flow<float>;
template class Flow<double>;

}  // namespace nflows
