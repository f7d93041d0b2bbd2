// log Gamma(x + 1/2) - log Gamma(x) and its derivative, for x >= 1/4: what Student's t needs of the gamma function.
//
// The difference, unlike its two terms, stays of order log x. From x = 10 its asymptotic series ends below rounding
// (DLMF 5.11.8, at a = 1/2 less that at 0); smaller x are moved there by
//
//   Gamma(x + 1/2) / Gamma(x) = Gamma(x + 3/2) / Gamma(x + 1) * x / (x + 1/2).
//
// Absolute errors below 4e-15 and, of the derivative, 2e-15 + 1e-15 / x^2.
#pragma once

#include "simd/math.h"

namespace nflows {

struct GammaRatio {
  double log, slope;
};

NFLOWS_PART GammaRatio gamma_ratio(double x) {
  double ratio = 1.0, slope = 0.0;
  for (; x < 10.0; x += 1.0) {
    ratio *= x / (x + 0.5);
    slope += 0.5 / (x * (x + 0.5));
  }
  const double y = 1.0 / x, z = y * y;
  const double series =
      polynomial(z, -1.0 / 8, 1.0 / 192, -1.0 / 640, 17.0 / 14336, -31.0 / 18432, 691.0 / 180224);
  const double dseries = polynomial(z, 1.0 / 8, -3.0 / 192, 5.0 / 640, -7 * 17.0 / 14336, 9 * 31.0 / 18432,
                                    -11 * 691.0 / 180224);
  return {log(ratio) + 0.5 * log(x) + y * series, slope + 0.5 * y + z * dseries};
}

}  // namespace nflows
