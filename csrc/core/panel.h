// Panels: sixteen data rows at a time, feature-major, `panel[feature][16]`.
//
// A Panels is a view of `count` panels that lie `stride` elements apart; it owns nothing. Because one feature
// of a panel is sixteen neighbouring numbers, a subset of consecutive features is a shift of the pointer, and
// a thread's whole workspace is one Panels of many rows from which every layer is handed its slice.
#pragma once

#include <algorithm>
#include <cstddef>

namespace nflows {

using Index = std::ptrdiff_t;

inline constexpr int kLanes = 16;

inline constexpr Index panels_for(Index n_rows) { return (n_rows + kLanes - 1) / kLanes; }

template <class T>
struct Panels {
  T* data = nullptr;
  Index stride = 0;  // elements from one panel to the next
  Index count = 0;   // panels

  T* row(Index panel, Index feature) const { return data + panel * stride + feature * kLanes; }

  // The features from `first` on.
  Panels from(Index first) const { return {data + first * kLanes, stride, count}; }

  // `n` panels from the `first` on.
  Panels slice(Index first, Index n) const { return {data + first * stride, stride, n}; }

  operator Panels<const T>() const { return {data, stride, count}; }  // NOLINT(google-explicit-constructor)
};

// A dense array of whole panels, as the caller's arrays are: (count, n_features, 16).
template <class T>
Panels<T> dense_panels(T* data, Index n_features, Index count) {
  return {data, n_features * kLanes, count};
}

// Copies n neighbouring features.
template <class T>
void copy_rows(Panels<const T> from, Panels<T> to, Index n) {
  for (Index p = 0; p < from.count; ++p) std::copy_n(from.row(p, 0), n * kLanes, to.row(p, 0));
}

}  // namespace nflows
