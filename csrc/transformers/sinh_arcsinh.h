// Sinh-arcsinh: shift and stretch on the scale of asinh.
//
//   z = sinh(u),   u = delta asinh(x) - epsilon                         Jones & Pewsey 2009, Biometrika 96(4), eq. 1
//   log dz/dx = log delta + log cosh u - log cosh(asinh x)
//
// epsilon skews, and delta sets the tails: far out z grows as |x|^delta, so delta < 1 turns power-law tails into the
// base's light ones, which no affine map can. Both are bounded, by c tanh(a / c): |log delta| < 1, |epsilon| < 3.
//
// Parameters per feature: those of epsilon and log delta. The identity at 0, 0.
#pragma once

#include "transformers/formula.h"

namespace nflows {

struct SinhArcsinh {
  static constexpr int n_params = 2;
  static constexpr int kSkewBound = 3, kTailBound = 1;

  template <class R, class P>
  static NFLOWS_PART Mapped<R> forward(R x, P p) {
    const R tail = bounded(p[1], kTailBound).value, a = asinh(x);
    const R u = held(exp(tail) * a - bounded(p[0], kSkewBound).value);
    return {sinh(u), tail + log_cosh(u) - log_cosh(a)};
  }

  template <class R, class P>
  static NFLOWS_PART Mapped<R> inverse(R z, P p) {
    const R tail = bounded(p[1], kTailBound).value, u = asinh(z);
    const R a = held((u + bounded(p[0], kSkewBound).value) * exp(-tail));
    return {sinh(a), log_cosh(a) - log_cosh(u) - tail};
  }

  template <class R, class P, class D>
  static NFLOWS_PART R backward(R x, P p, R dz, R dlog_det, D dp) {
    const LogScale<R> skew = bounded(p[0], kSkewBound), tail = bounded(p[1], kTailBound);
    const R a = asinh(x), delta = exp(tail.value), u = held(delta * a - skew.value), e_u = exp(abs(u));
    const R cosh_u = (e_u + R(1) / e_u) * R(0.5), per_cosh_a = R(1) / sqrt(fma(x, x, R(1)));
    const R du = fma(dz, cosh_u, dlog_det * tanh(u));  // d log cosh = tanh
    const R dx = (du * delta - dlog_det * x * per_cosh_a) * per_cosh_a;
    dp.set(0, -du * skew.slope);
    dp.set(1, fma(du, a * delta, dlog_det) * tail.slope);
    return dx;
  }

 private:
  // Beyond this the exponential overflows; rows so far out have been held long before (bijections/sequence.cpp).
  template <class R>
  static NFLOWS_FN R held(R u) {
    constexpr int kFar = kSingle<R> ? 80 : 700;
    return max(R(-kFar), min(R(kFar), u));
  }

  // log1p and expm1 keep the digits near zero that the textbook forms cancel.
  template <class R>
  static NFLOWS_FN R asinh(R x) {
    const R a = abs(x);
    return copysign(log1p(a + a * a / (R(1) + sqrt(fma(a, a, R(1))))), x);
  }
  template <class R>
  static NFLOWS_FN R sinh(R u) {
    const R t = expm1(abs(u));
    return copysign((t + t / (t + R(1))) * R(0.5), u);
  }
  template <class R>
  static NFLOWS_FN R log_cosh(R u) {
    constexpr double kLog2 = 0.69314718055994530942;
    return abs(u) + log1p(exp(abs(u) * R(-2))) - scalar<R>(kLog2);
  }
};

}  // namespace nflows
