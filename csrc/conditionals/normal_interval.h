// The mass that a standard normal has on an interval, as its logarithm, with the gradient by both ends.
//
//   log(Phi(b) - Phi(a)) = log Phi(b) + log(1 - Phi(a) / Phi(b))        on the side where both are small
//                        = log phi(m) + log delta + log E exp(-m t - t^2 / 2),   t within +-delta / 2
//
// with m the middle and delta = b - a: the second form where the interval is narrow and the first would lose its digits,
// its mean by Gauss's four points. An end that is open stands at +-kOpenEnd.
#pragma once

#include "simd/math.h"
#include "simd/math_ndtri.h"

namespace nflows {

inline constexpr double kHalfLogTurn = 0.91893853320467274178;  // log(2 pi) / 2

// Far beyond all masses of the normal; squares are finite.
template <class R>
inline constexpr double kOpenEnd = kSingle<R> ? 1e4 : 1e6;

template <class R>
NFLOWS_FN R normal_log_density(R z) {
  return scalar<R>(-0.5) * z * z - scalar<R>(kHalfLogTurn);
}

// Phi(z).
template <class R>
NFLOWS_FN R ndtr(R z) {
  return exp(log_ndtr(z));
}

// Mills's ratio Phi(-a) / phi(a) for a >= 0.
template <class R>
NFLOWS_FN R mills_ratio(R a) {
  return scaled_tail(a) * scalar<R>(2.5066282746310002);
}

template <class R>
struct IntervalMass {
  R log_mass, middle;  // `middle` is the normal score of the mass's middle

  // `delta` is b - a, as the caller knows it best.
  NFLOWS_PART IntervalMass(R a, R b, R delta) {
    const R half = scalar<R>(0.5), m = half * (a + b);
    const MaskOf<R> right = m > R(0);
    const R log_high = log_ndtr(select(right, -a, b)), log_low = log_ndtr(select(right, -b, a));
    const R wide = log_high + log1p(-exp(min(R(0), log_low - log_high)));
    const MaskOf<R> is_narrow = delta * (R(1) + abs(m)) < scalar<R>(kSingle<R> ? 0.5 : 1e-2);
    const R d = select(is_narrow, delta, R(1)), at = select(is_narrow, m, R(0));
    const R sum = scalar<R>(0.3260725774312731) * points(at, d * scalar<R>(0.1699905217924281)) +
                  scalar<R>(0.1739274225687269) * points(at, d * scalar<R>(0.4305681557970263));
    log_mass = select(is_narrow, normal_log_density(at) + log(d) + log(sum), wide);
    const R part = half * exp(log_mass), lower = ndtr(a) + part, upper = ndtr(-b) + part;
    // So far out that masses vanish, all of it is at the nearer end.
    const R nearest = max(a, min(b, R(0)));
    middle = select(min(lower, upper) > scalar<R>(kSingle<R> ? 1e-30 : 1e-290), ndtri(lower, upper), nearest);
  }

  // d(log_mass)/da and /db, and d(middle)/da and /db.
  NFLOWS_FN R by_low(R a) const { return -exp(min(R(kMost), normal_log_density(a) - log_mass)); }
  NFLOWS_FN R by_high(R b) const { return exp(min(R(kMost), normal_log_density(b) - log_mass)); }
  NFLOWS_FN R middle_by(R end) const {
    return scalar<R>(0.5) * exp(min(R(kMost), scalar<R>(0.5) * (middle - end) * (middle + end)));
  }

 private:
  static constexpr ScalarOf<R> kMost = 80;

  static NFLOWS_FN R points(R m, R t) {
    const R bend = scalar<R>(-0.5) * t * t;
    return exp(bend - m * t) + exp(bend + m * t);
  }
};

}  // namespace nflows
