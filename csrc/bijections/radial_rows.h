// A radial flow's functions of a row, and its derived values (radial.cpp has the formulas).
#pragma once

#include "bijections/ridge.h"
#include "core/once.h"
#include "transformers/formula.h"

namespace nflows {

inline constexpr int kRadiusBound = 5;

template <class T>
struct RadialShape {
  T alpha, alpha_slope, k, k_slope;  // slopes of log alpha and of k by their parameters

  struct Derive {
    Index n;
    NFLOWS_FN void operator()(const T* log_scale, const T* steepness, RadialShape* made) const {
      const LogScale<T> bound = bounded(*log_scale, T(kRadiusBound));
      const Steepness by(*steepness);
      *made = {sqrt(static_cast<T>(n)) * exp(bound.value), bound.slope, static_cast<T>(by.value()),
               static_cast<T>(by.slope())};
    }
  };
};

// What a row's distance from the center makes of it: 1 + k rho and 1 + k rho^2, the stretch across the radius and along
// it; the log-det, and its derivatives by rho and k.
template <class R>
struct RadialPoint {
  using T = ScalarOf<R>;
  R rho, across, along;
  T k, across_count;  // D - 1

  NFLOWS_FN RadialPoint(R q, T k_, Index n)
      : rho(R(T(1)) / (q + T(1))),
        across(fma(rho, R(k_), R(T(1)))),
        k(k_),
        across_count(static_cast<T>(n - 1)) {
    along = fma(rho * rho, R(k), R(T(1)));
  }
  NFLOWS_FN R log_det() const { return fma(log1p(rho * k), R(across_count), log1p(rho * rho * k)); }
  NFLOWS_FN R by_rho() const { return (R(across_count) / across + rho * T(2) / along) * k; }
  NFLOWS_FN R by_k() const { return rho * (R(across_count) / across + rho / along); }
};

// (x - c).v of a row.
template <class T, class X, class V>
NFLOWS_FN auto radial_dot(const T* center, X x, V v, Index n) {
  using R = typename X::Number;
  R total(T(0));
  for (Index j = 0; j < n; ++j) total = fma(x[j] - center[j], v[j], total);
  return total;
}

// |x - c|
template <class T, class X>
NFLOWS_FN auto radial_distance(const T* center, X x, Index n) {
  using R = typename X::Number;
  R total(T(0));
  for (Index j = 0; j < n; ++j) {
    const R d = x[j] - center[j];
    total = fma(d, d, total);
  }
  return sqrt(total);
}

// to = from + share (from - c)
template <class T, class X, class R, class Z>
NFLOWS_FN void radial_move(const T* center, X from, R share, Z to, Index n) {
  for (Index j = 0; j < n; ++j) {
    const R v = from[j];
    to.set(j, fma(share, v - center[j], v));
  }
}

// dq as a multiple of x - c: dq/dx = (x - c) / (alpha^2 q). At the center itself q has a kink, and no slope.
template <class R>
NFLOWS_FN R per_radius(R dq, R q, ScalarOf<R> alpha) {
  return select(q > ScalarOf<R>(0), dq / (q * (alpha * alpha)), R(0));
}

struct RadialForward {
  Index n;
  template <class S, class T, class X, class Z, class Q, class L>
  NFLOWS_FN void operator()(S s, const T* center, X x, Z z, Q q_kept, L log_det) const {
    using R = typename X::Number;
    const R q = radial_distance(center, x, n) * (1 / s.alpha);
    q_kept.set(0, q);
    const RadialPoint<R> at(q, s.k, n);
    radial_move(center, x, s.k * at.rho, z, n);
    log_det.add(at.log_det());
  }
};

// q (1 + k / (1 + q)) = y, or q^2 + b q - y = 0 with b = 1 + k - y; the positive root, without cancellation for either
// sign of b.
struct RadialInverse {
  Index n;
  template <class S, class T, class Z, class X, class Q, class L>
  NFLOWS_FN void operator()(S s, const T* center, Z z, X x, Q q_kept, L log_det) const {
    using R = typename Z::Number;
    const R y = radial_distance(center, z, n) * (1 / s.alpha), b = R(1 + s.k) - y;
    const R twice = abs(b) + sqrt(fma(b, b, y * T(4)));
    const R q = select(b < T(0), twice * T(0.5), y * T(2) / twice);
    q_kept.set(0, q);
    const RadialPoint<R> at(q, s.k, n);
    radial_move(center, z, -(s.k * at.rho) / at.across, x, n);
    log_det.add(-at.log_det());
  }
};

// The shares of x - c and of dz in dx - dz, and the gradients of the two scales.
struct RadialBackward {
  Index n;
  template <class S, class T, class X, class D, class Q, class L, class Share, class DA, class DK>
  NFLOWS_FN void operator()(S s, const T* center, X x, D dz, Q q_kept, L dlog_det, Share share,
                            DA&& dlog_alpha, DK&& dk) const {
    using R = typename X::Number;
    const R q = q_kept[0], dl = dlog_det[0];
    const RadialPoint<R> at(q, s.k, n);
    const R along = radial_dot(center, x, dz, n);
    const R dq = -(along * s.k + dl * at.by_rho()) * at.rho * at.rho;
    dk.add(along * at.rho + dl * at.by_k());
    dk.times(s.k_slope);
    dlog_alpha.add(-(dq * q));
    dlog_alpha.times(s.alpha_slope);
    share.set(0, per_radius(dq, q, s.alpha));
    share.set(1, s.k * at.rho);
  }
};

// The same of the inverse, by the implicit function theorem: the adjoint is solved for along and across the radius, and
// the parameters see forward's backward with -dz and -dlog_det.
struct RadialInverseBackward {
  Index n;
  template <class S, class T, class X, class D, class Q, class L, class Share, class DA, class DK>
  NFLOWS_FN void operator()(S s, const T* center, X x, D dx, Q q_kept, L dlog_det, Share share,
                            DA&& dlog_alpha, DK&& dk) const {
    using R = typename X::Number;
    const R q = q_kept[0], dl = dlog_det[0];
    const RadialPoint<R> at(q, s.k, n);
    const R outer = radial_dot(center, x, dx, n) / at.across;
    const R inward = (outer * s.k + dl * at.by_rho()) * at.rho * at.rho / at.along;
    const R along = fma(q, inward, outer);  // (x - c).dz
    dk.add(-(along * at.rho + dl * at.by_k()));
    dk.times(s.k_slope);
    dlog_alpha.add(-((along * s.k + dl * at.by_rho()) * at.rho * at.rho * q));
    dlog_alpha.times(s.alpha_slope);
    share.set(0, per_radius(inward, q, s.alpha));
    share.set(1, -(s.k * at.rho) / at.across);
  }
};

// din = dout + push, dc = -sum push, of one feature.
struct RadialMoveBackward {
  template <class T, class X, class D, class Share, class DX, class DC>
  NFLOWS_FN void operator()(T center, X x, D dout, Share share, DX din, DC&& dcenter) const {
    using R = typename X::Number;
    const R d = x[0] - center, above = dout[0];
    const R push = fma(share[0], d, share[1] * above);
    din.set(0, above + push);
    dcenter.add(-push);
  }
};

}  // namespace nflows
