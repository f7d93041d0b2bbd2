// One angle with the von Mises density (von_mises.cpp has the formulas).
#pragma once

#include "bases/bessel.h"
#include "bases/normal.h"

namespace nflows {

inline constexpr double kLogTwoPi = 2.0 * kHalfLogTwoPi;

template <class T>
struct VonMisesMember {
  T loc, concentration, slope, deficit;  // slope = d(kappa)/da
  double normaliser;

  VonMisesMember() = default;
  NFLOWS_FN VonMisesMember(T location, double a) : loc(location) {
    const LogScale<double> bound = bounded(a, kBaseScaleBound);
    const double kappa = exp(bound.value);
    const Bessel b = bessel(kappa);
    normaliser = -kLogTwoPi - b.log_i0;
    concentration = static_cast<T>(kappa);
    slope = static_cast<T>(kappa * bound.slope);
    deficit = static_cast<T>(b.deficit);
  }
  struct Derive {
    NFLOWS_FN void operator()(const T* loc, const T* a, VonMisesMember* made) const {
      *made = VonMisesMember(*loc, static_cast<double>(*a));
    }
  };

  template <class R>
  NFLOWS_FN R log_prob(R z) const {
    const R s = sin((z - loc) * T(0.5));
    return s * s * (T(-2) * concentration);
  }
  template <class R, class DLoc, class DA>
  NFLOWS_FN R backward(R z, R g, DLoc&& dloc, DA&& da) const {
    const R half = (z - loc) * T(0.5), s = sin(half);
    const R by_loc = s * cos(half) * g * (T(2) * concentration);
    dloc.add(by_loc);
    da.add((s * s * T(-2) + deficit) * g * slope);
    return -by_loc;
  }
};

}  // namespace nflows
