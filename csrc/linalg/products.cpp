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

// Columns that weight_gradient's tile takes at once, and has transposed.
template <class T>
inline constexpr Index kBlock = kTileVectors * kNativeLanes<T>;
static_assert(kBlock<float> <= kGradientScratch);

// A tile whose halves end so many terms apart is taken by halves.
inline constexpr Index kSteep = 8;

// Whether summing across registers costs less than transposing x and filling registers with columns: where rows are
// few, or most are shorter than a register.
template <class T>
bool better_summed(const Staircase& mask) {
  return mask.rows <= 8 || 4 * mask.unmasked < 3 * mask.rows * kNativeLanes<T>;
}

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
  Panels<const T> gate;
  Into into;

  static constexpr int kParts = Rows<T>::kParts;
  static constexpr bool kWithin = kParts >= kTileVectors;

  // Rows m..m+M of the result, for every register of lanes of the tile.
  template <int M, int Unused>
  void run(Index m) const {
    if constexpr (M == 8)
      if (shape.steep(m, M)) {
        run<M / 2, Unused>(m);
        return run<M / 2, Unused>(m + M / 2);
      }
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

    const Native<T> zero{};
    switch (into) {
      case Into::kSet:
        return write(acc, y, out_v, [](Native<T> a, const T*, int, int) { return a; });
      case Into::kAdd:
        return write(acc, y, out_v, [](Native<T> a, const T* at, int, int) { return load_native(at) + a; });
      case Into::kSubtract:
        return write(acc, y, out_v, [](Native<T> a, const T* at, int, int) { return load_native(at) - a; });
      case Into::kRectified:
        return write(acc, y, out_v, [&](Native<T> a, const T*, int, int) { return a > zero ? a : zero; });
      case Into::kGated: {
        const Index gate_v = kWithin ? kNativeLanes<T> : gate.stride;
        const T* open = gate.row(panel, m) + lane;
        return write(acc, y, out_v, [&](Native<T> a, const T*, int i, int v) {
          return load_native(open + i * kLanes + v * gate_v) > zero ? a : zero;
        });
      }
    }
  }

  // Stores value(a, at, i, v) for every register a of the tile, at being its place.
  template <int M, int V, class Value>
  static NFLOWS_FN void write(const Native<T> (&acc)[M][V], T* y, Index out_v, const Value& value) {
#pragma GCC unroll 16
    for (int i = 0; i < M; ++i)
#pragma GCC unroll 4
      for (int v = 0; v < V; ++v) {
        T* at = y + i * kLanes + v * out_v;
        store_native(at, value(acc[i][v], at, i, v));
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

  // Whether the lower half of the tile is so much shorter that two halves do less.
  bool steep(Index m, Index n) const {
    return mask.row_end[m + n - 1] - mask.row_end[m + n / 2 - 1] >= kSteep;
  }
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
  bool steep(Index m, Index n) const { return mask.col_begin[m + n / 2] - mask.col_begin[m] >= kSteep; }
  template <int M>
  NFLOWS_FN Range<T> range(Index m) const {
    const Index k = mask.col_begin[m];
    return {weight + k * mask.cols + m, 1, mask.cols, k, mask.rows};
  }
};

// dx = W^T dy for two tiles of columns of a wide W, copied out of it first. Where a row of W is long, neighbours in a
// column share neither cache line nor page; read once, in whole lines, and the next columns fetched ahead, they
// cost a tenth of what every panel would pay for them.
template <class T>
struct Columns {
  static constexpr Index kCount = 2 * kTileRows;
  static constexpr Index kMaxRows = 65536 / (kCount * static_cast<Index>(sizeof(T)));  // of W, on the stack
  static constexpr Index kWideRow = 1024 / static_cast<Index>(sizeof(T));
  static constexpr Index kEnoughPanels = 4;

  static bool worthwhile(const Staircase& mask, Index n_panels) {
    return mask.cols >= kWideRow && mask.rows <= kMaxRows && n_panels >= kEnoughPanels;
  }

  alignas(64) T copy[2][kMaxRows * kTileRows];
  Index first_column = 0, first_row = 0, rows = 0;

  // Returns the first column that is left. Never inlined: its copy would be in every caller's frame.
  __attribute__((noinline)) static Index run(const Staircase& mask, const T* weight, Panels<const T> dy,
                                             Panels<T> dx, Index begin, Index end, Into into,
                                             Panels<const T> gate) {
    Columns columns;
    const RowLanes<T, Columns> tile{columns, dy, dx, nullptr, gate, into};
    for (; begin + kCount <= end; begin += kCount) {
      columns.take(mask, weight, begin);
      for_rows<kTileVectors>(begin, begin + kCount, tile);
    }
    return begin;
  }

  void take(const Staircase& mask, const T* weight, Index column) {
    first_column = column;
    first_row = mask.col_begin[column];
    rows = mask.rows;
    for (Index r = first_row; r < rows; ++r) {
      const T* from = weight + r * mask.cols + column;
      __builtin_prefetch(from + kCount, 0, 2);
      for (Index tile = 0; tile < 2; ++tile)
        std::copy_n(from + tile * kTileRows, kTileRows, copy[tile] + (r - first_row) * kTileRows);
    }
  }

  bool steep(Index, Index) const { return false; }
  template <int M>
  NFLOWS_FN Range<T> range(Index m) const {
    return {copy[(m - first_column) / kTileRows], 1, kTileRows, first_row, rows};
  }
};

// dW += dy x^T over one block of columns of W, x transposed: [lane][column of the block] in every panel. Lanes are
// columns; the sum over data rows runs panel by panel.
template <class T>
struct ColumnLanes {
  const Staircase& mask;
  Panels<const T> dy, x;
  T* dweight;
  Index col;

  template <int M, int V>
  void run(Index m) const {
    for (int i = 0; i < M; ++i)  // the sums' place may be far by now: it is fetched while they are formed
      for (int v = 0; v < V; ++v)
        __builtin_prefetch(dweight + (m + i) * mask.cols + col + v * kNativeLanes<T>, 1);
    Native<T> acc[M][V] = {};
    for (Index p = 0; p < dy.count; ++p)
      multiply_add<T, M, V>(acc, {dy.row(p, m), kLanes, 1, x.row(p, 0), kBlock<T>, kNativeLanes<T>}, kLanes);
    if (mask.row_end[m] >= col + V * kNativeLanes<T>)
      add(acc, m, [](T* dw, Native<T> a, Index) { store_native(dw, load_native(dw) + a); });
    else if (mask.cols >= col + V * kNativeLanes<T>)  // what is masked gets a zero added
      add(acc, m,
          [](T* dw, Native<T> a, Index n) { store_native(dw, load_native(dw) + first_lanes<T>(a, n)); });
    else
      add(acc, m, [](T* dw, Native<T> a, Index n) {
        for (Index c = 0; c < std::min<Index>(n, kNativeLanes<T>); ++c) dw[c] += a[c];
      });
  }

  // add_to(dw, a, n) for every register a of the tile, whose first n lanes are unmasked.
  template <int M, int V, class AddTo>
  NFLOWS_FN void add(const Native<T> (&acc)[M][V], Index m, const AddTo& add_to) const {
#pragma GCC unroll 16
    for (int i = 0; i < M; ++i)
#pragma GCC unroll 4
      for (int v = 0; v < V; ++v) {
        const Index at = col + v * kNativeLanes<T>;
        add_to(dweight + (m + i) * mask.cols + at, acc[i][v], mask.row_end[m + i] - at);
      }
  }
};

// dW += dy x^T with data rows for lanes: every sum over them ends across a register. Rows of W and columns are taken
// 4, 2 or 1 at a time.
template <class T>
struct SummedLanes {
  const Staircase& mask;
  Panels<const T> dy, x;
  T* dweight;

  template <int M, int Unused>
  void run(Index m) const {
    for_rows<M, Rows<T>::kParts == 1 ? 4 : 1>(0, mask.row_end[m + M - 1], Across{*this, m});
  }

  struct Across {
    const SummedLanes& all;
    Index m;
    template <int C, int M>
    void run(Index col) const {
      all.step<M, C>(m, col);
    }
  };

  template <int M, int C>
  void step(Index m, Index col) const {
    Rows<T> acc[C][4] = {};
    for (Index p = 0; p < dy.count; ++p)
#pragma GCC unroll 4
      for (int i = 0; i < M; ++i)
#pragma GCC unroll 4
        for (int c = 0; c < C; ++c)
          acc[c][i] += Rows<T>::load(dy.row(p, m + i)) * Rows<T>::load(x.row(p, col + c));
#pragma GCC unroll 4
    for (int c = 0; c < C; ++c) {
      const Quad<T> total = sums(acc[c]);
      for (int i = 0; i < M; ++i)
        if (col + c < mask.row_end[m + i]) dweight[(m + i) * mask.cols + col + c] += total[i];
    }
  }
};

// db += the sums of dy over data rows, four at a time.
template <class T>
struct BiasLanes {
  Panels<const T> dy;
  T* dbias;

  template <int M, int Unused>
  void run(Index m) const {
    Rows<T> acc[4] = {};
    for (Index p = 0; p < dy.count; ++p)
#pragma GCC unroll 4
      for (int i = 0; i < M; ++i) acc[i] += Rows<T>::load(dy.row(p, m + i));
    const Quad<T> total = sums(acc);
    for (int i = 0; i < M; ++i) dbias[m + i] += total[i];
  }
};

}  // namespace

