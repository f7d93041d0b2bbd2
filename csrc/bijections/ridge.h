// The curve that planar and Sylvester flows bend a direction by:
//
//   g(t) = t + m h(t),  h = tanh        log g'(t) = log(1 + m h'(t))
//
// g increases if m > -1. Here m > -c, c = 1 - e^-2, so that g squeezes by e^2 at most, like the affine transformer
// (transformers/affine.h says why a layer's squeeze is bounded).
#pragma once

#include "simd/each.h"
#include "simd/math.h"
#include "simd/roots.h"

namespace nflows {

// m of a free number a, where the papers say "enforce m > -1" by a softplus. A squareplus (Barron 2021,
// arXiv:2112.11687), scaled and shifted so that m = 0 and m' = 1 at a = 0, where flows start:
//
//   m(a) = a + s - c,  s = sqrt(a^2 + c^2)       m / a = 1 + a / (s + c)       m' = 1 + a / s
//
// For a < 0 these cancel, and stand multiplied by (s - a) / (s - a). In double: once per layer, not per row.
struct Steepness {
  static constexpr double kLowest = 0.86466471676338730811;  // c
  double a, s;

  NFLOWS_FN explicit Steepness(double raw) : a(raw), s(sqrt(raw * raw + kLowest * kLowest)) {}

  NFLOWS_FN double value() const { return a * ratio(); }
  NFLOWS_FN double ratio() const {
    return a < 0 ? kLowest * (s - a + kLowest) / ((s + kLowest) * (s - a)) : 1 + a / (s + kLowest);
  }
  NFLOWS_FN double slope() const { return a < 0 ? kLowest * kLowest / (s * (s - a)) : 1 + a / s; }
};

// tanh t and its derivative, both to a few units in the last place however far t is out, from k = e^{2|t|} - 1:
// tanh |t| = k / (k + 2), and 1 - tanh^2 t = 4 (k + 1) / (k + 2)^2 has no difference in it.
template <class R>
NFLOWS_FN Slope<R> tanh_slope(R t) {
  constexpr int kFar = kSingle<R> ? 80 : 700;  // beyond, e^{2|t|} would overflow
  const R k = expm1(min(R(kFar), abs(t + t))), per = R(1) / (k + R(2));
  return {copysign(k * per, t), (k + R(1)) * per * per * R(4)};
}

template <class R>
struct RidgeError {
  R m, y;
  NFLOWS_FN Slope<R> operator()(R t) const {
    const Slope<R> h = tanh_slope(t);
    return {fma(m, h.value, t) - y, fma(m, h.slope, R(1))};
  }
};

// One such curve.
template <class T>
struct Ridge {
  T m;

  Ridge() = default;
  NFLOWS_FN explicit Ridge(const Steepness& steepness) : m(static_cast<T>(steepness.value())) {}

  // The t with t + m tanh t = y. All is odd in t: let y >= 0, hence t >= 0. There 0 <= tanh t <= min(t, 1), so
  //
  //   m >= 0:   max(y / (1 + m), y - m) <= t <= y        and g is concave;
  //   m < 0:    y <= t <= min(y / (1 + m), y - m)        and g is convex.
  //
  // Newton's steps begin at the end that both bounds give, below a concave g and above a convex one, from which they go
  // to the root without passing it.
  template <class R>
  NFLOWS_FN R root(R y) const {
    const R size = abs(y), scaled = size * (1 / (1 + m)), shifted = size - m;
    const R start = m < 0 ? min(scaled, shifted) : max(scaled, shifted);
    const R t = monotone_root(RidgeError<R>{R(m), size}, min(start, size), max(start, size), start);
    return copysign(t, y);
  }
};

// h(t), h'(t) and the log-det, from t; in place is fine.
struct RidgeForward {
  template <class C, class X, class H, class S, class L>
  NFLOWS_FN void operator()(C ridge, X t, H h, S slope, L log_det) const {
    const auto bend = tanh_slope(t[0]);
    h.set(0, bend.value);
    slope.set(0, bend.slope);
    log_det.add(log1p(bend.slope * ridge.m));
  }
};

// The same, and the inverse's log-det, from y = g(t).
struct RidgeInverse {
  template <class C, class Y, class H, class S, class L>
  NFLOWS_FN void operator()(C ridge, Y y, H h, S slope, L log_det) const {
    const auto bend = tanh_slope(ridge.root(y[0]));
    h.set(0, bend.value);
    slope.set(0, bend.slope);
    log_det.add(-log1p(bend.slope * ridge.m));
  }
};

// The adjoint dt from that of h, and dm += sum over rows of dlog_det d(log_det)/dm; in place is fine.
struct RidgeBackward {
  template <class C, class H, class S, class D, class L, class DT, class DM>
  NFLOWS_FN void operator()(C ridge, H h, S slope, D dh, L dlog_det, DT dt, DM&& dm) const {
    using R = typename H::Number;
    const R s = slope[0], dl = dlog_det[0] / fma(s, R(ridge.m), R(1));
    dm.add(dl * s);
    dt.set(0, s * (dh[0] - dl * h[0] * (2 * ridge.m)));
  }
};

// The same of the inverse, at its solution t, by the implicit function theorem: minus backward's, over g'(t).
struct RidgeInverseBackward {
  template <class C, class H, class S, class D, class L, class DT, class DM>
  NFLOWS_FN void operator()(C ridge, H h, S slope, D dh, L dlog_det, DT dt, DM&& dm) const {
    using R = typename H::Number;
    const R s = slope[0], per = R(1) / fma(s, R(ridge.m), R(1));
    const R dl = dlog_det[0] * per;
    dm.add(dl * s);
    dm.times(-1);
    dt.set(0, s * per * (dl * h[0] * (2 * ridge.m) - dh[0]));
  }
};

}  // namespace nflows
