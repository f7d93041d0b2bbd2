// once: a function of numbers that belong to no row, as derived values are made of parameters, for n items.
//
//   once(n, MakeScale{}, Table{log_scale, 1, 1}, Made{scale, 1, 1});        f(const T* log_scale, Scale* made)
//
// As each (simd/each.h) it is written down where a Recorder stands, and its functions are plain structs at namespace level.
#pragma once

#include "core/operands.h"

namespace nflows {

template <class F, class... Args>
void once(Index n, const F& f, const Args&... args) {
  if (Op<F, Args...>::recorded(n, f, args...)) return;
  for (Index j = 0; j < n; ++j) f((args.at + j * args.step)...);
}

}  // namespace nflows
