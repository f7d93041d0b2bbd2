// Bernstein polynomial of degree n with increasing coefficients.
//
//   z = sum_k theta_k B_k,n(t),   B_k,n(t) = (n choose k) t^k (1 - t)^(n - k),   t = (x + B) / 2B     Sick et al. 2021
//
// Coefficients run from -B to B in steps delta_k > 0: softmaxes, none less than 0.05 of an even share. A polynomial
// with increasing coefficients increases, and takes [-B, B] to itself; outside it goes on as its tangent. With
// g_k = B_k,n-1(t) and S_k the sum of B_j,n(t) over j > k,
//
//   dz/dx = n / 2B sum_k delta_k g_k,   dz/d(delta_k) = S_k.
//
// z is summed as x and what the coefficients differ from even ones, which alone would give x. The inverse is a root in
// [-B, B], bracketed by the ends' values, -B and B.
//
// Parameters per feature: n logits. The identity at 0, where all steps are equal.
#pragma once

#include "core/spec.h"
#include "simd/roots.h"
#include "simd/softmax.h"
#include "transformers/formula.h"

namespace nflows {

template <int kMaxDegree>
class BernsteinOf {
 public:
  using Small = BernsteinOf<16>;
  static constexpr int kMost = kMaxDegree;
  NFLOWS_FN int size() const { return n_params; }

  int n_params;  // the degree

  explicit BernsteinOf(const Spec& spec)
      : n_params(static_cast<int>(spec.integer("degree"))), bound_(spec.real("bound")) {
    check(n_params >= 1 && n_params <= kMaxDegree, spec.name, ": degree must be from 1 to ", kMaxDegree,
          ", got ", n_params);
    check(bound_ >= 1e-3 && bound_ <= 1e6, spec.name, ": bound must be from 1e-3 to 1e6, got ", bound_);
  }

  template <class R, class P>
  NFLOWS_FN Mapped<R> forward(R x, P p) const {
    const Deltas<R> delta = steps<R>(p);
    const R held = max(-bound<R>(), min(bound<R>(), x));
    const Curve<R> c = curve(held, delta);
    return {fma(x - held, c.slope, c.z), log(c.slope)};
  }

  template <class R, class P>
  NFLOWS_FN Mapped<R> inverse(R z, P p) const {
    const Deltas<R> delta = steps<R>(p);
    const R held = max(-bound<R>(), min(bound<R>(), z));
    const auto excess = [&](R t) {
      const Curve<R> c = curve(t, delta);
      return Slope<R>{c.z - held, c.slope};
    };
    const R root = monotone_root(excess, -bound<R>(), bound<R>(), held);
    const R x = select(abs(z) < bound<R>(), root, held);  // the tangent is the one at the very end
    const R slope = curve(x, delta).slope;
    return {x + (z - held) / slope, -log(slope)};
  }

  template <class R, class P, class D>
  NFLOWS_PART R backward(R x, P p, R dz, R dlog_det, D dp) const {
    const Deltas<R> delta = steps<R>(p);
    const R held = max(-bound<R>(), min(bound<R>(), x));
    const Basis<R> b = basis(held);
    const Curve<R> c = curve(b, delta);
    const R per_slope = dlog_det / c.slope, beyond = fma(x - held, dz, per_slope) * rate<R>();

    // The adjoint of step k is dz S_k + beyond g_k; that of its logit follows from the softmax.
    R tail = R(0), mean = R(0);
    R d[kMaxDegree];
    for (int k = n_params - 1; k >= 0; --k) {
      tail += b.last(k + 1);
      d[k] = fma(dz, tail, beyond * b.g[k]);
      mean = fma(delta.share[k], d[k], mean);
    }
    for (int k = 0; k < n_params; ++k) dp.set(k, delta.free * delta.share[k] * (d[k] - mean));
    return fma(dz, c.slope, select(abs(x) < bound<R>(), per_slope * c.bend, R(0)));
  }

 private:
  static constexpr double kLeast = 0.05;

  template <class R>
  NFLOWS_FN R bound() const {
    return scalar<R>(bound_);
  }
  // d/dx of a polynomial of the degree is this times the differences of its coefficients.
  template <class R>
  NFLOWS_FN R rate() const {
    return scalar<R>(n_params / (2.0 * bound_));
  }

  // The steps of the coefficients.
  template <class R>
  using Deltas = Steps<R, kMaxDegree>;
  template <class R, class P>
  NFLOWS_FN Deltas<R> steps(P p) const {
    return steps_of<kMaxDegree, R>(p, 0, n_params, 2.0 * bound_, kLeast);
  }

  // The basis of degree n - 1, by the recurrence B_k,m = (1 - t) B_k,m-1 + t B_k-1,m-1, and that of degree n - 2.
  template <class R>
  struct Basis {
    R g[kMaxDegree], h[kMaxDegree], x, t, rest;
    int n;
    // B_k,n
    NFLOWS_FN R last(int k) const { return k == n ? t * g[k - 1] : fma(rest, g[k], t * g[k - 1]); }
  };
  template <class R>
  NFLOWS_PART Basis<R> basis(R x) const {
    Basis<R> b;
    b.n = n_params;
    b.x = x;
    b.t = (x + bound<R>()) * scalar<R>(0.5 / bound_);
    b.rest = (bound<R>() - x) * scalar<R>(0.5 / bound_);
    b.g[0] = R(1);
    b.h[0] = R(0);
    for (int m = 1; m < n_params; ++m) {
      for (int k = 0; k < m; ++k) b.h[k] = b.g[k];
      b.g[m] = b.t * b.h[m - 1];
      for (int k = m - 1; k > 0; --k) b.g[k] = fma(b.rest, b.h[k], b.t * b.h[k - 1]);
      b.g[0] = b.rest * b.h[0];
    }
    return b;
  }

  // The value, the slope, and how the slope bends, within [-B, B].
  template <class R>
  struct Curve {
    R z, slope, bend;
  };
  template <class R>
  NFLOWS_FN Curve<R> curve(R x, const Deltas<R>& delta) const {
    return curve(basis(x), delta);
  }
  template <class R>
  NFLOWS_FN Curve<R> curve(const Basis<R>& b, const Deltas<R>& delta) const {
    const R even = scalar<R>(2.0 * bound_ / n_params);
    R z = b.x, slope = R(0), bend = R(0), theta = R(0);  // theta_k less its even value
    for (int k = 0; k < n_params; ++k) {
      theta += delta[k] - even;
      z = fma(theta, b.last(k + 1), z);
      slope = fma(delta[k], b.g[k], slope);
      if (k > 0) bend = fma(delta[k] - delta[k - 1], b.h[k - 1], bend);
    }
    const R twice = rate<R>() * scalar<R>((n_params - 1) / (2.0 * bound_));
    return {z, rate<R>() * slope, twice * bend};
  }

  double bound_;
};

using Bernstein = BernsteinOf<64>;

}  // namespace nflows