Staircase Staircase::full(Index rows, Index cols) { return steps(std::vector<Index>(rows, cols), cols); }

Staircase Staircase::steps(std::vector<Index> row_end, Index cols) {
  Staircase s;
  s.rows = static_cast<Index>(row_end.size());
  s.cols = cols;
  for (const Index end : row_end) s.unmasked += end;
  s.row_end = std::move(row_end);
  s.col_begin.resize(cols);
  for (Index c = 0; c < cols; ++c)
    s.col_begin[c] = std::upper_bound(s.row_end.begin(), s.row_end.end(), c) - s.row_end.begin();
  return s;
}

template <class T>
void forward_product(const Staircase& mask, const T* weight, const T* bias, Panels<const T> x, Panels<T> y,
                     Index begin, Index end, Into into) {
  const Forward<T> shape{mask, weight};
  for_rows<kTileVectors>(begin, end, RowLanes<T, Forward<T>>{shape, x, y, bias, {}, into});
}

template <class T>
void data_gradient(const Staircase& mask, const T* weight, Panels<const T> dy, Panels<T> dx, Index begin,
                   Index end, Into into, Panels<const T> gate) {
  if (Columns<T>::worthwhile(mask, dy.count))
    begin = Columns<T>::run(mask, weight, dy, dx, begin, end, into, gate);
  const Backward<T> shape{mask, weight};
  for_rows<kTileVectors>(begin, end, RowLanes<T, Backward<T>>{shape, dy, dx, nullptr, gate, into});
}

