// The kernels of passes: one for each formula, and one for flows that have several.
#pragma once

#include "cuda/device_flow.h"

namespace nflows {

template <class T, class Queue, class... Groups>
PassVariant<T, Queue> pass_variant() {
  return {{PassGroup<T, Groups>::names()...},
          [](Queue& queue, Index n_blocks, const PassArguments<T>& arguments) {
            queue.launch(n_blocks, arguments.shared(), PassKernel<T, Groups...>{arguments});
          }};
}

template <class T, class Queue, class... Formulas>
std::vector<PassVariant<T, Queue>> variants_of() {
  std::vector<PassVariant<T, Queue>> all{pass_variant<T, Queue, CommonGroup>()};
  const auto small = [&]<class Formula>(const Formula*) {
    if constexpr (requires { typename Formula::Small; })
      all.push_back(pass_variant<T, Queue, CommonGroup, SmallGroup<Formula>>());
  };
  (small(static_cast<const Formulas*>(nullptr)), ...);
  (all.push_back(pass_variant<T, Queue, CommonGroup, Formulas>()), ...);
  all.push_back(pass_variant<T, Queue, CommonGroup, Formulas...>());
  return all;
}

}  // namespace nflows
