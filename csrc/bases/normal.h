// One feature of a normal density with free location and scale, which the normal bases are made of.
//
//   u = (z - loc) exp(-alpha)        log p = -u^2 / 2 - alpha - log(2 pi) / 2        alpha = c tanh(a / c), c = 7
//
// Scales from 1/1000 to 1000: the bijections have whitened what a base sees, and no component of a mixture can collapse
// onto a row.
#pragma once

#include "simd/each.h"
#include "transformers/formula.h"

namespace nflows {

inline constexpr double kHalfLogTwoPi = 0.91893853320467274178;
inline constexpr double kBaseScaleBound = 7.0;

// A value whose square is finite. Rows that far out have a log-density of -5e35 or less, and how much less does not
// matter.
template <class R>
NFLOWS_FN R squarable(R u) {
  const R largest = scalar<R>(kSingle<R> ? 1e18 : 1e150);
  return max(-largest, min(largest, u));
}

template <class T>
struct NormalFeature {
  T loc, scale, slope;  // scale = exp(-alpha), slope = d(alpha)/da
  double normaliser;

  NormalFeature() = default;
  NFLOWS_FN NormalFeature(T location, T a) : loc(location) {
    const LogScale<double> bound = bounded(static_cast<double>(a), kBaseScaleBound);
    scale = static_cast<T>(exp(-bound.value));
    slope = static_cast<T>(bound.slope);
    normaliser = -bound.value - kHalfLogTwoPi;
  }

  template <class R>
  NFLOWS_FN R standardised(R z) const {
    return squarable((z - loc) * scale);
  }

  // The feature's part of log p, but for the normaliser.
  template <class R>
  NFLOWS_FN R log_prob(R z) const {
    const R u = standardised(z);
    return u * u * T(-0.5);
  }

  // For a row of adjoint g = dL/d(log p): adds to the gradients by loc and a, and returns that by z.
  template <class R, class DLoc, class DA>
  NFLOWS_FN R backward(R z, R g, DLoc&& dloc, DA&& da) const {
    const R u = standardised(z), by_loc = u * g * scale;
    dloc.add(by_loc);
    da.add((u * u - T(1)) * g * slope);
    return -by_loc;
  }
};

template <class T>
struct NormalDerive {
  NFLOWS_FN void operator()(const T* loc, const T* a, NormalFeature<T>* made) const { *made = {*loc, *a}; }
};

}  // namespace nflows
