// Yeo-Johnson power: stretches one side of zero and squeezes the other.
//
//   z = sign(x) ((1 + |x|)^e - 1) / e,   e = lambda for x >= 0 and 2 - lambda for x < 0      Yeo & Johnson 2000
//   log dz/dx = (e - 1) log(1 + |x|)
//
// lambda = 1 + c tanh(a / c), c = 0.9: neither power comes near zero, where the way back would overflow.
//
// Parameter per feature: a. The identity at a = 0.
#pragma once

#include "simd/signed_power.h"
#include "transformers/formula.h"

namespace nflows {

struct YeoJohnson {
  static constexpr int n_params = 1;

  template <class R, class P>
  static NFLOWS_FN Mapped<R> forward(R x, P p) {
    const R e = power(x, bend(p[0]).value);
    const auto at = SignedPower<R>::at(x);
    return {at.value(e), at.log_slope(e)};
  }

  template <class R, class P>
  static NFLOWS_FN Mapped<R> inverse(R z, P p) {
    const R e = power(z, bend(p[0]).value);
    const auto at = SignedPower<R>::solve(z, e);
    return {at.x, -at.log_slope(e)};
  }

  template <class R, class P, class D>
  static NFLOWS_PART R backward(R x, P p, R dz, R dlog_det, D dp) {
    const LogScale<R> lambda = bend(p[0]);
    const auto [dx, de] = SignedPower<R>::at(x).backward(power(x, lambda.value), dz, dlog_det);
    dp.set(0, select(x < R(0), -de, de) * lambda.slope);
    return dx;
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
};

}  // namespace nflows
