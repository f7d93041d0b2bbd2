// The gradients of a linear layer's weights and biases: sums over data rows.
#include <algorithm>

#include "linalg/product_steps.h"
#include "linalg/products.h"
#include "linalg/tile.h"
#include "simd/transpose.h"

namespace nflows {
namespace {

// Columns that weight_gradient's tile takes at once, and has transposed.
template <class T>
inline constexpr Index kBlock = kTileVectors * kNativeLanes<T>;
static_assert(kBlock<float> <= kGradientScratch);

// Whether summing across registers costs less than transposing x and filling registers with columns: where rows are
// few, or most are shorter than a register.
template <class T>
bool better_summed(const Staircase& mask) {
  return mask.rows <= 8 || 4 * mask.unmasked < 3 * mask.rows * kNativeLanes<T>;
}

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
      multiply_add<T, M, V>(acc, {dy.lanes(p, m), kLanes, 1, x.lanes(p, 0), kBlock<T>, kNativeLanes<T>},
                            kLanes);
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
          acc[c][i] += Rows<T>::load(dy.lanes(p, m + i)) * Rows<T>::load(x.lanes(p, col + c));
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
      for (int i = 0; i < M; ++i) acc[i] += Rows<T>::load(dy.lanes(p, m + i));
    const Quad<T> total = sums(acc);
    for (int i = 0; i < M; ++i) dbias[m + i] += total[i];
  }
};

}  // namespace

template <class T>
void weight_gradient(const Staircase& mask, Read<T> dy, Read<T> x, Panels<T> scratch, T* dweight) {
  if (recorded_product<WeightGradient>(mask, 0, mask.rows, Into::kAdd, In<T>(dy, 1, mask.rows),
                                       In<T>(x, 1, mask.cols), Made(dweight, mask.size())))
    return;
  if (better_summed<T>(mask)) return for_rows<1, 4>(0, mask.rows, SummedLanes<T>{mask, dy, x, dweight});
  constexpr Index kHalfTile = kTileRows / 2;
  for (Index col = 0; col < mask.cols; col += kBlock<T>) {
    const Index n = std::min(kBlock<T>, mask.cols - col),
                in_registers = n > kNativeLanes<T> ? kBlock<T> : kNativeLanes<T>;
    for (Index p = 0; p < x.count; ++p)
      transpose_panel(x.lanes(p, col), n, in_registers, scratch.lanes(p, 0), kBlock<T>);
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
void bias_gradient(Index n_features, Read<T> dy, T* dbias) {
  if (Op<BiasGradient, In<T>, Sum<T>>::recorded(n_features, BiasGradient{}, In<T>(dy), Sum(dbias))) return;
  for_rows<1, 4>(0, n_features, BiasLanes<T>{dy, dbias});
}

#define NFLOWS_INSTANTIATE(T)                                                                          \
  template void weight_gradient<T>(const Staircase&, Panels<const T>, Panels<const T>, Panels<T>, T*); \
  template void bias_gradient<T>(Index, Panels<const T>, T*);
NFLOWS_INSTANTIATE(float)
NFLOWS_INSTANTIATE(double)
#undef NFLOWS_INSTANTIATE

}  // namespace nflows
