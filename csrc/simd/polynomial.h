// Polynomials by Horner's rule, coefficients from the constant upwards.
#pragma once

#include "simd/lane.h"

namespace nflows {

template <class R>
NFLOWS_FN R polynomial(R, ScalarOf<R> last) {
  return R(last);
}
template <class R, class... Scalars>
NFLOWS_FN R polynomial(R x, ScalarOf<R> first, Scalars... higher) {
  return fma(x, polynomial(x, higher...), R(first));
}

}  // namespace nflows
