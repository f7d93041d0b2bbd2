// Sums, shifts and negatives of n neighbouring features of a tile.
#pragma once

#include "core/panel.h"
#include "simd/rows.h"

namespace nflows {

template <class T>
void add_features(Read<T> from, Panels<T> to, Index n) {
  for (Index p = 0; p < from.count; ++p)
    for (Index j = 0; j < n; ++j)
      (Rows<T>::load(to.lanes(p, j)) + Rows<T>::load(from.lanes(p, j))).store(to.lanes(p, j));
}

// Adds sign shift_j to feature j.
template <class T>
void add_shift(const T* shift, T sign, Panels<T> x, Index n) {
  for (Index p = 0; p < x.count; ++p)
    for (Index j = 0; j < n; ++j) (Rows<T>::load(x.lanes(p, j)) + sign * shift[j]).store(x.lanes(p, j));
}

template <class T>
void negate_features(Read<T> from, Panels<T> to, Index n) {
  for (Index p = 0; p < from.count; ++p)
    for (Index j = 0; j < n; ++j) (-Rows<T>::load(from.lanes(p, j))).store(to.lanes(p, j));
}

}  // namespace nflows
