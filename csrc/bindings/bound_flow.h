// BoundFlow: an engine's flow at some parameters, as Python holds it.
//
// Flows are functions of parameters. Python mostly asks one flow at one vector of them, so the two go together; `at`
// gives the same flow, its workspaces included, at other parameters.
#pragma once

#include <cmath>
#include <memory>

#include "bindings/arrays.h"
#include "engine/engine.h"

namespace nflows {

template <class T>
struct BoundFlow {
  std::shared_ptr<const EngineFlow<T>> flow;
  std::shared_ptr<Params<T>> params;
  std::uint64_t random = 0;  // what the last start left for a start from data
};

// The trainer of a flow's parameters, with the flow: both are needed to check a call.
template <class T>
struct BoundTrainer {
  std::shared_ptr<const EngineFlow<T>> flow;
  std::unique_ptr<EngineTrainer<T>> trainer;
};

template <class T>
Array<T> copied(const Params<T>& params) {
  Array<T> copy(params.size());
  params.read(copy.mutable_data());
  return copy;
}

// Parameters from NumPy.
template <class T>
void write_params(Params<T>& params, const py::object& values) {
  const Index n = params.size();
  const T* from = checked<T>(values, "params", {n});
  for (Index i = 0; i < n; ++i)
    check(std::isfinite(from[i]), "params: entry ", i, " is not finite: ", from[i]);
  params.write(from);
}

}  // namespace nflows
