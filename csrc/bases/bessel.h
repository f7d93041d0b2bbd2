// The modified Bessel functions I0 and I1 of a positive number, as the von Mises density needs them.
//
//   x <= 30   sum_n (x^2 / 4)^n / (n! n!), and for I1 x/2 sum_n (x^2 / 4)^n / (n! (n + 1)!): all terms are positive
//   x > 30    e^x / sqrt(2 pi x) times the asymptotic series (DLMF 10.40.1), whose least term is below e^-60
//
// log_i0 is log(I0(x) e^-x) and has an absolute error below 2e-15 max(1, x); deficit is 1 - I1(x) / I0(x), below 1e-15.
#pragma once

#include "simd/math.h"

namespace nflows {

struct Bessel {
  double log_i0, deficit;
};

NFLOWS_PART Bessel bessel(double x) {
  constexpr double kRounding = 1e-17;
  if (x <= 30.0) {
    const double q = 0.25 * x * x;
    double i0 = 1.0, i1 = 0.0, term = 1.0;  // of I0; that of I1 is x / (2 (n + 1)) times it
    for (double n = 1.0;; n += 1.0) {
      i1 += term * (0.5 * x / n);
      term *= q / (n * n);
      i0 += term;
      if (term < kRounding * i0) break;
    }
    return {log(i0) - x, (i0 - i1) / i0};
  }
  double s0 = 1.0, s1 = 1.0, t0 = 1.0, t1 = 1.0;
  for (double n = 1.0; t0 > kRounding; n += 1.0) {
    const double odd = (2.0 * n - 1.0) * (2.0 * n - 1.0), step = 8.0 * x * n;
    t0 *= odd / step;
    t1 *= (odd - 4.0) / step;
    s0 += t0;
    s1 += t1;
  }
  return {log(s0) - 0.5 * log(2.0 * 3.14159265358979323846 * x), (s0 - s1) / s0};
}

}  // namespace nflows
