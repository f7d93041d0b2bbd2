// What a planar flow derives from its parameters, u^ and m, and the adjoints of both (planar.cpp has the formulas).
#pragma once

#include "bijections/ridge.h"
#include "core/once.h"

namespace nflows {

// What w and u^ have in common: a = w.u, and the share of w in u^ - u.
template <class T>
struct PlanarCorrection {
  Steepness m;
  double per_square, share;  // 1 / |w|^2, (m - a) / |w|^2 with m - a = a^2 / (s + c)

  NFLOWS_FN PlanarCorrection(const T* w, const T* u, Index n) : m(0.0) {
    constexpr double kSmallest = 2.2250738585072014e-308;
    double a = 0, square = 0;
    for (Index j = 0; j < n; ++j) {
      a += static_cast<double>(w[j]) * u[j];
      square += static_cast<double>(w[j]) * w[j];
    }
    m = Steepness(a);
    per_square = square < kSmallest ? 0 : 1 / square;
    share = a * a * per_square / (m.s + Steepness::kLowest);
  }
};

// Where u nearly cancels, the sum leaves w.u^ off by roundings of u; they are given back.
template <class T>
struct PlanarDerive {
  Index n;
  NFLOWS_FN void operator()(const T* w, const T* u, T* corrected, Ridge<T>* ridge) const {
    const PlanarCorrection<T> by(w, u, n);
    double left = by.m.value();
    for (Index j = 0; j < n; ++j) {
      corrected[j] = static_cast<T>(u[j] + by.share * w[j]);
      left -= static_cast<double>(corrected[j]) * w[j];
    }
    for (Index j = 0; j < n; ++j) corrected[j] += static_cast<T>(left * by.per_square * w[j]);
    *ridge = Ridge<T>(by.m);
  }
};

// The adjoints of u^ and m, through a and |w|^2.
template <class T>
struct PlanarDeriveBackward {
  Index n;
  NFLOWS_FN void operator()(const T* w, const T* u, const T* du, const T* dm, T* dweight,
                            T* ddirection) const {
    const PlanarCorrection<T> by(w, u, n);
    double along = 0;  // w.du^
    for (Index j = 0; j < n; ++j) along += static_cast<double>(w[j]) * du[j];
    along *= by.per_square;
    const double da = by.m.slope() * *dm + by.m.a / by.m.s * along;
    for (Index j = 0; j < n; ++j) {
      ddirection[j] += static_cast<T>(du[j] + da * w[j]);
      dweight[j] += static_cast<T>(by.share * (du[j] - 2 * along * w[j]) + da * u[j]);
    }
  }
};

}  // namespace nflows
