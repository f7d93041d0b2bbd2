// The contract of a base distribution: the density of the latent z.
//
// `log_prob` adds the log-density of each row, in nats; `backward` overwrites dz with dlog_prob times its
// gradient. Drawing is Python's part, with the user's own generator.
#pragma once

#include <memory>
#include <string>

#include "core/panel.h"
#include "core/registry.h"
#include "core/spec.h"

namespace nflows {

template <class T>
class Base {
 public:
  virtual ~Base() = default;
  virtual void log_prob(Panels<const T> z, Panels<double> log_prob) const = 0;
  virtual void backward(Panels<const T> z, Panels<const T> dlog_prob, Panels<T> dz) const = 0;
};

template <class T>
struct BaseFactory {
  std::unique_ptr<Base<T>> (*make)(const Spec& spec, Index n_features);
};

template <class T>
std::unique_ptr<Base<T>> make_base(const Spec& spec, Index n_features) {
  return Registry<BaseFactory<T>>::global().find(spec.name, "base").make(spec, n_features);
}

template <template <class> class B>
bool register_base(const std::string& name) {
  const auto enter = [&]<class T>(T) {
    return Registry<BaseFactory<T>>::global().add(
        name, {[](const Spec& spec, Index n_features) -> std::unique_ptr<Base<T>> {
          return std::make_unique<B<T>>(spec, n_features);
        }});
  };
  return enter(float{}) && enter(double{});
}

}  // namespace nflows
