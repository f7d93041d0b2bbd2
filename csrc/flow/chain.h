// Chain: bijections one after the other, over one tile of panels, in both directions.
//
// A tile goes through all layers while it sits in the cache. The chain plans, once, where in a tile's
// workspace every layer's value, kept rows and scratch lie; it owns no numbers. Running forward takes layers
// first to last, data to latent; running inverse takes them last to first. `pull` is the vector-Jacobian
// product of the run before it.
#pragma once

#include <memory>
#include <vector>

#include "bijections/bijection.h"
#include "core/direction.h"

namespace nflows {

// Whether a run leaves behind what `pull` needs, or reuses the space of each layer for the next.
enum class Keep { kNothing, kForPull };

// Whether the gradients of parameters that `pull` adds to are what they were, or zero. They are many: a layer's are
// set to zero just before the layer adds to them, while it is about to need them in the cache.
enum class Accumulate { kOnTop, kAfresh };

template <class T>
class Chain {
 public:
  Chain(const std::vector<Spec>& bijections, Index n_features, Index n_context);

  Index n_features() const { return n_features_; }
  Index n_context() const { return n_context_; }
  Index n_layers() const { return static_cast<Index>(layers_.size()); }
  Index n_params() const { return n_params_; }
  std::vector<Block> blocks() const;
  Index n_workspace(Keep keep) const { return plan(keep).rows; }  // panel rows

  void start(T* params, Rng& rng) const;

  // Layers [0, ...) with a start from data take theirs, each from what the layers before it make of x,
  // n_features rows of dense panels that are overwritten; `weights` has one number per lane. With `to_the_end` x
  // becomes what all layers make of it.
  void start_from_data(Panels<T> x, Panels<const T> context, const double* weights, T* params,
                       Panels<T> workspace, bool to_the_end) const;

  // Returns where in the workspace the result lies. log_det is added to.
  Panels<const T> run(Direction direction, Keep keep, const T* params, Panels<const T> x,
                      Panels<const T> context, Panels<double> log_det, Panels<T> workspace) const;

  // After run(direction, kForPull, ...): the adjoint of its input from that of its result. dout may be
  // dout_buffer().
  Panels<const T> pull(Direction direction, const T* params, Panels<const T> context, Panels<const T> dout,
                       const Gradients<T>& grads, Panels<T> workspace,
                       Accumulate accumulate = Accumulate::kOnTop) const;
  Panels<T> dout_buffer(Panels<T> workspace) const { return workspace.feature(kept_plan_.adjoint[0]); }

 private:
  struct Layer {
    std::unique_ptr<Bijection<T>> bijection;
    Index params;
  };
  struct Plan {
    std::vector<Index> value, kept;  // row of value s (0 .. n_layers) and of what layer l keeps
    Index adjoint[2], scratch, rows;
  };

  const Plan& plan(Keep keep) const { return keep == Keep::kForPull ? kept_plan_ : lean_plan_; }
  Index layer_at(Direction direction, Index step) const {
    return direction == Direction::kForward ? step : n_layers() - 1 - step;
  }
  void apply(const Layer& layer, Direction direction, Panels<const T> from, Panels<T> to,
             Panels<double> log_det, const Pass<T>& pass) const;

  Index n_features_, n_context_, n_params_ = 0;
  std::vector<Layer> layers_;
  Plan kept_plan_, lean_plan_;
};

}  // namespace nflows
