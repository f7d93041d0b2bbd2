// Panels: sixteen data rows at a time, feature-major, `panel[feature][16]`.
//
// A line of a panel is a feature, or a slot where it is working memory; its sixteen numbers are lanes, one for each data
// row. A Panels is a view of `count` panels that lie `stride` elements apart; it owns nothing. Consecutive features are
// a shift of the pointer, and so a thread's whole workspace is one Panels of many slots, of which every layer is handed
// its slice.
#pragma once

#include <algorithm>
#include <type_traits>

#include "core/index.h"

namespace nflows {

template <class T>
struct Panels {
  T* data = nullptr;
  Index stride = 0;  // elements from one panel to the next
  Index count = 0;   // panels

  // The lanes of one feature of one panel.
  T* lanes(Index panel, Index feature) const { return data + panel * stride + feature * kLanes; }

  // The features from `first` on.
  Panels feature(Index first) const { return {data + first * kLanes, stride, count}; }

  // `n` panels from the `first` on.
  Panels slice(Index first, Index n) const { return {data + first * stride, stride, n}; }

  operator Panels<const T>() const { return {data, stride, count}; }  // NOLINT(google-explicit-constructor)
};

// Panels that a function reads, of the type that its other arguments have.
template <class T>
using Read = Panels<const std::type_identity_t<T>>;

// A dense array of whole panels, as the caller's arrays are: (count, n_features, 16).
template <class T>
Panels<T> dense_panels(T* data, Index n_features, Index count) {
  return {data, n_features * kLanes, count};
}

}  // namespace nflows
