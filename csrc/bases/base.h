// The contract of a base distribution: the density of the latent z.
//
// `log_prob` adds the log-density of each row, in nats; `backward` overwrites dz with dlog_prob times its gradient by z
// and adds that by the parameters to dparams. A base owns no numbers: its parameters are the end of the flow's one
// vector, and `scratch`, n_scratch panel rows, may be overwritten by every call. Drawing is Python's part, with the
// user's own generator.
//
// Latents are as the chain leaves them: finite however far out, or NaN. A row of numbers has a log-density that is a
// number, or -inf outside of a bounded support; it is NaN where one of the row's entries is.
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
class Base {
 public:
  virtual ~Base() = default;

  virtual Index n_params() const { return 0; }
  virtual Index n_scratch() const { return 0; }
  virtual std::vector<Block> blocks() const { return {}; }

  // The start: as near to the standard normal as the family comes.
  virtual void start(T* /*params*/, Rng& /*rng*/) const {}

  // A start that fits z, all rows the start may look at; `weights` has one number per lane. Bases that have one say so.
  virtual bool starts_from_data() const { return false; }
  virtual void start_from_data(Panels<const T> /*z*/, const double* /*weights*/, Rng& /*rng*/,
                               T* /*params*/) const {}

  virtual void log_prob(const T* params, Panels<const T> z, Panels<double> log_prob,
                        Panels<T> scratch) const = 0;
  virtual void backward(const T* params, Panels<const T> z, Panels<const T> dlog_prob, Panels<T> dz,
                        T* dparams, Panels<T> scratch) const = 0;
};

template <class T>
using BaseFactory = std::unique_ptr<Base<T>> (*)(const Spec& spec, Index n_features);

template <class T>
std::unique_ptr<Base<T>> make_base(const Spec& spec, Index n_features) {
  return Registry<BaseFactory<T>>::global().find(spec.name, "base")(spec, n_features);
}

template <template <class> class B>
void register_base(const std::string& name) {
  const auto enter = [&]<class T>(T) {
    Registry<BaseFactory<T>>::global().add(
        name, [](const Spec& spec, Index n_features) -> std::unique_ptr<Base<T>> {
          return std::make_unique<B<T>>(spec, n_features);
        });
  };
  enter(float{});
  enter(double{});
}

}  // namespace nflows
