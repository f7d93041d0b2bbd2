// Tile: the rows that a block has in hand.
#pragma once

#include "core/program.h"
#include "cuda/thread_block.h"

namespace nflows {

// Where each space begins, and how many rows there are.
struct Tile {
  ThreadBlock block;
  int log_lanes;
  Index lanes;  // 2^log_lanes
  std::byte* spaces[kSpaces];
  double* parts;  // room for what items add to totals and sums
  Index n_parts;

  NFLOWS_KERNEL void set(Space space, const void* begin) {
    spaces[static_cast<int>(space)] = static_cast<std::byte*>(const_cast<void*>(begin));
  }

  // use(j, lane) for j < n and every row, all at the same time. Rows are a power of two: a device divides slowly.
  template <class F>
  NFLOWS_KERNEL void each(Index n, const F& use) const {
    const int bits = log_lanes, mask = (1 << bits) - 1;
    block.each(n << bits, [&](Index i) {
      const int at = static_cast<int>(i);
      use(Index{at >> bits}, Index{at & mask});
    });
  }

  template <class V>
  NFLOWS_KERNEL V* at(const View& view, Index j) const {
    Index unit = 1;
    if (view.space == Space::kSlots) unit = lanes * static_cast<Index>(sizeof(V));
    if (view.space == Space::kTotals) unit = lanes * static_cast<Index>(sizeof(double));
    if (view.space == Space::kNothing) return nullptr;
    return reinterpret_cast<V*>(spaces[static_cast<int>(view.space)] + (view.at + j * view.step) * unit);
  }
  template <class F>
  NFLOWS_KERNEL const F& function(const Step& step) const {
    return *reinterpret_cast<const F*>(spaces[static_cast<int>(Space::kConstants)] + step.function);
  }
};

}  // namespace nflows
