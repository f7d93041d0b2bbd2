// The register tile, the one loop under all products: out(m, lane) += sum_k a(m, k) b(k, lane).
#pragma once

#include "simd/rows.h"

namespace nflows {

// The register tile: kTileRows rows of W times kTileVectors registers of lanes are accumulated at once. Two
// fused multiply-adds a cycle of four cycles' latency want eight accumulators or more. Sixteen registers hold
// 6 x 2 of them, two of b and one broadcast; with AVX-512's thirty-two, 8 x 2 leaves the widths of nets,
// multiples of 8, without remainder.
inline constexpr int kTileRows = kRegisterBytes == 64 ? 8 : 6;
inline constexpr int kTileVectors = 2;

// Where the operands of one tile lie. a(m, k) = a[m a_m + k a_k]; b(k) is kTileVectors registers, b_v apart,
// at b + k b_k.
template <class T>
struct Operands {
  const T* a;
  Index a_m, a_k;
  const T* b;
  Index b_k, b_v;
};

template <class T, int M, int V>
NFLOWS_FN void multiply_add(Native<T> (&acc)[M][V], Operands<T> in, Index n) {
  for (Index k = 0; k < n; ++k, in.a += in.a_k, in.b += in.b_k) {
    Native<T> b[V];
#pragma GCC unroll 4
    for (int v = 0; v < V; ++v) b[v] = load_native(in.b + v * in.b_v);
#pragma GCC unroll 16
    for (int m = 0; m < M; ++m) {
      const Native<T> a = broadcast_native(in.a[m * in.a_m]);
#pragma GCC unroll 4
      for (int v = 0; v < V; ++v) acc[m][v] += a * b[v];
    }
  }
}

// Calls tile.run<M, V>(m) over rows [begin, end): whole tiles, then 4, 2 and 1 rows.
template <int V, int M = kTileRows, class Tile>
NFLOWS_FN void for_rows(Index begin, Index end, const Tile& tile) {
  for (; begin + M <= end; begin += M) tile.template run<M, V>(begin);
  if constexpr (M > 1) {
    constexpr int kNext = M > 4 ? 4 : M / 2;
    if (begin < end) for_rows<V, kNext>(begin, end, tile);
  }
}

}  // namespace nflows
