// erf.
//
//   |x| < 1   erf x = x + x p(x^2)
//   |x| >= 1  erf x = 1 - erfc x; float: erfc x = e^{g(x)}; double: erfc x = e^{-x^2} h(1 / (x + 3))
//
// All polynomials are minimax, weighted by what their error does to erf. Both forms are computed and one is taken.
//
//             max ULP float, double    ends
//   erf       1.4, 2.0                 odd, bit by bit; +-1 from 3.9 / 5.9; -0 is itself
//
// The bounds hold for every number, with and without fused multiply-adds. NaN in, NaN out.
#pragma once

#include "simd/lane.h"
#include "simd/math_exp.h"
#include "simd/polynomial.h"

namespace nflows {

// 1 - erf a for 1 <= a, error relative to erf: 2^-35, 2^-57.
template <class R>
NFLOWS_FN R erfc_tail(R a) {
  if constexpr (kSingle<R>) {
    const R b = min(R(4), a);
    return exp(polynomial(b, 0.000189442319f, -1.12958455f, -0.633208632f, -0.108429857f, 0.0252149031f,
                          -0.00420686463f, 0.000441770535f, -2.17211982e-05f));
  } else {
    const R b = min(R(6), a);
    const R t = R(1) / (b + R(3));
    return exp(-(b * b)) * polynomial(t, 0.00012690214643658714, 0.55688296699782114, 1.8842924714634439,
                                      1.7690042461782982, 44.624778211034354, -205.27644800898548,
                                      1314.0122927039447, -4548.5684610765074, 12215.110837613936,
                                      -19637.263792858215, 16398.961972420686, -5542.1219646418504);
  }
}

template <class R>
NFLOWS_FN R erf(R x) {
  const R a = abs(x);
  const R z = x * x;
  R p;  // error relative to erf: 2^-29.4, 2^-56
  if constexpr (kSingle<R>) {
    p = polynomial(z, 0.128379166f, -0.37612626f, 0.112835787f, -0.0268533546f, 0.00518720085f,
                   -0.000799845962f, 7.8098863e-05f);
  } else {
    p = polynomial(z, 0.12837916709551256, -0.37612638903183376, 0.11283791670939435, -0.026866170642465419,
                   0.0052239776014649936, -0.00085483257295496638, 0.00012055288149827369,
                   -1.4924616562563335e-05, 1.6446037432283709e-06, -1.6198497972261276e-07,
                   1.3679262229404172e-08, -7.7236432919981987e-10);
  }
  return select(a < R(1), fma(x, p, x), copysign(R(1) - erfc_tail(a), x));
}

}  // namespace nflows
