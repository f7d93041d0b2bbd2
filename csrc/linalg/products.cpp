#include "linalg/products.h"

#include <algorithm>

#include "simd/rows.h"
#include "simd/transpose.h"

namespace nflows {
namespace {

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

// One product whose lanes are data rows. The tile's registers of lanes lie within a panel where a panel has
// several, and in neighbouring panels where one register is a panel.
template <class T, class Shape>
struct RowLanes {
  const Shape& shape;
  Panels<const T> in;
  Panels<T> out;
  const T* bias;
  Into into;

  static constexpr int kParts = Rows<T>::kParts;
  static constexpr bool kWithin = kParts >= kTileVectors;

  // Rows m..m+M of the result, for every register of lanes of the tile.
  template <int M, int Unused>
  void run(Index m) const {
    Index part = 0;
    const Index n_parts = in.count * kParts;
    for (; part + kTileVectors <= n_parts; part += kTileVectors) step<M, kTileVectors>(m, part);
    if (!kWithin && part < n_parts) step<M, 1>(m, part);
  }

  template <int M, int V>
  NFLOWS_FN void step(Index m, Index part) const {
    const Index panel = part / kParts, lane = part % kParts * kNativeLanes<T>;
    const Index in_v = kWithin ? kNativeLanes<T> : in.stride, out_v = kWithin ? kNativeLanes<T> : out.stride;
    T* y = out.row(panel, m) + lane;

    Native<T> acc[M][V];
#pragma GCC unroll 16
    for (int i = 0; i < M; ++i)
#pragma GCC unroll 4
      for (int v = 0; v < V; ++v) acc[i][v] = broadcast_native(bias ? bias[m + i] : T(0));

    const auto [a, a_m, a_k, k_begin, k_end] = shape.template range<M>(m);
    multiply_add<T, M, V>(acc, {a, a_m, a_k, in.row(panel, k_begin) + lane, kLanes, in_v}, k_end - k_begin);

#pragma GCC unroll 16
    for (int i = 0; i < M; ++i)
#pragma GCC unroll 4
      for (int v = 0; v < V; ++v) {
        T* at = y + i * kLanes + v * out_v;
        if (into == Into::kAdd) acc[i][v] = load_native(at) + acc[i][v];
        if (into == Into::kSubtract) acc[i][v] = load_native(at) - acc[i][v];
        store_native(at, acc[i][v]);
      }
  }
};

template <class T>
struct Range {
  const T* a;
  Index a_m, a_k, k_begin, k_end;
};

// y = W x: rows of W, each tile as wide as its last, longest row.
template <class T>
struct Forward {
  const Staircase& mask;
  const T* weight;
  template <int M>
  NFLOWS_FN Range<T> range(Index m) const {
    return {weight + m * mask.cols, mask.cols, 1, 0, mask.row_end[m + M - 1]};
  }
};

// dx = W^T dy: columns of W, each tile from the first row that its first column reaches.
template <class T>
struct Backward {
  const Staircase& mask;
  const T* weight;
  template <int M>
  NFLOWS_FN Range<T> range(Index m) const {
    const Index k = mask.col_begin[m];
    return {weight + k * mask.cols + m, 1, mask.cols, k, mask.rows};
  }
};

// dW += dy x^T for rows m..m+M of W. Lanes are columns of W; the sum over data rows runs panel by panel.
template <class T>
struct ColumnLanes {
  const Staircase& mask;
  Panels<const T> dy, x;
  T* dweight;

  template <int M, int Unused>
  void run(Index m) const {
    const Index end = mask.row_end[m + M - 1];
    Index col = 0;
    for (; col + kNativeLanes<T> < end; col += kTileVectors * kNativeLanes<T>) step<M, kTileVectors>(m, col);
    if (col < end) step<M, 1>(m, col);
  }

