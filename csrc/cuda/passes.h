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
  return {pass_variant<T, Queue, CommonGroup>(), pass_variant<T, Queue, CommonGroup, Formulas>()...,
          pass_variant<T, Queue, CommonGroup, Formulas...>()};
}

}  // namespace nflows
