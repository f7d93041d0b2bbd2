// Layer: what bijections and bases have in common. A layer owns no numbers: parameters, derived values, gradients and
// workspace belong to the call, and the layer's layout (core/layout.h) says which stretch of them is whose.
//
// * Derived values follow from the parameters alone. `derive` makes them, once per call or training step; backward passes
//   may add to their adjoints, and `derive_backward` turns those into gradients of the parameters, once for all tiles.
// * A pass leaves what its backward needs in `kept`; `scratch` may be overwritten by every call.
// * The context, n_context features that flows condition on, may be used or ignored by every layer, starts included.
// * A layer may have parts, which are layers; start, derive and derive_backward go to them by themselves.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "core/layout.h"
#include "core/panel.h"
#include "core/rng.h"

namespace nflows {

// Whether a pass leaves behind what its backward needs, or each part reuses the room of the one before it.
enum class Keep { kNothing, kForBackward };

template <class T>
struct Pass {
  const T* params;
  const std::byte* derived;
  Panels<const T> context;
  Panels<T> kept, scratch;
  Keep keep;
};

// What a backward pass is given and adds to. With `afresh` the gradients of parameters and derived values are not set
// yet: a layer with parts sets each part's to zero just before the part adds to them, while they enter the cache.
template <class T>
struct Gradients {
  Panels<const T> dlog_det;  // or of the log-density; one slot
  T *dparams, *dderived;
  Panels<T> dcontext;
  bool afresh = false;
};

// The rows that a start may look at, in panels; `weights` has one number per lane, zero beyond the data.
template <class T>
struct Sample {
  Panels<const T> rows, context;
  const double* weights;
};

template <class T>
class Layer {
 public:
  virtual ~Layer() = default;

  Index n_params() const { return params_.size(); }
  Index n_derived() const { return derived_.size(); }  // bytes
  Index n_dderived() const { return dderived_.size(); }
  Index n_scratch() const { return scratch_.size(); }  // slots
  virtual Index n_kept(Keep) const { return kept_.size(); }
  const Blocks& blocks() const { return params_; }

  // The start: random where it must be; for a bijection the identity as a map, unless the map is fixed.
  virtual void start(T* params, Rng& rng) const;

  // A start that fits the layer's own input. Layers that have one say so.
  virtual bool starts_from_data() const { return false; }
  virtual void start_from_data(const Sample<T>& /*sample*/, Rng& /*rng*/, T* /*params*/) const {}

  virtual void derive(const T* params, std::byte* derived) const;
  virtual void derive_backward(const T* params, const std::byte* derived, T* dderived, T* dparams) const;

 protected:
  // A layer within this one, and where its numbers begin among this one's.
  struct Nested {
    const Layer* layer;
    Index params, derived, dderived;

    Pass<T> pass(const Pass<T>& outer, Panels<T> kept, Panels<T> scratch) const {
      return {outer.params + params, outer.derived + derived, outer.context, kept, scratch, outer.keep};
    }
    // The part's own, set to zero where they are not set yet.
    Gradients<T> gradients(const Gradients<T>& outer) const;
  };
  template <class L>
  struct Part : Nested {
    std::unique_ptr<L> own;
    const L* operator->() const { return own.get(); }
  };

  template <class L>
  Part<L> part(std::unique_ptr<L> layer, const std::string& prefix = "") {
    return {nest(*layer, prefix), std::move(layer)};
  }

  Blocks params_;
  Room derived_, dderived_, kept_, scratch_;

 private:
  Nested nest(const Layer& layer, const std::string& prefix);

  std::vector<Nested> parts_;
};

// The derived values of a layer at some parameters, as a call holds them.
template <class T>
class DerivedValues {
 public:
  explicit DerivedValues(const Layer<T>& layer) : layer_(layer), values_(layer.n_derived()) {}
  DerivedValues(const Layer<T>& layer, const T* params) : DerivedValues(layer) { derive(params); }

  void derive(const T* params) { layer_.derive(params, values_.data()); }
  const std::byte* data() const { return values_.data(); }

 private:
  const Layer<T>& layer_;
  Arena<std::byte> values_;
};

}  // namespace nflows
