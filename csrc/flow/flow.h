// Flow: a chain and a base; whole arrays of rows through them, on several threads.
//
// Functions of the parameters, one vector [chain | base]: a flow owns none. Arrays are dense panels, (n_panels,
// n_features, 16), or streams of them. Every row of a result depends on that row, the parameters and the order of its own
// arithmetic alone, never on the batch or on the threads.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <vector>

#include "bases/base.h"
#include "core/adjoints.h"
#include "core/stream.h"
#include "flow/chain.h"
#include "flow/workspace.h"

namespace nflows {

template <class T>
class Flow {
 public:
  Flow(const Spec& spec, Index n_features, Index n_context);

  const Chain<T>& chain() const { return chain_; }
  const Base<T>& base() const { return *base_; }
  template <class P>
  P* base_params(P* params) const {
    return params + chain_.n_params();
  }
  Index n_params() const { return chain_.n_params() + base_->n_params(); }
  std::vector<Block> blocks() const;  // the chain's, and the base's under "base."

  // Panel rows of a tile's workspace: the chain's, then what the base overwrites.
  Index n_workspace(Keep keep) const { return chain_.n_workspace(keep) + base_->n_scratch(); }
  Panels<T> base_scratch(Keep keep, Panels<T> workspace) const {
    return workspace.feature(chain_.n_workspace(keep));
  }

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

 private:
  struct Tile {
    Index first, count;  // panels
    Panels<const T> x, context;
    Workspace<T>& workspace;
  };
  // Cuts n_panels into tiles and runs `job` on each.
  void for_tiles(const Source<T>& x, const Source<T>& context, Index n_panels, int n_threads, Keep keep,
                 const std::function<void(const Tile&)>& job) const;

  Chain<T> chain_;
  std::unique_ptr<Base<T>> base_;
  mutable WorkspacePool<T> lean_, keeping_;
};

// How many parameters a flow has; counted without making room for any, and no further than beyond `most`.
Index count_params(const Spec& spec, Index n_features, Index most);

// How many threads `n_rows` rows are worth: below some 20 microseconds of work each, waking one costs more
// than it does.
int worthwhile_threads(int n_threads, Index n_rows, Index n_params);

}  // namespace nflows
