// Scaling with a bounded log-scale.
//
//   z = x exp(-alpha)        log|dz/dx| = -alpha          NICE's diagonal layer, Dinh et al. 2014, sec. 3.3
//   alpha = c tanh(a / c), c = 2
//
// Parameter per feature: a. The identity at a = 0.
#pragma once

#include "transformers/transformer.h"

namespace nflows {

struct Scale {
  static constexpr int n_params = 1;
  static constexpr int kBound = 2;  // as affine.h

  template <class R>
  static NFLOWS_FN Mapped<R> forward(R x, const R* p) {
    const R alpha = bounded(p[0], kBound).value;
    return {x * exp(-alpha), -alpha};
  }

  template <class R>
  static NFLOWS_FN Mapped<R> inverse(R z, const R* p) {
    const R alpha = bounded(p[0], kBound).value;
    return {z * exp(alpha), alpha};
  }

  template <class R>
  static NFLOWS_FN Pulled<R, 1> backward(R x, const R* p, R dz, R dlog_det) {
    const LogScale<R> alpha = bounded(p[0], kBound);
    const R dx = dz * exp(-alpha.value);
    return {dx, {-(dx * x + dlog_det) * alpha.slope}};
  }
};

}  // namespace nflows
