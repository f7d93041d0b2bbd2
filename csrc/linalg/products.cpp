// The forward product and the data gradient: lanes are data rows.
#include <algorithm>

#include "linalg/product_steps.h"
#include "linalg/products.h"
#include "linalg/tile.h"

namespace nflows {
namespace {

// A tile whose halves end so many terms apart is taken by halves.
inline constexpr Index kSteep = 8;

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
    T* y = out.lanes(panel, m) + lane;

    Native<T> acc[M][V];
#pragma GCC unroll 16
    for (int i = 0; i < M; ++i)
#pragma GCC unroll 4
      for (int v = 0; v < V; ++v) acc[i][v] = broadcast_native(bias ? bias[m + i] : T(0));

    const auto [a, a_m, a_k, k_begin, k_end] = shape.template range<M>(m);
    multiply_add<T, M, V>(acc, {a, a_m, a_k, in.lanes(panel, k_begin) + lane, kLanes, in_v}, k_end - k_begin);

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
        const T* open = gate.lanes(panel, m) + lane;
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
void forward_product(const Staircase& mask, const T* weight, const std::type_identity_t<T>* bias, Read<T> x,
                     Panels<T> y, Index begin, Index end, Into into) {
  if (recorded_product<ForwardProduct>(mask, begin, end, into, Table(weight, mask.size()),
                                       Table<T>(bias, mask.rows), In<T>(x, 1, mask.cols),
                                       Out(y, 1, mask.rows)))
    return;
  const Forward<T> shape{mask, weight};
  for_rows<kTileVectors>(begin, end, RowLanes<T, Forward<T>>{shape, x, y, bias, {}, into});
}

template <class T>
void data_gradient(const Staircase& mask, const T* weight, Read<T> dy, Panels<T> dx, Index begin, Index end,
                   Into into, Read<T> gate) {
  if (recorded_product<DataGradient>(mask, begin, end, into, Table(weight, mask.size()),
                                     In<T>(dy, 1, mask.rows), Out(dx, 1, mask.cols),
                                     In<T>(gate, 1, mask.cols)))
    return;
  if (Columns<T>::worthwhile(mask, dy.count))
    begin = Columns<T>::run(mask, weight, dy, dx, begin, end, into, gate);
  const Backward<T> shape{mask, weight};
  for_rows<kTileVectors>(begin, end, RowLanes<T, Backward<T>>{shape, dy, dx, nullptr, gate, into});
}

#define NFLOWS_INSTANTIATE(T)                                                                                \
  template void forward_product<T>(const Staircase&, const T*, const T*, Panels<const T>, Panels<T>, Index,  \
                                   Index, Into);                                                             \
  template void data_gradient<T>(const Staircase&, const T*, Panels<const T>, Panels<T>, Index, Index, Into, \
                                 Panels<const T>);
NFLOWS_INSTANTIATE(float)
NFLOWS_INSTANTIATE(double)
#undef NFLOWS_INSTANTIATE

}  // namespace nflows
