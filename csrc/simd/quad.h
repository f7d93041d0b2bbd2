// Quad<T>: four neighbouring lanes, and the shuffles of two of them. Wider shuffles differ from one instruction set to
// the next; these every one has.
#pragma once

#include "simd/rows.h"

#if defined(__has_builtin)
#if __has_builtin(__builtin_shufflevector)
#define NFLOWS_SHUFFLE4(T, a, b, i, j, k, l) __builtin_shufflevector(a, b, i, j, k, l)
#endif
#endif
#if !defined(NFLOWS_SHUFFLE4)  // GCC 11
#define NFLOWS_SHUFFLE4(T, a, b, i, j, k, l) __builtin_shuffle(a, b, Quad<Int<T>>{i, j, k, l})
#endif

namespace nflows {

template <class T>
struct QuadOf {
  typedef T type __attribute__((vector_size(4 * sizeof(T))));
};
template <class T>
using Quad = typename QuadOf<T>::type;

// The sums over the sixteen lanes of four rows at once, each in the order of sum().
template <class T>
NFLOWS_FN Quad<T> sums(const Rows<T> (&rows)[4]) {
  Quad<T> q[4][kLanes / 4];
  __builtin_memcpy(q, rows, sizeof q);
#pragma GCC unroll 4
  for (auto& part : q) part[0] = (part[0] + part[2]) + (part[1] + part[3]);
  const Quad<T> ab = NFLOWS_SHUFFLE4(T, q[0][0], q[1][0], 0, 4, 1, 5) +  // a0 + a2, b0 + b2, a1 + a3, b1 + b3
                     NFLOWS_SHUFFLE4(T, q[0][0], q[1][0], 2, 6, 3, 7);
  const Quad<T> cd =
      NFLOWS_SHUFFLE4(T, q[2][0], q[3][0], 0, 4, 1, 5) + NFLOWS_SHUFFLE4(T, q[2][0], q[3][0], 2, 6, 3, 7);
  return NFLOWS_SHUFFLE4(T, ab, cd, 0, 1, 4, 5) + NFLOWS_SHUFFLE4(T, ab, cd, 2, 3, 6, 7);
}

}  // namespace nflows
