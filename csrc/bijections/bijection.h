// The contract of a bijection: data x -> latent z, and back.
//
// Every call works on one tile of panels. `forward` maps x to z and adds log|det dz/dx| of each row to
// log_det; `inverse` maps z to x and adds log|det dx/dz|. Each has a backward pass beside it: the
// vector-Jacobian product at the point that the pass just computed.
//
// * Adjoints: dx means dL/dx, dlog_det is dL/d(log_det), one number per row. The adjoint that a backward pass returns
//   is overwritten; gradients of parameters, of derived values and of the context accumulate.
// * Input and output never overlap.
// * What a bijection declares of its numbers stands in core/layer.h.
#pragma once

#include "core/layer.h"
#include "core/registry.h"
#include "core/spec.h"

namespace nflows {

template <class T>
class Bijection : public Layer<T> {
 public:
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
