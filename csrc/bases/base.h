// The contract of a base distribution: the density of the latent z.
//
// `log_prob` adds the log-density of each row, in nats; `backward` overwrites dz with dlog_prob, the gradients' dlog_det,
// times its gradient by z, and adds that by the parameters to theirs. Drawing is Python's part, with the user's own
// generator. What a base declares of its numbers stands in core/layer.h; it has scratch, but keeps nothing. Its start is as near to the standard normal as
// the family comes.
//
// Latents are as the bijections leave them: finite however far out, or NaN. A row of numbers has a log-density that is a
// number, or -inf outside of a bounded support; it is NaN where one of the row's entries is.
#pragma once

#include "core/layer.h"
#include "core/registry.h"
#include "core/spec.h"

namespace nflows {

template <class T>
class Base : public Layer<T> {
 public:
  virtual void log_prob(Panels<const T> z, Panels<double> log_prob, const Pass<T>& pass) const = 0;
  virtual void backward(Panels<const T> z, Panels<T> dz, const Pass<T>& pass,
                        const Gradients<T>& grads) const = 0;
};

template <class T>
using BaseFactory = std::unique_ptr<Base<T>> (*)(const Spec& spec, Index n_features, Index n_context);

template <class T>
std::unique_ptr<Base<T>> make_base(const Spec& spec, Index n_features, Index n_context) {
  return Registry<BaseFactory<T>>::global().find(spec.name, "base")(spec, n_features, n_context);
}

// Enters B<float> and B<double>, made by their constructors from (spec, n_features, n_context).
template <template <class> class B>
void register_base(const std::string& name) {
  const auto enter = [&]<class T>(T) {
    Registry<BaseFactory<T>>::global().add(
        name, [](const Spec& spec, Index n_features, Index n_context) -> std::unique_ptr<Base<T>> {
          return std::make_unique<B<T>>(spec, n_features, n_context);
        });
  };
  enter(float{});
  enter(double{});
}

}  // namespace nflows
