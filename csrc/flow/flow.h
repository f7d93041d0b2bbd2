// Flow: a sequence of bijections and a base; whole arrays of rows through them, on several threads.
//
// Functions of the parameters, one vector [bijections | base]: a flow owns none. What follows from the parameters alone is
// derived once per call. Arrays are dense panels, (n_panels, n_features, 16), or streams of them. Every row of a result
// depends on that row, the parameters and the order of its own arithmetic alone, never on the batch or on the threads.
#pragma once

#include <cstdint>
#include <functional>
#include <vector>

#include "bases/base.h"
#include "bijections/sequence.h"
#include "core/adjoints.h"
#include "core/source.h"
#include "flow/workspace.h"

namespace nflows {

template <class T>
class Flow : public Layer<T> {
 public:
  Flow(const Spec& spec, Index n_features, Index n_context);

  Index n_features() const { return n_features_; }
  Index n_context() const { return n_context_; }
  Index n_kept(Keep keep) const override {
    return this->kept_.size() + bijections_->n_kept(keep) + base_->n_kept(keep);
  }
  Index n_workspace(Keep keep) const { return n_kept(keep) + this->n_scratch(); }  // slots

  using Layer<T>::start;
  using Layer<T>::start_from_data;

  // The start for a seed; returns the random state that a start from data goes on with.
  std::uint64_t start(std::uint64_t seed, T* params) const;
  // x holds n_panels panels and is overwritten; `weights` one number per lane, zero beyond the data.
  void start_from_data(std::uint64_t random, T* x, const T* context, const double* weights, Index n_panels,
                       T* params) const;

  // log p of the latent plus log|det|, (n_panels * 16,).
  void log_prob(const T* params, const Source<T>& x, const Source<T>& context, Index n_panels, int n_threads,
                double* log_prob) const;

  // out = z and log|det dz/dx|, or for the inverse direction x and log|det dx/dz|.
  void map(Direction direction, const T* params, const Source<T>& x, const Source<T>& context, Index n_panels,
           int n_threads, const Sink<T>& out, double* log_det) const;

  // The vector-Jacobian products of `map` and of `log_prob`, whose adjoint is dlog_det.
  void map_backward(Direction direction, const T* params, const T* x, const T* context, Index n_panels,
                    const Adjoints<T>& adjoints) const;
  void log_prob_backward(const T* params, const T* x, const T* context, Index n_panels,
                         const Adjoints<T>& adjoints) const;

  // ---- One tile, as threads and losses have it

  Pass<T> pass(const T* params, const std::byte* derived, Panels<const T> context, Keep keep,
               Panels<T> workspace) const {
    return {params, derived, context, workspace, workspace.feature(n_kept(keep)), keep};
  }
  // The result lies in the pass's workspace; log_det and log_prob are added to.
  Panels<T> map(Direction direction, Panels<const T> x, Panels<double> log_det, const Pass<T>& pass) const;
  void log_prob(Panels<const T> x, Panels<double> log_prob, const Pass<T>& pass) const;
  // After the pass with Keep::kForBackward: the adjoint of its input.
  Panels<T> map_backward(Direction direction, Panels<const T> dout, const Pass<T>& pass,
                         const Gradients<T>& grads) const;
  Panels<T> log_prob_backward(const Pass<T>& pass, const Gradients<T>& grads) const;

 private:
  struct Tile {
    Index first, count;  // panels
    Panels<const T> x;
    Pass<T> pass;
    Workspace<T>& workspace;
  };
  // Cuts n_panels into tiles and runs `job` on each.
  void for_tiles(const T* params, const std::byte* derived, const Source<T>& x, const Source<T>& context,
                 Index n_panels, int n_threads, Keep keep, const std::function<void(const Tile&)>& job) const;
  // The same for a backward pass: job(tile, gradients) returns the adjoint of the tile's input.
  void for_tiles_backward(const T* params, const T* x, const T* context, Index n_panels,
                          const Adjoints<T>& adjoints,
                          const std::function<Panels<T>(const Tile&, const Gradients<T>&)>& job) const;

  Pass<T> bijections_pass(const Pass<T>& pass) const {
    return bijections_.pass(pass, pass.kept.feature(this->kept_.size()), inner_(pass.scratch));
  }
  Pass<T> base_pass(const Pass<T>& pass) const {
    const Index kept = this->kept_.size() + bijections_->n_kept(pass.keep);
    return base_.pass(pass, pass.kept.feature(kept), inner_(pass.scratch));
  }

  Index n_features_, n_context_;
  typename Layer<T>::template Part<Sequence<T>> bijections_;
  typename Layer<T>::template Part<Base<T>> base_;
  Slots in_{this->kept_, n_features_}, out_{this->kept_, n_features_};
  Slots dout_{this->scratch_, n_features_}, din_{this->scratch_, n_features_},
      inner_{this->scratch_, std::max(bijections_->n_scratch(), base_->n_scratch())};
  mutable WorkspacePool<T> lean_, keeping_;
};

// How many parameters a flow has; counted without making room for any, and no further than beyond `most`.
Index count_params(const Spec& spec, Index n_features, Index most);

// How many threads `n_rows` rows are worth: below some 20 microseconds of work each, waking one costs more
// than it does.
int worthwhile_threads(int n_threads, Index n_rows, Index n_params);

}  // namespace nflows
