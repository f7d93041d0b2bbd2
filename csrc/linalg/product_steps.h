// The products (products.h) as steps of a program (core/program.h).
//
// A step is one product of a whole tile. The mask goes with it as 32-bit numbers, row_end of every row and then col_begin
// of every column, and operands are whole: W, x, y, not only the rows that are asked for.
#pragma once

#include <cstdint>

#include "core/operands.h"
#include "linalg/products.h"
#include "simd/lane.h"

namespace nflows {

struct ProductShape {
  std::int32_t rows, cols, begin, end;
  Into into;
};
struct ForwardProduct : ProductShape {};
struct DataGradient : ProductShape {};
struct WeightGradient : ProductShape {};

// As a function of a row (simd/each.h).
struct BiasGradient {
  template <class DY, class DB>
  NFLOWS_FN void operator()(DY dy, DB&& dbias) const {
    dbias.add(dy[0]);
  }
};

// Writes a product down, if anything is recording.
template <class Product, class... Args>
bool recorded_product(const Staircase& mask, Index begin, Index end, Into into, const Args&... args) {
  if (!kRecords || !Recorder::any() || Recorder::current() == nullptr) return false;
  if (begin == end) return true;
  std::vector<std::int32_t> ends(mask.row_end.begin(), mask.row_end.end());
  ends.insert(ends.end(), mask.col_begin.begin(), mask.col_begin.end());
  const auto count = [](Index i) { return static_cast<std::int32_t>(i); };
  const Product shape{{count(mask.rows), count(mask.cols), count(begin), count(end), into}};
  return Op<Product, Args..., Table<std::int32_t>>::recorded(1, shape, args...,
                                                             Table(ends.data(), std::ssize(ends)));
}

}  // namespace nflows
