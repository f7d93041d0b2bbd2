// Wirings: where a transformer's parameters come from. Written for any transformer; each pair is one
// bijection.
//
// `register_transformer<Tr>(name)` makes all of them: the build compiles one small file per header in
// transformers/ that calls it (instantiate.cpp.in), so a new transformer is registered by being there.
#pragma once

#include "bijections/autoregressive.h"
#include "bijections/bijection.h"
#include "bijections/coupling.h"
#include "bijections/feature.h"

namespace nflows {

// A transformer's own loops, without the net that its parameters come from.
template <class T>
struct Loops {
  using Map = void (*)(const Spec& spec, Panels<const T> x, Panels<const T> p, Panels<T> z,
                       Panels<double> log_det);
  int (*n_params)(const Spec& spec);
  Map forward, inverse;
  void (*backward)(const Spec& spec, Panels<const T> x, Panels<const T> p, Panels<const T> dz,
                   Panels<const T> dlog_det, Panels<T> dx, Panels<T> dp);
};

template <class T>
struct Wirings {
  using Make = decltype(BijectionFactory<T>::make);
  Make elementwise, coupling, autoregressive;
  Loops<T> loops;
};

template <class T, class Tr>
Loops<T> loops_of() {
  using F = Feature<Tr, T>;
  return {
      .n_params = [](const Spec& spec) -> int { return transformer_from<Tr>(spec).n_params; },
      .forward = [](const Spec& spec, Panels<const T> x, Panels<const T> p, Panels<T> z,
                    Panels<double> log_det) { F::forward(transformer_from<Tr>(spec), x, p, z, log_det); },
      .inverse = [](const Spec& spec, Panels<const T> z, Panels<const T> p, Panels<T> x,
                    Panels<double> log_det) { F::inverse(transformer_from<Tr>(spec), z, p, x, log_det); },
      .backward = [](const Spec& spec, Panels<const T> x, Panels<const T> p, Panels<const T> dz,
                     Panels<const T> dlog_det, Panels<T> dx,
                     Panels<T> dp) { F::backward(transformer_from<Tr>(spec), x, p, dz, dlog_det, dx, dp); },
  };
}

template <class Tr>
bool register_transformer(const std::string& name) {
  const auto enter = [&]<class T>(T) {
    using Made = std::unique_ptr<Bijection<T>>;
    return Registry<Wirings<T>>::global().add(
        name,
        {
            .elementwise = [](const Spec& spec, Index n_features, Index n_context) -> Made {
              return std::make_unique<Coupling<T, Tr>>(spec, std::vector<Index>{}, n_features, n_context);
            },
            .coupling = [](const Spec& spec, Index n_features, Index n_context) -> Made {
              return std::make_unique<Coupling<T, Tr>>(spec, spec.integers("kept"), n_features, n_context);
            },
            .autoregressive = [](const Spec& spec, Index n_features, Index n_context) -> Made {
              return std::make_unique<Autoregressive<T, Tr>>(spec, n_features, n_context);
            },
            .loops = loops_of<T, Tr>(),
        });
  };
  return enter(float{}) && enter(double{});
}

}  // namespace nflows
