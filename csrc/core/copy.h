// Copies of neighbouring features.
#pragma once

#include <algorithm>

#include "core/operands.h"

namespace nflows {

struct Copy {};

template <class T>
void copy_features(Read<T> from, Panels<T> to, Index n) {
  if (Op<Copy, In<T>, Out<T>>::recorded(n, Copy{}, In<T>(from), Out<T>(to))) return;
  for (Index p = 0; p < from.count; ++p) std::copy_n(from.lanes(p, 0), n * kLanes, to.lanes(p, 0));
}

}  // namespace nflows
