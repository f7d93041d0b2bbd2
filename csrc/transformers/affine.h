// Affine map with a bounded log-scale.
//
//   z = x exp(-alpha) + t            log|dz/dx| = -alpha        RealNVP, Dinh et al. 2016, eq. 7;
//   alpha = c tanh(a / c), c = 2                                MAF, Papamakarios et al. 2017: mu = -t exp(alpha)
//
// The shift comes after the scale: an error of the net's t is one in units of z, whatever the scale. Subtracted from x
// before it, it would count exp(-alpha) times as much, and no step of Adam is so fine where columns are nearly discrete
// or collinear.
//
// A layer squeezes or stretches by e^2 = 7 at most, and each e^2 of a squeeze costs a digit on the way back: five
// layers at their worst leave float32 three digits, and c = 5 would leave none. Held-out likelihoods of trained
// flows do not tell c = 2 from 3.
//
// Parameters per feature: t, a. The identity at t = a = 0.
#pragma once

#include "transformers/formula.h"

namespace nflows {

struct Affine {
  static constexpr int n_params = 2;
  static constexpr int kBound = 2;

  template <class R, class P>
  static NFLOWS_FN Mapped<R> forward(R x, P p) {
    const R alpha = bounded(p[1], kBound).value;
    return {fma(x, exp(-alpha), p[0]), -alpha};
  }

  template <class R, class P>
  static NFLOWS_FN Mapped<R> inverse(R z, P p) {
    const R alpha = bounded(p[1], kBound).value;
    return {(z - p[0]) * exp(alpha), alpha};
  }

  template <class R, class P, class D>
  static NFLOWS_FN R backward(R x, P p, R dz, R dlog_det, D dp) {
    const LogScale<R> alpha = bounded(p[1], kBound);
    const R dx = dz * exp(-alpha.value);
    dp.set(1, -(dx * x + dlog_det) * alpha.slope);
    dp.set(0, dz);
    return dx;
  }
};

}  // namespace nflows
