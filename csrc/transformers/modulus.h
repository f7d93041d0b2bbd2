// Modulus power: pulls both tails in or stretches both (John & Draper 1980, "An alternative family of transformations").
//
//   z = sign(x) ((1 + |x|)^lambda - 1) / lambda        log dz/dx = (lambda - 1) log(1 + |x|)
//
// lambda = 1 + c tanh(a / c), c = 0.9, as for Yeo and Johnson's, which treats the two sides differently.
//
// Parameter per feature: a. The identity at a = 0.
#pragma once

#include "simd/signed_power.h"
#include "transformers/formula.h"

namespace nflows {

struct Modulus {
  static constexpr int n_params = 1;

  template <class R, class P>
  static NFLOWS_FN Mapped<R> forward(R x, P p) {
    const R lambda = R(1) + bend(p[0]).value;
    const auto at = SignedPower<R>::at(x);
    return {at.value(lambda), at.log_slope(lambda)};
  }

  template <class R, class P>
  static NFLOWS_FN Mapped<R> inverse(R z, P p) {
    const R lambda = R(1) + bend(p[0]).value;
    const auto at = SignedPower<R>::solve(z, lambda);
    return {at.x, -at.log_slope(lambda)};
  }

  template <class R, class P, class D>
  static NFLOWS_PART R backward(R x, P p, R dz, R dlog_det, D dp) {
    const LogScale<R> bent = bend(p[0]);
    const auto [dx, dlambda] = SignedPower<R>::at(x).backward(R(1) + bent.value, dz, dlog_det);
    dp.set(0, dlambda * bent.slope);
    return dx;
  }

 private:
  template <class R>
  static NFLOWS_FN LogScale<R> bend(R raw) {
    return bounded(raw, static_cast<ScalarOf<R>>(0.9));
  }
};

}  // namespace nflows
