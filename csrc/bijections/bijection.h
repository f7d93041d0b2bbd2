// The contract of a bijection: data x -> latent z, and back.
//
// Every call works on one tile of panels. `forward` maps x to z and adds log|det dz/dx| of each row to
// log_det; `inverse` maps z to x and adds log|det dx/dz|. Each has a backward pass beside it: the
// vector-Jacobian product at the point that the pass just computed.
//
// * Adjoints: dx means dL/dx, dlog_det is dL/d(log_det), one number per row. The adjoint that a backward pass returns
//   is overwritten; gradients of parameters and of the context accumulate.
// * A pass leaves what its backward needs in `kept`; `scratch` may be overwritten by every call. Both are slices of
//   one workspace, sized by n_kept and n_scratch in panel rows. A bijection owns no numbers: parameters, gradients and
//   workspace belong to the flow.
// * Input and output never overlap.
// * The context, n_context rows that flows condition on, may be used or ignored; its rows come first in conditioners.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "core/layout.h"
#include "core/panel.h"
#include "core/registry.h"
#include "core/rng.h"
#include "core/spec.h"

namespace nflows {

template <class T>
struct Pass {
  const T* params;
  Panels<const T> context;
  Panels<T> kept, scratch;
};

template <class T>
struct Gradients {
  Panels<const T> dlog_det;  // one row per panel
  T* dparams;
  Panels<T> dcontext;
};

template <class T>
class Bijection {
 public:
  virtual ~Bijection() = default;

  virtual Index n_params() const = 0;
  virtual Index n_kept() const { return 0; }
  virtual Index n_scratch() const { return 0; }
  virtual std::vector<Block> blocks() const = 0;

  // The start: random where it must be, and the identity as a map, unless the map is fixed.
  virtual void start(T* params, Rng& rng) const = 0;

  // A start that fits this layer's own input: x is all rows the start may look at, `weights` one number per
  // lane. Layers that have one say so.
  virtual bool starts_from_data() const { return false; }
  virtual void start_from_data(Panels<const T> /*x*/, const double* /*weights*/, T* /*params*/) const {}

  virtual void forward(Panels<const T> x, Panels<T> z, Panels<double> log_det, const Pass<T>& pass) const = 0;
  virtual void backward(Panels<const T> x, Panels<const T> z, Panels<const T> dz, Panels<T> dx,
                        const Pass<T>& pass, const Gradients<T>& grads) const = 0;

  virtual void inverse(Panels<const T> z, Panels<T> x, Panels<double> log_det, const Pass<T>& pass) const = 0;
  virtual void inverse_backward(Panels<const T> z, Panels<const T> x, Panels<const T> dx, Panels<T> dz,
                                const Pass<T>& pass, const Gradients<T>& grads) const = 0;
};

template <class T>
using BijectionFactory = std::unique_ptr<Bijection<T>> (*)(const Spec& spec, Index n_features,
                                                           Index n_context);

template <class T>
std::unique_ptr<Bijection<T>> make_bijection(const Spec& spec, Index n_features, Index n_context) {
  return Registry<BijectionFactory<T>>::global().find(spec.name, "bijection")(spec, n_features, n_context);
}

// Enters B<float> and B<double>, made by their constructors from (spec, n_features, n_context).
template <template <class> class B>
void register_bijection(const std::string& name) {
  const auto enter = [&]<class T>(T) {
    Registry<BijectionFactory<T>>::global().add(
        name, [](const Spec& spec, Index n_features, Index n_context) -> std::unique_ptr<Bijection<T>> {
          return std::make_unique<B<T>>(spec, n_features, n_context);
        });
  };
  enter(float{});
  enter(double{});
}

}  // namespace nflows
