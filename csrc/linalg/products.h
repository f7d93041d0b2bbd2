// The three products of a linear layer y = W x + b over a tile of panels, dense or masked.
//
//   forward          y  = b + W x        lanes are data rows
//   data gradient    dx = W^T dy         lanes are data rows
//   weight gradient  dW += dy x^T        lanes are columns of W: x is transposed first, panel by panel;
//                                        where rows of W are short, lanes are data rows, summed at the end
//
// All three are one loop (tile.h): out(m, lane) += sum_k a(m, k) b(k, lane), where a is read one scalar at a time
// and broadcast, so W is read where it lies, and b in whole registers. They differ in their strides. Every element
// of a product is one chain of multiply-adds in the order of k, whatever tile it falls into: a row's results do not
// depend on how many rows there are.
//
// A mask is a Staircase: row r of W is nonzero in its first row_end[r] columns only, and row_end does not
// decrease. The loops stop at the step of their tile; the few masked weights inside a tile's last step are
// stored zeros, to which the weight gradient adds zeros or nothing.
#pragma once

#include <vector>

#include "core/panel.h"

namespace nflows {

struct Staircase {
  Index rows = 0, cols = 0, unmasked = 0;
  std::vector<Index> row_end;    // (rows,)  first masked column of each row
  std::vector<Index> col_begin;  // (cols,)  first unmasked row of each column

  static Staircase full(Index rows, Index cols);
  static Staircase steps(std::vector<Index> row_end, Index cols);

  Index size() const { return rows * cols; }
};

// How the result is written: over the old value, or added to it, or subtracted. ReLUs cost nothing on the way out:
// kRectified writes the positive part, kGated zero where `gate`, the values that a ReLU gave, is zero.
enum class Into { kSet, kAdd, kSubtract, kRectified, kGated };

// y[r] = (bias[r] or 0) + sum_c W[r][c] x[c] for begin <= r < end; bias may be null.
template <class T>
void forward_product(const Staircase& mask, const T* weight, const std::type_identity_t<T>* bias, Read<T> x,
                     Panels<T> y, Index begin, Index end, Into into = Into::kSet);

// dx[c] (=, +=, -=) sum_r W[r][c] dy[r] for begin <= c < end.
template <class T>
void data_gradient(const Staircase& mask, const T* weight, Read<T> dy, Panels<T> dx, Index begin, Index end,
                   Into into = Into::kSet, Read<T> gate = {});

// dW[r][c] += sum over data rows of dy[r] x[c], for unmasked (r, c); overwrites kGradientScratch rows of scratch.
inline constexpr Index kGradientScratch = 2 * kLanes;
template <class T>
void weight_gradient(const Staircase& mask, Read<T> dy, Read<T> x, Panels<T> scratch, T* dweight);

// db[r] += sum over data rows of dy[r].
template <class T>
void bias_gradient(Index n_features, Read<T> dy, T* dbias);

}  // namespace nflows
