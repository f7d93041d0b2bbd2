// Yeo-Johnson power: stretches one side of zero and squeezes the other.
//
//   z = sign(x) ((1 + |x|)^e - 1) / e,   e = lambda for x >= 0 and 2 - lambda for x < 0      Yeo & Johnson 2000
//   log dz/dx = (e - 1) log(1 + |x|)
//
// lambda = 1 + c tanh(a / c), c = 0.9: neither power comes near zero, where the way back would overflow.
//
// Parameter per feature: a. The identity at a = 0.
#pragma once

#include "transformers/formula.h"

namespace nflows {

struct YeoJohnson {
  static constexpr int n_params = 1;

  template <class R, class P>
  static NFLOWS_FN Mapped<R> forward(R x, P p) {
    const R e = power(x, bend(p[0]).value), l = log1p(abs(x));
    return {copysign(expm1(e * l) / e, x), (e - R(1)) * l};
  }

  template <class R, class P>
  static NFLOWS_FN Mapped<R> inverse(R z, P p) {
    const R e = power(z, bend(p[0]).value), l = held(log1p(e * abs(z)) / e);
    return {copysign(expm1(l), z), (R(1) - e) * l};
  }

  // With v = e log(1 + |x|), dz/de = sign(x) (v exp(v) - expm1(v)) / e^2.
  template <class R, class P, class D>
  static NFLOWS_PART R backward(R x, P p, R dz, R dlog_det, D dp) {
    const LogScale<R> lambda = bend(p[0]);
    const R e = power(x, lambda.value), a = abs(x), l = log1p(a), v = e * l, one = R(1);
    const R there = expm1(v), by_e = (v * (there + one) - there) / (e * e);
    const R side = copysign(one, x), de = fma(side * dz, by_e, dlog_det * l);
    dp.set(0, select(x < R(0), -de, de) * lambda.slope);
    return fma(dz, exp((e - one) * l), side * dlog_det * (e - one) / (one + a));
  }

 private:
  template <class R>
  static NFLOWS_FN LogScale<R> bend(R raw) {
    return bounded(raw, static_cast<ScalarOf<R>>(0.9));
  }
  // The exponent on the side of zero where x is.
  template <class R>
  static NFLOWS_FN R power(R x, R bend) {
    return select(x < R(0), R(1) - bend, R(1) + bend);
  }
  // Beyond this the exponential overflows; rows so far out have been held long before (bijections/sequence.cpp).
  template <class R>
  static NFLOWS_FN R held(R l) {
    constexpr int kFar = kSingle<R> ? 80 : 700;
    return min(R(kFar), l);
  }
};

}  // namespace nflows
