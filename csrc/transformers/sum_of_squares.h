// Integral of a sum of squared polynomials.
//
//   dz/dx = e + (1 - e) sum_k A_k(u)^2,   A_k(u) = sum_l a_kl u^l,   u = x / B,   k = 0, 1      Jaini et al. 2019, eq. 6
//   z = c + integral of that from 0 to x
//
// Every polynomial that is positive on the line is a sum of two squares, so two are enough. The least slope e = 0.05
// bounds how far the root of the inverse can lie from zero: |x| <= |z - c| / e. Outside [-B, B] the map goes on as its
// tangent, lest a polynomial of degree 2r + 1 overflow.
//
// Parameters per feature: c, then the a_kl, bounded by q tanh(a / q), q = 4, after 0.8 was added to a_00 and 0.6 to
// a_10. The identity at 0, where dz/dx = 0.8^2 + 0.6^2; were both the same they would stay the same.
#pragma once

#include "core/spec.h"
#include "simd/roots.h"
#include "transformers/formula.h"

namespace nflows {

class SumOfSquares {
 public:
  static constexpr int kMaxDegree = 16;

  int n_params;

  explicit SumOfSquares(const Spec& spec)
      : degree_(static_cast<int>(spec.integer("degree"))), bound_(spec.real("bound")) {
    check(degree_ >= 0 && degree_ <= kMaxDegree, spec.name, ": degree must be from 0 to ", kMaxDegree,
          ", got ", degree_);
    check(bound_ >= 1e-3 && bound_ <= 1e6, spec.name, ": bound must be from 1e-3 to 1e6, got ", bound_);
    n_params = 1 + 2 * (degree_ + 1);
  }

  template <class R, class P>
  NFLOWS_FN Mapped<R> forward(R x, P p) const {
    const Coefficients<R> a = coefficients<R>(p);
    const R near = held(x);
    const Slope<R> at = rise(near, a);
    return {fma(x - near, at.slope, at.value) + p[0], log(at.slope)};
  }

  template <class R, class P>
  NFLOWS_FN Mapped<R> inverse(R z, P p) const {
    const Coefficients<R> a = coefficients<R>(p);
    const R rest = z - p[0], furthest = abs(rest) * scalar<R>(1.0 / kLeast);
    const auto excess = [&](R t) {
      const R near = held(t);
      const Slope<R> at = rise(near, a);
      return Slope<R>{fma(t - near, at.slope, at.value) - rest, at.slope};
    };
    const R x = monotone_root(excess, -furthest, furthest, rest);
    return {x, -log(rise(held(x), a).slope)};
  }

  template <class R, class P, class D>
  NFLOWS_PART R backward(R x, P p, R dz, R dlog_det, D dp) const {
    const Coefficients<R> a = coefficients<R>(p);
    const R near = held(x), u = near * scalar<R>(1.0 / bound_), slope = rise(near, a).slope;
    const R two = scalar<R>(2.0 * (1.0 - kLeast)), per_slope = dlog_det / slope;
    const R beyond = two * fma(x - near, dz, per_slope);  // of the squares in the slope
    R bend = R(0);
    for (int k = 0; k < 2; ++k) {
      const R value = polynomial(u, a, k);
      R power = R(1);
      for (int l = 0; l <= degree_; ++l) {
        R integral = R(0);  // of A_k v^l, over the power
        for (int j = degree_; j >= 0; --j)
          integral = fma(integral, u, a.value[k][j] * scalar<R>(1.0 / (j + l + 1)));
        const R da = power * fma(beyond, value, two * dz * near * integral);
        if (l < degree_) bend = fma(value * power, a.value[k][l + 1] * scalar<R>(l + 1.0), bend);
        power = power * u;
        dp.set(at(k, l), da * a.slope[k][l]);
      }
    }
    dp.set(0, dz);
    const R inner = per_slope * two * bend * scalar<R>(1.0 / bound_);
    return fma(dz, slope, select(abs(x) < scalar<R>(bound_), inner, R(0)));
  }

 private:
  static constexpr double kLeast = 0.05, kLargest = 4.0;

  template <class R>
  NFLOWS_FN R held(R x) const {
    return max(scalar<R>(-bound_), min(scalar<R>(bound_), x));
  }
  NFLOWS_FN int at(int k, int l) const { return 1 + k * (degree_ + 1) + l; }

  // The a_kl, and their slopes by the parameters.
  template <class R>
  struct Coefficients {
    R value[2][kMaxDegree + 1], slope[2][kMaxDegree + 1];
  };
  template <class R, class P>
  NFLOWS_PART Coefficients<R> coefficients(P p) const {
    Coefficients<R> a;
    for (int k = 0; k < 2; ++k)
      for (int l = 0; l <= degree_; ++l) {
        const LogScale<R> bent = bounded(p[at(k, l)], static_cast<ScalarOf<R>>(kLargest));
        a.value[k][l] = l > 0 ? bent.value : bent.value + scalar<R>(k == 0 ? 0.8 : 0.6);
        a.slope[k][l] = bent.slope;
      }
    return a;
  }

  template <class R>
  NFLOWS_FN R polynomial(R u, const Coefficients<R>& a, int k) const {
    R value = a.value[k][degree_];
    for (int l = degree_ - 1; l >= 0; --l) value = fma(value, u, a.value[k][l]);
    return value;
  }

  // z - c, and the slope, within [-B, B]. The integral is that of the polynomial with the squares' coefficients; the
  // slope is summed as squares, which cannot cancel.
  template <class R>
  NFLOWS_PART Slope<R> rise(R x, const Coefficients<R>& a) const {
    const R u = x * scalar<R>(1.0 / bound_);
    R slope = R(0), integral = R(0);
    for (int k = 0; k < 2; ++k) {
      const R value = polynomial(u, a, k);
      slope = fma(value, value, slope);
    }
    for (int m = 2 * degree_; m >= 0; --m) {
      R coefficient = R(0);
      for (int k = 0; k < 2; ++k)
        for (int l = m > degree_ ? m - degree_ : 0; l <= m && l <= degree_; ++l)
          coefficient = fma(a.value[k][l], a.value[k][m - l], coefficient);
      integral = fma(integral, u, coefficient * scalar<R>(1.0 / (m + 1)));
    }
    const R share = scalar<R>(1.0 - kLeast), least = scalar<R>(kLeast);
    return {x * fma(share, integral, least), fma(share, slope, least)};
  }

  int degree_;
  double bound_;
};

}  // namespace nflows
