#include "flow/flow.h"

#include <algorithm>
#include <mutex>

#include "core/parallel.h"

namespace nflows {

int worthwhile_threads(int n_threads, Index n_rows, Index n_params) {
  constexpr Index kWorkPerThread = 1'000'000;  // multiply-adds
  return static_cast<int>(std::clamp<Index>(n_rows * n_params / kWorkPerThread, 1, n_threads));
}

Index count_params(const Spec& spec, Index n_features, Index most) {
  Index n = make_base<float>(spec.child("base"), n_features)->n_params();
  for (const Spec& bijection : spec.children("bijections")) {
    if (n > most) break;
    n += make_bijection<float>(bijection, n_features, 0)->n_params();
  }
  return n;
}

template <class T>
Flow<T>::Flow(const Spec& spec, Index n_features, Index n_context)
    : chain_(spec.children("bijections"), n_features, n_context),
      base_(make_base<T>(spec.child("base"), n_features)) {}

template <class T>
std::vector<Block> Flow<T>::blocks() const {
  std::vector<Block> all = chain_.blocks();
  for (Block block : base_->blocks()) {
    block.name = "base." + block.name;
    block.offset += chain_.n_params();
    all.push_back(std::move(block));
  }
  return all;
}

template <class T>
std::uint64_t Flow<T>::start(std::uint64_t seed, T* params) const {
  Rng rng(seed);
  chain_.start(params, rng);
  base_->start(base_params(params), rng);
  return rng.state();
}

template <class T>
void Flow<T>::start_from_data(std::uint64_t random, T* x, const T* context, const double* weights,
                              Index n_panels, T* params) const {
  Workspace<T> workspace(chain_.n_workspace(Keep::kNothing), 0, 0);
  const Panels<T> rows = dense_panels(x, chain_.n_features(), n_panels);
  chain_.start_from_data(rows, dense_panels(context, chain_.n_context(), n_panels), weights, params,
                         workspace.panels(1), base_->starts_from_data());
  Rng rng(random);
  base_->start_from_data(rows, weights, rng, base_params(params));
}

template <class T>
void Flow<T>::for_tiles(const Source<T>& x, const Source<T>& context, Index n_panels, int n_threads,
                        Keep keep, const std::function<void(const Tile&)>& job) const {
  const Index n_tiles = (n_panels + kTilePanels - 1) / kTilePanels;
  n_threads = static_cast<int>(
      std::clamp<Index>(n_tiles, 1, worthwhile_threads(n_threads, n_panels * kLanes, n_params())));
  auto& pool = keep == Keep::kForPull ? keeping_ : lean_;
  auto lent = pool.borrow(n_threads, n_workspace(keep), chain_.n_features(), chain_.n_context());
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
    job({first, count, data, context.read(first, count, workspace.context()), workspace});
  });
  pool.give_back(std::move(lent));
}

template <class T>
void Flow<T>::log_prob(const T* params, const Source<T>& x, const Source<T>& context, Index n_panels,
                       int n_threads, double* log_prob) const {
  constexpr Keep keep = Keep::kNothing;
  for_tiles(x, context, n_panels, n_threads, keep, [&](const Tile& tile) {
    const auto total = tile.workspace.totals(tile.count);
    const auto workspace = tile.workspace.panels(tile.count);
    const auto z = chain_.run(Direction::kForward, keep, params, tile.x, tile.context, total, workspace);
    base_->log_prob(base_params(params), z, total, base_scratch(keep, workspace));
    std::copy_n(total.data, tile.count * kLanes, log_prob + tile.first * kLanes);
  });
}

template <class T>
void Flow<T>::map(Direction direction, const T* params, const Source<T>& x, const Source<T>& context,
                  Index n_panels, int n_threads, const Sink<T>& out, double* log_det) const {
  for_tiles(x, context, n_panels, n_threads, Keep::kNothing, [&](const Tile& tile) {
    const auto total = tile.workspace.totals(tile.count);
    const auto mapped = chain_.run(direction, Keep::kNothing, params, tile.x, tile.context, total,
                                   tile.workspace.panels(tile.count));
    out.write(mapped, tile.first, tile.workspace.data());
    std::copy_n(total.data, tile.count * kLanes, log_det + tile.first * kLanes);
  });
}

template <class T>
void Flow<T>::map_backward(Direction direction, const T* params, const T* x, const T* context, Index n_panels,
                           const Adjoints<T>& adjoints) const {
  const Index n = chain_.n_features(), n_context = chain_.n_context();
  const auto above = dense_panels(adjoints.dout, n, n_panels);
  const auto weight = dense_panels(adjoints.dlog_det, 1, n_panels);
  const auto to = dense_panels(adjoints.din, n, n_panels);
  const auto to_context = dense_panels(adjoints.dcontext, n_context, n_panels);
  for_tiles({x, n, n_panels}, {context, n_context, n_panels}, n_panels, 1, Keep::kForPull,
            [&](const Tile& tile) {
              const auto workspace = tile.workspace.panels(tile.count);
              chain_.run(direction, Keep::kForPull, params, tile.x, tile.context,
                         tile.workspace.totals(tile.count), workspace);
              const Gradients<T> grads{weight.slice(tile.first, tile.count), adjoints.dparams,
                                       to_context.slice(tile.first, tile.count)};
              const auto pulled = chain_.pull(direction, params, tile.context,
                                              above.slice(tile.first, tile.count), grads, workspace);
              copy_features(pulled, to.slice(tile.first, tile.count), n);
            });
}

template <class T>
void Flow<T>::log_prob_backward(const T* params, const T* x, const T* context, Index n_panels,
                                const Adjoints<T>& adjoints) const {
  constexpr Keep keep = Keep::kForPull;
  const Index n = chain_.n_features(), n_context = chain_.n_context();
  const auto weight = dense_panels(adjoints.dlog_det, 1, n_panels);
  const auto to = dense_panels(adjoints.din, n, n_panels);
  const auto to_context = dense_panels(adjoints.dcontext, n_context, n_panels);
  for_tiles({x, n, n_panels}, {context, n_context, n_panels}, n_panels, 1, keep, [&](const Tile& tile) {
    const auto workspace = tile.workspace.panels(tile.count);
    const auto z = chain_.run(Direction::kForward, keep, params, tile.x, tile.context,
                              tile.workspace.totals(tile.count), workspace);
    const Gradients<T> grads{weight.slice(tile.first, tile.count), adjoints.dparams,
                             to_context.slice(tile.first, tile.count)};
    const auto dz = chain_.dout_buffer(workspace);
    base_->backward(base_params(params), z, grads.dlog_det, dz, base_params(adjoints.dparams),
                    base_scratch(keep, workspace));
    const auto pulled = chain_.pull(Direction::kForward, params, tile.context, dz, grads, workspace);
    copy_features(pulled, to.slice(tile.first, tile.count), n);
  });
}

template class Flow<float>;
template class Flow<double>;

}  // namespace nflows
