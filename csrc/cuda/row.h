// What functions of a row (simd/each.h) get where a row is a thread's: numbers in place of lanes.
//
// A slot of a tile holds a number for each of its `lanes` rows.
#pragma once

#include "cuda/thread_block.h"
#include "simd/lane.h"

namespace nflows {

template <class T>
struct InRow {
  using Number = T;
  using Wide = double;
  const T* slot;
  Index lanes, lane;
  NFLOWS_FN T operator[](Index i) const { return slot[i * lanes + lane]; }
  NFLOWS_FN double wide() const { return reinterpret_cast<const double*>(slot)[lane]; }
};

template <class T>
struct OutRow {
  using Number = T;
  T* slot;
  Index lanes, lane;
  NFLOWS_FN T operator[](Index i) const { return slot[i * lanes + lane]; }
  NFLOWS_FN void set(Index i, T value) const { slot[i * lanes + lane] = value; }
  NFLOWS_FN void set_wide(double value) const { reinterpret_cast<double*>(slot)[lane] = value; }
};

// An item's part of a total or of a sum; replay.h adds the items' up.
struct TotalRow {
  double* part;
  NFLOWS_FN void add(double value) const { *part += value; }
  NFLOWS_FN void constant(double value) const { *part += value; }
};

template <class T>
struct SumRow {
  T total = T(0), factor = T(1);
  NFLOWS_FN void add(T value) { total += value; }
  NFLOWS_FN void times(T value) { factor = value; }
};

}  // namespace nflows
