// Scaling with a bounded log-scale.
//
//   z = x exp(-alpha)        log|dz/dx| = -alpha          NICE's diagonal layer, Dinh et al. 2014, sec. 3.3
//   alpha = c tanh(a / c), c = 2
//
// Parameter per feature: a. The identity at a = 0.
#pragma once

#include "transformers/formula.h"

namespace nflows {

struct Scale {
  static constexpr int n_params = 1;
  static constexpr int kBound = 2;  // as affine.h

  template <class R, class P>
  static NFLOWS_FN Mapped<R> forward(R x, P p) {
    const R alpha = bounded(p[0], kBound).value;
    return {x * exp(-alpha), -alpha};
  }

  template <class R, class P>
  static NFLOWS_FN Mapped<R> inverse(R z, P p) {
    const R alpha = bounded(p[0], kBound).value;
    return {z * exp(alpha), alpha};
  }

  template <class R, class P, class D>
  static NFLOWS_FN R backward(R x, P p, R dz, R dlog_det, D dp) {
    const LogScale<R> alpha = bounded(p[0], kBound);
    const R dx = dz * exp(-alpha.value);
    dp.set(0, -(dx * x + dlog_det) * alpha.slope);
    return dx;
  }
};

}  // namespace nflows
