// The products of a linear layer (linalg/products.h) by a block: each thread has a few rows of the result, of one lane.
#pragma once

#include "cuda/replay.h"
#include "linalg/product_steps.h"

namespace nflows {

// Rows of a result that a thread forms together: every number that it reads serves all of them.
inline constexpr int kThreadRows = 4;

// The value that is written where `old` stood; the gate is that row's.
template <class T>
NFLOWS_KERNEL T written(Into into, T old, T value, T gate) {
  switch (into) {
    case Into::kSet:
      return value;
    case Into::kAdd:
      return old + value;
    case Into::kSubtract:
      return old - value;
    case Into::kRectified:
      return value > T(0) ? value : T(0);
    case Into::kGated:
      return gate > T(0) ? value : T(0);
  }
  return value;
}

// out[m] (into) bias[m] + sum_k a[m a_m + k a_k] b[k], k from begin(m) to end(m), for m of the product's range.
template <class T, class Bounds>
NFLOWS_KERNEL void product(const Tile& tile, const ProductShape& shape, const T* a, Index a_m, Index a_k,
                           const T* bias, const T* b, const T* gate, T* out, const Bounds& bounds) {
  const Index lanes = tile.lanes, groups = (shape.end - shape.begin + kThreadRows - 1) / kThreadRows;
  tile.each(groups, [&](Index group, Index lane) {
    const Index m = shape.begin + group * kThreadRows;
    const int n = shape.end - m < kThreadRows ? static_cast<int>(shape.end - m) : kThreadRows;
    T sum[kThreadRows];
#pragma unroll
    for (int i = 0; i < kThreadRows; ++i) sum[i] = bias != nullptr && i < n ? bias[m + i] : T(0);
    const auto [first, last] = bounds(m, m + n - 1);
    if (n == kThreadRows) {
      for (Index k = first; k < last; ++k) {
        const T value = b[k * lanes + lane];
#pragma unroll
        for (int i = 0; i < kThreadRows; ++i) sum[i] = fma(a[(m + i) * a_m + k * a_k], value, sum[i]);
      }
    } else {
      for (Index k = first; k < last; ++k) {
        const T value = b[k * lanes + lane];
#pragma unroll
        for (int i = 0; i < kThreadRows; ++i)
          if (i < n) sum[i] = fma(a[(m + i) * a_m + k * a_k], value, sum[i]);
      }
    }
#pragma unroll
    for (int i = 0; i < kThreadRows; ++i)
      if (i < n) {
        T& to = out[(m + i) * lanes + lane];
        to = written(shape.into, to, sum[i], gate != nullptr ? gate[(m + i) * lanes + lane] : T(0));
      }
  });
}

struct Between {
  Index first, last;
};

template <class T>
struct Replay<Op<ForwardProduct, Table<T>, Table<T>, In<T>, Out<T>, Table<std::int32_t>>> {
  static NFLOWS_KERNEL void run(const Tile& tile, const Step& step) {
    const auto& shape = tile.function<ForwardProduct>(step);
    const auto* row_end = tile.at<const std::int32_t>(step.views[4], 0);
    product<T>(tile, shape, tile.at<const T>(step.views[0], 0), shape.cols, 1,
               tile.at<const T>(step.views[1], 0), tile.at<const T>(step.views[2], 0), nullptr,
               tile.at<T>(step.views[3], 0),
               [&](Index, Index last_row) { return Between{0, row_end[last_row]}; });
  }
};

template <class T>
struct Replay<Op<DataGradient, Table<T>, In<T>, Out<T>, In<T>, Table<std::int32_t>>> {
  static NFLOWS_KERNEL void run(const Tile& tile, const Step& step) {
    const auto& shape = tile.function<DataGradient>(step);
    const auto* col_begin = tile.at<const std::int32_t>(step.views[4], 0) + shape.rows;
    product<T>(tile, shape, tile.at<const T>(step.views[0], 0), 1, shape.cols, nullptr,
               tile.at<const T>(step.views[1], 0), tile.at<const T>(step.views[3], 0),
               tile.at<T>(step.views[2], 0),
               [&](Index first_col, Index) { return Between{col_begin[first_col], shape.rows}; });
  }
};

// Sums over the tile's rows. Each thread begins with a row of its own, so that neighbours read different banks; that
// order is its own, and always the same.
template <class T>
struct Replay<Op<WeightGradient, In<T>, In<T>, Made<T>, Table<std::int32_t>>> {
  static NFLOWS_KERNEL void run(const Tile& tile, const Step& step) {
    const auto& shape = tile.function<WeightGradient>(step);
    const T *dy = tile.at<const T>(step.views[0], 0), *x = tile.at<const T>(step.views[1], 0);
    T* dweight = tile.at<T>(step.views[2], 0);
    const auto* row_end = tile.at<const std::int32_t>(step.views[3], 0);
    const Index lanes = tile.lanes, groups = (shape.rows + kThreadRows - 1) / kThreadRows;
    tile.block.each(groups * shape.cols, [&](Index at) {
      const std::int32_t i32 = static_cast<std::int32_t>(at), group = i32 / shape.cols;
      const Index r = Index{group} * kThreadRows, c = i32 - group * shape.cols;
      const int n = shape.rows - r < kThreadRows ? static_cast<int>(shape.rows - r) : kThreadRows;
      if (c >= row_end[r + n - 1]) return;
      T sum[kThreadRows] = {};
      for (Index i = 0; i < lanes; ++i) {
        const Index lane = (i + at) & (lanes - 1);
        const T value = x[c * lanes + lane];
#pragma unroll
        for (int k = 0; k < kThreadRows; ++k)
          if (k < n) sum[k] = fma(dy[(r + k) * lanes + lane], value, sum[k]);
      }
#pragma unroll
      for (int k = 0; k < kThreadRows; ++k)
        if (k < n && c < row_end[r + k]) dweight[(r + k) * shape.cols + c] += sum[k];
    });
  }
};

template <class T>
struct Replay<Op<BiasGradient, In<T>, Sum<T>>> {
  static NFLOWS_KERNEL void run(const Tile& tile, const Step& step) {
    tile.block.each(step.n, [&](Index j) {
      const T* dy = tile.at<const T>(step.views[0], j);
      T sum = T(0);
      for (Index i = 0; i < tile.lanes; ++i) sum += dy[(i + j) & (tile.lanes - 1)];
      *tile.at<T>(step.views[1], j) += sum;
    });
  }
};

template <class T>
struct Replay<Op<Copy, In<T>, Out<T>>> {
  static NFLOWS_KERNEL void run(const Tile& tile, const Step& step) {
    tile.each(step.n, [&](Index j, Index lane) {
      tile.at<T>(step.views[1], j)[lane] = tile.at<const T>(step.views[0], j)[lane];
    });
  }
};

}  // namespace nflows
