// Transposing one panel: from features x lanes to lanes x features, in 4 x 4 blocks of register shuffles.
#pragma once

#include "simd/quad.h"

namespace nflows {

// out[l * stride + j] = x[j * 16 + l] for j < n, and zero for n <= j < padded.
template <class T>
inline void transpose_panel(const T* x, Index n, Index padded, T* out, Index stride) {
  Index j = 0;
  for (; j + 4 <= n; j += 4) {
    for (int l = 0; l < kLanes; l += 4) {
      Quad<T> a, b, c, d;
      __builtin_memcpy(&a, x + (j + 0) * kLanes + l, sizeof a);
      __builtin_memcpy(&b, x + (j + 1) * kLanes + l, sizeof b);
      __builtin_memcpy(&c, x + (j + 2) * kLanes + l, sizeof c);
      __builtin_memcpy(&d, x + (j + 3) * kLanes + l, sizeof d);
      const Quad<T> ab_low = NFLOWS_SHUFFLE4(T, a, b, 0, 4, 1, 5),
                    ab_high = NFLOWS_SHUFFLE4(T, a, b, 2, 6, 3, 7);
      const Quad<T> cd_low = NFLOWS_SHUFFLE4(T, c, d, 0, 4, 1, 5),
                    cd_high = NFLOWS_SHUFFLE4(T, c, d, 2, 6, 3, 7);
      a = NFLOWS_SHUFFLE4(T, ab_low, cd_low, 0, 1, 4, 5);
      b = NFLOWS_SHUFFLE4(T, ab_low, cd_low, 2, 3, 6, 7);
      c = NFLOWS_SHUFFLE4(T, ab_high, cd_high, 0, 1, 4, 5);
      d = NFLOWS_SHUFFLE4(T, ab_high, cd_high, 2, 3, 6, 7);
      __builtin_memcpy(out + (l + 0) * stride + j, &a, sizeof a);
      __builtin_memcpy(out + (l + 1) * stride + j, &b, sizeof b);
      __builtin_memcpy(out + (l + 2) * stride + j, &c, sizeof c);
      __builtin_memcpy(out + (l + 3) * stride + j, &d, sizeof d);
    }
  }
  for (int l = 0; l < kLanes; ++l)
    for (Index i = j; i < padded; ++i) out[l * stride + i] = i < n ? x[i * kLanes + l] : T(0);
}

}  // namespace nflows
