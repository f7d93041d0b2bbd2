// Wirings: where a transformer's parameters come from. Written for any transformer; each pair is one
// bijection.
//
// `register_transformer<Tr>(name)` makes all of them: the build compiles one small file per header in
// transformers/ that calls it (instantiate.cpp.in), so a new transformer is registered by being there.
#pragma once

#include "bijections/autoregressive.h"
#include "bijections/bijection.h"
#include "bijections/coupling.h"

namespace nflows {

template <class T>
struct Wirings {
  using Make = decltype(BijectionFactory<T>::make);
  Make elementwise, coupling, autoregressive;
};

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
        });
  };
  return enter(float{}) && enter(double{});
}

}  // namespace nflows
