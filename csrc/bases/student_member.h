// One feature with Student's t (student_t.cpp has the formulas).
#pragma once

#include "bases/gamma_ratio.h"
#include "simd/each.h"
#include "simd/math.h"

namespace nflows {

inline constexpr double kMostFreedom = 1000.0;

template <class T>
struct StudentMember {
  T exponent, inverse, slope, dnormaliser;  // (nu + 1) / 2, 1 / (nu + 1), d(nu)/da, d(normaliser)/d(nu)
  double normaliser;

  StudentMember() = default;
  NFLOWS_FN explicit StudentMember(double a) {
    const double share = sigmoid(a), rate = log(kMostFreedom), nu = exp(rate * share), m = nu + 1.0;
    const GammaRatio gamma = gamma_ratio(0.5 * nu);
    normaliser = gamma.log - 0.5 * log(3.14159265358979323846 * m);
    exponent = static_cast<T>(0.5 * m);
    inverse = static_cast<T>(1.0 / m);
    slope = static_cast<T>(nu * rate * share * sigmoid(-a));
    dnormaliser = static_cast<T>(0.5 * gamma.slope - 0.5 / m);
  }
  struct Derive {
    NFLOWS_FN void operator()(const T* a, StudentMember* made) const {
      *made = StudentMember(static_cast<double>(*a));
    }
  };

  template <class R>
  NFLOWS_FN R log_prob(R z) const {
    return log1p(z * z * inverse) * -exponent;
  }

  // d/d(nu) of the rest: -log(1 + t) / 2 + t / (1 + t) / 2, t = z^2 / (nu + 1).
  template <class R, class D>
  NFLOWS_FN R backward(R z, R g, D&& ddf) const {
    const R t = z * z * inverse, share = R(T(1)) / (t + T(1));
    ddf.add(((t * share - log1p(t)) * T(0.5) + dnormaliser) * g * slope);
    return -z * share * g;
  }
};

}  // namespace nflows