  template <int M, int V>
  NFLOWS_FN void step(Index m, Index col) const {
    const Index stride = transposed_stride(mask.cols);
    Native<T> acc[M][V] = {};
    for (Index p = 0; p < dy.count; ++p)
      multiply_add<T, M, V>(acc, {dy.row(p, m), kLanes, 1, x.row(p, 0) + col, stride, kNativeLanes<T>},
                            kLanes);
#pragma GCC unroll 16
    for (int i = 0; i < M; ++i)
#pragma GCC unroll 4
      for (int v = 0; v < V; ++v) {
        const Index at = col + v * kNativeLanes<T>;
        T* dw = dweight + (m + i) * mask.cols + at;
        const Index n = mask.row_end[m + i] - at;  // unmasked columns in this register
        if (n >= kNativeLanes<T>) {
          store_native(dw, load_native(dw) + acc[i][v]);
        } else {
          for (Index c = 0; c < n; ++c) dw[c] += acc[i][v][c];
        }
      }
  }
};

}  // namespace

Staircase Staircase::full(Index rows, Index cols) { return steps(std::vector<Index>(rows, cols), cols); }

Staircase Staircase::steps(std::vector<Index> row_end, Index cols) {
  Staircase s;
  s.rows = static_cast<Index>(row_end.size());
  s.cols = cols;
  s.row_end = std::move(row_end);
  s.col_begin.resize(cols);
  for (Index c = 0; c < cols; ++c)
    s.col_begin[c] = std::upper_bound(s.row_end.begin(), s.row_end.end(), c) - s.row_end.begin();
  return s;
}

Index transposed_stride(Index n_features) {
  return panels_for(n_features) * kLanes;  // a multiple of every register's lanes
}

template <class T>
void transpose(Panels<const T> x, Index n_features, Panels<T> out) {
  for (Index p = 0; p < x.count; ++p)
    transpose_panel(x.row(p, 0), n_features, out.row(p, 0), transposed_stride(n_features));
}

template <class T>
void forward_product(const Staircase& mask, const T* weight, const T* bias, Panels<const T> x, Panels<T> y,
                     Index begin, Index end, Into into) {
  const Forward<T> shape{mask, weight};
  for_rows<kTileVectors>(begin, end, RowLanes<T, Forward<T>>{shape, x, y, bias, into});
}

template <class T>
void data_gradient(const Staircase& mask, const T* weight, Panels<const T> dy, Panels<T> dx, Index begin,
                   Index end, Into into) {
  const Backward<T> shape{mask, weight};
  for_rows<kTileVectors>(begin, end, RowLanes<T, Backward<T>>{shape, dy, dx, nullptr, into});
}

template <class T>
void weight_gradient(const Staircase& mask, Panels<const T> dy, Panels<const T> x_transposed, T* dweight) {
  for_rows<kTileVectors>(0, mask.rows, ColumnLanes<T>{mask, dy, x_transposed, dweight});
}

template <class T>
void bias_gradient(Index n_features, Panels<const T> dy, T* dbias) {
  for (Index r = 0; r < n_features; ++r) {
    Rows<T> total(T(0));
    for (Index p = 0; p < dy.count; ++p) total += Rows<T>::load(dy.row(p, r));
    dbias[r] += sum(total);
  }
}

#define NFLOWS_INSTANTIATE(T)                                                                               \
  template void transpose<T>(Panels<const T>, Index, Panels<T>);                                            \
  template void forward_product<T>(const Staircase&, const T*, const T*, Panels<const T>, Panels<T>, Index, \
                                   Index, Into);                                                            \
  template void data_gradient<T>(const Staircase&, const T*, Panels<const T>, Panels<T>, Index, Index,      \
                                 Into);                                                                     \
  template void weight_gradient<T>(const Staircase&, Panels<const T>, Panels<const T>, T*);                 \
  template void bias_gradient<T>(Index, Panels<const T>, T*);
NFLOWS_INSTANTIATE(float)
NFLOWS_INSTANTIATE(double)
#undef NFLOWS_INSTANTIATE

}  // namespace nflows
