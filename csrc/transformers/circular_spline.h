// Rational-quadratic spline of the circle, as its lift to the line.
//
//   z = x + (spline(r) - r) + phi,   r = x - 2 pi k in [-pi, pi]        Rezende et al. 2020, sec. 2.1.2 and eq. 9
//
// x and x + 2 pi are one angle. The spline takes [-pi, pi] to itself with equal slopes at both ends; the phase phi moves
// those ends too. What a full turn more of x adds to z is a full turn: the map of the line is a bijection, so nothing has
// to be wrapped, and the map of the circle is what it does to angles. Beyond the range of sin and cos (math_trig.h), where
// an angle is lost in rounding, r is 0.
//
// Parameters per feature: one for phi, bounded by c tanh(./c) with c = 2 pi, then those of the spline
// (rational_quadratic.h). The identity at 0.
#pragma once

#include "transformers/rational_quadratic.h"

namespace nflows {

template <int kMaxBins>
class CircularSplineOf {
  using Spline = RationalQuadraticOf<kMaxBins>;

 public:
  using Small = CircularSplineOf<16>;
  static constexpr int kMost = kMaxBins;
  NFLOWS_FN int size() const { return spline_.size(); }

  static constexpr bool is_angle = true;
  int n_params;

  explicit CircularSplineOf(const Spec& spec) : CircularSplineOf(Spline(spec, Spline::Tails::kCircular)) {}

  template <class R, class P>
  NFLOWS_FN Mapped<R> forward(R x, P p) const {
    const R r = spline_.held(within_turn(x));
    const Mapped<R> bent = spline_.forward(r, After<1, P>{p});
    return {x + (bent.value - r + phase<R>(p).value), bent.log_det};
  }

  template <class R, class P>
  NFLOWS_FN Mapped<R> inverse(R z, P p) const {
    const R u = z - phase<R>(p).value, r = spline_.held(within_turn(u));
    const Mapped<R> bent = spline_.inverse(r, After<1, P>{p});
    return {u + (bent.value - r), bent.log_det};
  }

  template <class R, class P, class D>
  NFLOWS_PART R backward(R x, P p, R dz, R dlog_det, D dp) const {
    const R r = spline_.held(within_turn(x)), phase_slope = phase<R>(p).slope;
    const R dx = spline_.backward(r, After<1, P>{p}, dz, dlog_det, After<1, D>{dp});
    dp.set(0, dz * phase_slope);
    return dx;
  }

 private:
  template <class R, class P>
  static NFLOWS_FN LogScale<R> phase(P p) {
    return bounded(p[0], static_cast<ScalarOf<R>>(6.283185307179586));
  }

  explicit CircularSplineOf(const Spline& spline) : n_params(1 + spline.n_params), spline_(spline) {}

  Spline spline_;
};

using CircularSpline = CircularSplineOf<128>;

}  // namespace nflows
