// Shift.
//
//   z = x - mu        log|dz/dx| = 0          NICE, Dinh et al. 2014, sec. 3.2
//
// Parameter per feature: mu. The identity at mu = 0.
#pragma once

#include "transformers/formula.h"

namespace nflows {

struct Additive {
  static constexpr int n_params = 1;

  template <class R, class P>
  static NFLOWS_FN Mapped<R> forward(R x, P p) {
    return {x - p[0], R(0)};
  }

  template <class R, class P>
  static NFLOWS_FN Mapped<R> inverse(R z, P p) {
    return {z + p[0], R(0)};
  }

  template <class R, class P, class D>
  static NFLOWS_FN R backward(R, P, R dz, R, D dp) {
    dp.set(0, -dz);
    return dz;
  }
};

}  // namespace nflows
