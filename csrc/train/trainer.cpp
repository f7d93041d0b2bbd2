#include "train/trainer.h"

#include <algorithm>
#include <cmath>
#include <numeric>

#include "core/parallel.h"
#include "train/clipping.h"
#include "train/forward_kl.h"

namespace nflows {
namespace {

// A part has at least so many rows; with fewer, adding up the gradients of the parts would take a large share of the
// step. Each part holds a gradient vector, so their number is limited, and for large nets the sum of their sizes.
inline constexpr Index kRowsPerPart = 128;
inline constexpr Index kMaxParts = 16;
inline constexpr Index kMaxGradients = 1 << 23;  // numbers, in more than four parts

// Parameters that one thread reduces and updates at a time, and those that are worth a thread.
inline constexpr Index kSlice = 4096;
inline constexpr Index kSlicesPerThread = 3;

// The sum of term(i) over [begin, end), in as many chains as a register has lanes.
template <class Term>
double sum(Index begin, Index end, const Term& term) {
  double chains[kLanes] = {};
  Index i = begin;
  for (; i + kLanes <= end; i += kLanes)
    for (int l = 0; l < kLanes; ++l) chains[l] += term(i + l);
  for (; i < end; ++i) chains[0] += term(i);
  return std::accumulate(chains, chains + kLanes, 0.0);
}

}  // namespace

template <class T>
Trainer<T>::Trainer(const Flow<T>& flow, const TrainerOptions& options, const TrainedArrays<T>& arrays)
    : flow_(flow),
      options_(options),
      at_(arrays),
      schedule_(options.schedule, options.total_steps, options.warm_up_steps),
      derived_(flow),
      sums_((flow.n_params() + kSlice - 1) / kSlice) {
  check_options(options);
}

template <class T>
void Trainer<T>::set_learning_rate(double rate) {
  check_positive(rate, "learning_rate");
  options_.learning_rate = rate;
}

template <class T>
Index Trainer<T>::n_parts(Index n_panels) const {
  Index most = kMaxParts;
  while (most > 4 && most * flow_.n_params() > kMaxGradients) most /= 2;
  return std::clamp<Index>(n_panels * kLanes / kRowsPerPart, 1, most);
}

template <class T>
void Trainer<T>::train(const TrainingRows<T>& rows, Index batch_size, int n_threads, double* losses,
                       bool* applied) {
  std::vector<double> weights(panels_for(std::min(batch_size, rows.n)) * kLanes);
  for (Index first = 0; first < rows.n; first += batch_size) {
    const Index n = std::min(batch_size, rows.n - first);
    std::fill(weights.begin(), weights.end(), 0.0);
    for (Index i = 0; i < n; ++i) {
      const Index row = rows.order == nullptr ? first + i : rows.order[first + i];
      weights[i] = (rows.weights == nullptr ? 1.0 : rows.weights[row]) / static_cast<double>(n);
    }
    const StepResult result = step({rows, first, n, weights.data()}, n_threads);
    *losses++ = result.loss;
    *applied++ = result.applied;
  }
}

template <class T>
StepResult Trainer<T>::step(const Batch& batch, int n_threads) {
  const Index n_panels = panels_for(batch.n_rows), n = n_parts(n_panels);
  n_threads = static_cast<int>(
      std::min<Index>(worthwhile_threads(n_threads, n_panels * kLanes, 3 * flow_.n_params()), n));
  while (static_cast<Index>(parts_.size()) < n)
    parts_.push_back({Arena<T>(flow_.n_params() + flow_.n_dderived()), 0.0});
  while (static_cast<int>(workers_.size()) < n_threads)
    workers_.push_back({std::make_unique<Workspace<T>>(flow_.n_workspace(Keep::kForBackward),
                                                       flow_.n_features(), flow_.n_context()),
                        Arena<T>(kLanes * kTilePanels), Arena<T>(kLanes * kTilePanels * flow_.n_context())});
  derived_.derive(at_.params);
  parallel_for(n, n_threads, [&](Index i, int worker) {
    run_part(parts_[i], workers_[worker], batch, i * n_panels / n, (i + 1) * n_panels / n);
  });

  double loss = 0.0;
  for (Index i = 0; i < n; ++i) loss += parts_[i].loss;
  return {loss, std::isfinite(loss) && reduce_and_update(n, n_threads)};
}

// The loss and gradient of panels [begin, end) of a batch, tile by tile.
template <class T>
void Trainer<T>::run_part(Part& part, Worker& worker, const Batch& batch, Index begin, Index end) {
  const auto& [rows, context, unused_weights, order, n, unused_table] = batch.from;
  part.loss = 0.0;
  for (Index at = begin; at < end; at += kTilePanels) {
    const Index count = std::min(kTilePanels, end - at);
    const double* w = batch.weights + at * kLanes;
    std::transform(w, w + count * kLanes, worker.minus_weights.data(),
                   [](double v) { return static_cast<T>(-v); });
    const auto take = [&](const Source<T>& source, T* room) {
      return source.take(order, batch.first + at * kLanes,
                         std::min(count * kLanes, batch.n_rows - at * kLanes), room);
    };
    Workspace<T>& workspace = *worker.workspace;
    const Pass<T> pass = flow_.pass(at_.params, derived_.data(), take(context, workspace.context()),
                                    Keep::kForBackward, workspace.panels(count));
    T* gradient = part.gradient.data();
    const Gradients<T> grads{dense_panels<const T>(worker.minus_weights.data(), 1, count), gradient,
                             gradient + flow_.n_params(),
                             dense_panels(worker.dcontext.data(), flow_.n_context(), count), at == begin};
    part.loss += forward_kl<T>(flow_, take(rows, workspace.data()), dense_panels(w, 1, count),
                               workspace.totals(count), pass, grads);
  }
}

// Adds numbers [begin, end) of the first n parts pairwise into those of the first.
template <class T>
void Trainer<T>::reduce(Index n, Index begin, Index end) {
  for (Index gap = 1; gap < n; gap *= 2)
    for (Index i = 0; i + gap < n; i += 2 * gap) {
      T* into = parts_[i].gradient.data();
      const T* from = parts_[i + gap].gradient.data();
      for (Index j = begin; j < end; ++j) into[j] += from[j];
    }
}

// Adds up the parts, gives the adjoints of derived values to the parameters, clips the sum and takes Adam's step.
template <class T>
bool Trainer<T>::reduce_and_update(Index n, int n_threads) {
  const Index n_params = flow_.n_params(), n_slices = static_cast<Index>(sums_.size());
  T* gradient = parts_[0].gradient.data();
  reduce(n, n_params, n_params + flow_.n_dderived());
  flow_.derive_backward(at_.params, derived_.data(), gradient + n_params, gradient);
  n_threads = static_cast<int>(std::clamp<Index>(n_slices / kSlicesPerThread, 1, n_threads));
  parallel_for(n_slices, n_threads, [&](Index slice, int) {
    const Index begin = slice * kSlice, end = std::min(begin + kSlice, n_params);
    reduce(n, begin, end);
    sums_[slice].squares =
        sum(begin, end, [&](Index j) { return static_cast<double>(gradient[j]) * gradient[j]; });
    sums_[slice].moments =
        sum(begin, end, [&](Index j) { return static_cast<double>(at_.second_moment[j]); });
  });

  Sums total{0.0, 0.0, true};
  for (const Sums& of : sums_) total.squares += of.squares, total.moments += of.moments;
  const Clipping<T> clipping(options_, steps);
  if (!clipping.finite(total.squares)) return false;
  if (clipping.rounding(total.squares)) return true;

  const T scale = clipping.scale(total.squares, total.moments);
  const AdamStep<T> step(options_, options_.learning_rate * schedule_.factor(steps), steps + 1);
  ++steps;
  parallel_for(n_slices, n_threads, [&](Index slice, int) {
    const Index begin = slice * kSlice, end = std::min(begin + kSlice, n_params);
    bool& within = sums_[slice].within = true;
    for (const Block& block : flow_.blocks().all())
      within &=
          step.update(std::max(begin, block.offset), std::min(end, block.offset + block.size), gradient,
                      scale, block.decays, at_.params, at_.average, at_.first_moment, at_.second_moment);
  });
  return std::all_of(sums_.begin(), sums_.end(), [](const Sums& of) { return of.within; });
}

template class Trainer<float>;
template class Trainer<double>;

}  // namespace nflows