template <class T>
void weight_gradient(const Staircase& mask, Panels<const T> dy, Panels<const T> x, Panels<T> scratch,
                     T* dweight) {
  if (better_summed<T>(mask)) return for_rows<1, 4>(0, mask.rows, SummedLanes<T>{mask, dy, x, dweight});
  constexpr Index kHalfTile = kTileRows / 2;
  for (Index col = 0; col < mask.cols; col += kBlock<T>) {
    const Index n = std::min(kBlock<T>, mask.cols - col),
                in_registers = n > kNativeLanes<T> ? kBlock<T> : kNativeLanes<T>;
    for (Index p = 0; p < x.count; ++p)
      transpose_panel(x.row(p, col), n, in_registers, scratch.row(p, 0), kBlock<T>);
    // The first rows that reach the block may reach its first register only.
    const Index second = col + kNativeLanes<T>, begin = mask.col_begin[col];
    const Index narrow = (second < mask.cols ? mask.col_begin[second] : mask.rows) - begin;
    const Index wide = second < mask.cols ? begin + narrow / kHalfTile * kHalfTile : mask.rows;
    const ColumnLanes<T> tile{mask, dy, scratch, dweight, col};
    for_rows<1>(begin, wide, tile);
    for_rows<kTileVectors>(wide, mask.rows, tile);
  }
}

template <class T>
void bias_gradient(Index n_features, Panels<const T> dy, T* dbias) {
  for_rows<1, 4>(0, n_features, BiasLanes<T>{dy, dbias});
}

#define NFLOWS_INSTANTIATE(T)                                                                                \
  template void forward_product<T>(const Staircase&, const T*, const T*, Panels<const T>, Panels<T>, Index,  \
                                   Index, Into);                                                             \
  template void data_gradient<T>(const Staircase&, const T*, Panels<const T>, Panels<T>, Index, Index, Into, \
                                 Panels<const T>);                                                           \
  template void weight_gradient<T>(const Staircase&, Panels<const T>, Panels<const T>, Panels<T>, T*);       \
  template void bias_gradient<T>(Index, Panels<const T>, T*);
NFLOWS_INSTANTIATE(float)
NFLOWS_INSTANTIATE(double)
#undef NFLOWS_INSTANTIATE

}  // namespace nflows
