// The names "elementwise", "coupling" and "autoregressive": each looks up its spec's transformer.
#include "bijections/wirings.h"

namespace nflows {
namespace {

template <class T, auto wiring>
std::unique_ptr<Bijection<T>> make_wired(const Spec& spec, Index n_features, Index n_context) {
  const Wirings<T>& wirings =
      Registry<Wirings<T>>::global().find(spec.child("transformer").name, "transformer");
  return (wirings.*wiring)(spec, n_features, n_context);
}

template <class T>
bool register_wirings() {
  auto& registry = Registry<BijectionFactory<T>>::global();
  return registry.add("elementwise", {make_wired<T, &Wirings<T>::elementwise>}) &&
         registry.add("coupling", {make_wired<T, &Wirings<T>::coupling>}) &&
         registry.add("autoregressive", {make_wired<T, &Wirings<T>::autoregressive>});
}

const bool registered = register_wirings<float>() && register_wirings<double>();

}  // namespace
}  // namespace nflows
