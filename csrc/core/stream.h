// Streams: panels made, or taken away, a tile at a time by the owner of the rows.
//
// A table need not lie in panels before the engine starts, nor a result stay in them when it ends. Its owner hands
// over a function that moves a few panels to or from a dense piece of memory, and the thread that works on those
// panels calls it: they are still in its cache, no second array of the table's size is made, and the moving is
// shared out as the work is. A Stream is plain data, for it comes from other modules (Cython's), in a capsule.
#pragma once

#include <cstdint>

#include "core/index.h"

namespace nflows {

inline constexpr char kStreamName[] = "nflows_np.stream";  // of the capsules

// What rows of noise follow from (simd/counter_noise.h): a device makes them itself.
struct CounterNoise {
  std::uint64_t key, first_row;
};

struct Stream {
  // Moves panels [first, first + count), (count, n_features, 16) numbers, to or from `panels`. Called without the
  // GIL and from several threads; must not throw.
  void (*move)(void* owner, Index first, Index count, void* panels);
  // Moves n rows of the table, those that `rows` lists, to `panels`; null where rows cannot be read in any order. The
  // same holds for it.
  void (*gather)(void* owner, const std::int64_t* rows, Index n, void* panels);
  void* owner;
  Index n_rows, n_features;
  int itemsize;               // of a number
  std::uint64_t serial;       // of the streams of this process, from 1 on
  const CounterNoise* noise;  // or null: rows of a table, or of another generator
  bool in_order;              // the panels come first to last, each once, and no two calls at a time
};

}  // namespace nflows
