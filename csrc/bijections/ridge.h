// The curve that planar and Sylvester flows bend a direction by:
//
//   g(t) = t + m h(t),  h = tanh        log g'(t) = log(1 + m h'(t))
//
// g increases if m > -1. Here m > -c, c = 1 - e^-2, so that g squeezes by e^2 at most, like the affine transformer
// (transformers/affine.h says why a layer's squeeze is bounded).
#pragma once

#include "core/panel.h"
#include "simd/math.h"
#include "simd/roots.h"
#include "simd/rows.h"

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

  explicit Steepness(double raw) : a(raw), s(sqrt(raw * raw + kLowest * kLowest)) {}

  double value() const { return a * ratio(); }
  double ratio() const {
    return a < 0 ? kLowest * (s - a + kLowest) / ((s + kLowest) * (s - a)) : 1 + a / (s + kLowest);
  }
  double slope() const { return a < 0 ? kLowest * kLowest / (s * (s - a)) : 1 + a / s; }
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

// One feature of a tile along one such curve.
template <class T>
struct Ridge {
  using R = Rows<T>;
  T m;

  explicit Ridge(const Steepness& steepness) : m(static_cast<T>(steepness.value())) {}

  // h(t), h'(t) and the log-det, from t; in place is fine.
  void forward(Panels<const T> t, Panels<T> h, Panels<T> slope, Panels<double> log_det) const {
    const T m = this->m;
    for (Index p = 0; p < t.count; ++p) {
      const Slope<R> bend = tanh_slope(R::load(t.lanes(p, 0)));
      bend.value.store(h.lanes(p, 0));
      bend.slope.store(slope.lanes(p, 0));
      accumulate(log_det.lanes(p, 0), log1p(bend.slope * m));
    }
  }

  // The same, and the inverse's log-det, from y = g(t).
  void inverse(Panels<const T> y, Panels<T> h, Panels<T> slope, Panels<double> log_det) const {
    const T m = this->m;
    for (Index p = 0; p < y.count; ++p) {
      const Slope<R> bend = tanh_slope(root(m, R::load(y.lanes(p, 0))));
      bend.value.store(h.lanes(p, 0));
      bend.slope.store(slope.lanes(p, 0));
      accumulate(log_det.lanes(p, 0), -log1p(bend.slope * m));
    }
  }

  // The adjoint dt from that of h, and dm += sum over rows of dlog_det d(log_det)/dm; in place is fine.
  void backward(Panels<const T> h, Panels<const T> slope, Panels<const T> dh, Panels<const T> dlog_det,
                Panels<T> dt, T* dm) const {
    const T m = this->m;
    R total(T(0));
    for (Index p = 0; p < h.count; ++p) {
      const R s = R::load(slope.lanes(p, 0)), dl = R::load(dlog_det.lanes(p, 0)) / fma(s, R(m), R(T(1)));
      total += dl * s;
      (s * (R::load(dh.lanes(p, 0)) - dl * R::load(h.lanes(p, 0)) * (2 * m))).store(dt.lanes(p, 0));
    }
    *dm += sum(total);
  }

  // The same of the inverse, at its solution t, by the implicit function theorem: minus backward's, over g'(t).
  void inverse_backward(Panels<const T> h, Panels<const T> slope, Panels<const T> dh,
                        Panels<const T> dlog_det, Panels<T> dt, T* dm) const {
    const T m = this->m;
    R total(T(0));
    for (Index p = 0; p < h.count; ++p) {
      const R s = R::load(slope.lanes(p, 0)), per = R(T(1)) / fma(s, R(m), R(T(1)));
      const R dl = R::load(dlog_det.lanes(p, 0)) * per;
      total += dl * s;
      (s * per * (dl * R::load(h.lanes(p, 0)) * (2 * m) - R::load(dh.lanes(p, 0)))).store(dt.lanes(p, 0));
    }
    *dm -= sum(total);
  }

 private:
  // The t with t + m tanh t = y. All is odd in t: let y >= 0, hence t >= 0. There 0 <= tanh t <= min(t, 1), so
  //
  //   m >= 0:   max(y / (1 + m), y - m) <= t <= y        and g is concave;
  //   m < 0:    y <= t <= min(y / (1 + m), y - m)        and g is convex.
  //
  // Newton's steps begin at the end that both bounds give, below a concave g and above a convex one, from which they go
  // to the root without passing it.
  static NFLOWS_FN R root(T m, R y) {
    const R size = abs(y), scaled = size * (1 / (1 + m)), shifted = size - m;
    const R start = m < 0 ? min(scaled, shifted) : max(scaled, shifted);
    const R t = monotone_root(RidgeError<R>{R(m), size}, min(start, size), max(start, size), start);
    return copysign(t, y);
  }
};

}  // namespace nflows
