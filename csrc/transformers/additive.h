// Shift.
//
//   z = x - mu        log|dz/dx| = 0          NICE, Dinh et al. 2014, sec. 3.2
//
// Parameter per feature: mu. The identity at mu = 0.
#pragma once

#include "transformers/transformer.h"

namespace nflows {

struct Additive {
  static constexpr int n_params = 1;

  template <class R>
  static NFLOWS_FN Mapped<R> forward(R x, const R* p) {
    return {x - p[0], R(0)};
  }

  template <class R>
  static NFLOWS_FN Mapped<R> inverse(R z, const R* p) {
    return {z + p[0], R(0)};
  }

  template <class R>
  static NFLOWS_FN Pulled<R, 1> backward(R, const R*, R dz, R) {
    return {dz, {-dz}};
  }
};

}  // namespace nflows
