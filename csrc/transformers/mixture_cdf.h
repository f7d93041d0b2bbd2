// Mixture of Gaussians, seen through the probit: next to a normal base, conditionals that are mixtures.
//
//   z = Phi^-1(sum_k w_k Phi(u_k)),   u_k = (x - mu_k) exp(-alpha_k)      Papamakarios et al. 2017 (MADE MoG)
//   dz/dx = sum_k w_k exp(-alpha_k) phi(u_k) / phi(z)
//
// Everything happens in the smaller of two tails, to the left of x or to its right: with v_k = +-u_k and y = -|z|,
// M = Phi(y) = sum_k w_k Phi(v_k) <= 1/2. With the terms' shares p_k in M, and phi / Phi, the inverse Mills ratio m,
//
//   dz/du_k = p_k m(v_k) / m(y),   dz/dx = sum_k exp(-alpha_k) dz/du_k,
//
// sums of positive numbers, from logarithms that never underflow; far out m(v) grows like -v, and nothing cancels. A
// mean of the Phi(v_k) lies between the least and the largest of them: y is a root between those of the v_k, and the
// inverse one between those of mu_k + exp(alpha_k) z.
//
// Parameters per feature: K for mu_k, bounded by c tanh(./c) with c = 30, K for alpha_k with c = 3, K for log w_k. The
// identity at 0, where all components are alike but for the rate (formula.h) at which mu_k follows its parameter.
#pragma once

#include "core/spec.h"
#include "simd/roots.h"
#include "simd/softmax.h"
#include "transformers/formula.h"

namespace nflows {

template <int kMaxComponents>
class MixtureCdfOf {
 public:
  using Small = MixtureCdfOf<16>;
  static constexpr int kMost = kMaxComponents;
  NFLOWS_FN int size() const { return n_components_; }

  int n_params;

  explicit MixtureCdfOf(const Spec& spec) : n_components_(static_cast<int>(spec.integer("n_components"))) {
    check(n_components_ >= 1 && n_components_ <= kMaxComponents, spec.name,
          ": n_components must be from 1 to ", kMaxComponents, ", got ", n_components_);
    n_params = 3 * n_components_;
  }

  template <class R, class P>
  NFLOWS_FN Mapped<R> forward(R x, P p) const {
    const Components<R> c = components<R>(p);
    const MaskOf<R> right = beyond_median(x, c);
    const Tail<R> at = tail(x, right, c);
    const R y = probit(at);
    return {select(right, -y, y), at.log_slope - normal(y).log_mills};
  }

  template <class R, class P>
  NFLOWS_FN Mapped<R> inverse(R z, P p) const {
    const Components<R> c = components<R>(p);
    const MaskOf<R> right = z > R(0);
    const Normal<R> latent = normal(-abs(z));
    R low = fma(z, c.scale[0], c.mu[0]), high = low, mean = R(0);
    for (int k = 0; k < n_components_; ++k) {
      const R alone = fma(z, c.scale[k], c.mu[k]);
      low = min(low, alone);
      high = max(high, alone);
      mean = fma(c.w[k], alone, mean);
    }
    const auto excess = [&](R t) {
      const Tail<R> at = tail(t, right, c);
      const R more = at.log_mass - latent.log_mass;
      return Slope<R>{select(right, -more, more), exp(at.log_slope)};
    };
    const R x = monotone_root(excess, low, high, max(low, min(high, mean)));
    return {x, latent.log_mills - tail(x, right, c).log_slope};
  }

  // With the shares s_k of the components in dz/dx, log dz/dx = l has dl = z dz - sum_k s_k (u_k du_k + dalpha_k) +
  // sum_k (s_k - w_k) dlog w_k.
  template <class R, class P, class D>
  NFLOWS_PART R backward(R x, P p, R dz, R dlog_det, D dp) const {
    const Components<R> c = components<R>(p);
    const MaskOf<R> right = beyond_median(x, c);
    Tail<R> at = tail(x, right, c);
    const R y = probit(at), mills = normal(y).log_mills, per_mills = exp(-mills);
    for (int k = 0; k < n_components_; ++k) at.log_rate[k] -= mills;
    R part[kMaxComponents], share[kMaxComponents], by_u[kMaxComponents];
    exp_of(at.log_part, n_components_, part);
    exp_of(at.log_share, n_components_, share);
    exp_of(at.log_rate, n_components_, by_u);
    const R through = fma(dlog_det, select(right, -y, y), dz);  // all that reaches z
    const R of_mass = through * select(right, -per_mills, per_mills);
    R dx = R(0);
    for (int k = 0; k < n_components_; ++k) {
      const R u = (x - c.mu[k]) / c.scale[k], own = dlog_det * part[k];
      const R du = fma(through, by_u[k], -own * u), by_x = du / c.scale[k];
      dx += by_x;
      dp.set(k, -by_x * c.mu_slope[k]);
      dp.set(n_components_ + k, -fma(u, du, own) * c.alpha_slope[k]);
      dp.set(2 * n_components_ + k, fma(of_mass, share[k] - c.w[k], fma(-dlog_det, c.w[k], own)));
    }
    return dx;
  }

 private:
  static constexpr int kFurthest = 30, kWidest = 3;  // bounds of mu and alpha

  // Called, so that the exponential is compiled once for all arrays of them.
  template <class R>
  static NFLOWS_PART void exp_of(const R* a, int n, R* y) {
    for (int k = 0; k < n; ++k) y[k] = exp(a[k]);
  }

  template <class R>
  struct Components {
    R mu[kMaxComponents], mu_slope[kMaxComponents];
    R alpha[kMaxComponents], alpha_slope[kMaxComponents], scale[kMaxComponents];
    R log_w[kMaxComponents], w[kMaxComponents];
  };
  template <class R, class P>
  NFLOWS_PART Components<R> components(P p) const {
    Components<R> c;
    for (int k = 0; k < n_components_; ++k) {
      const R follows = R(rate_of_unit<R>(k, n_components_));
      const LogScale<R> mu = bounded(p[k] * follows, kFurthest),
                        alpha = bounded(p[n_components_ + k], kWidest);
      c.mu[k] = mu.value;
      c.mu_slope[k] = mu.slope * follows;
      c.alpha[k] = alpha.value;
      c.alpha_slope[k] = alpha.slope;
      c.log_w[k] = p[2 * n_components_ + k];
    }
    to_log_shares(c.log_w, n_components_);
    exp_of(c.alpha, n_components_, c.scale);
    exp_of(c.log_w, n_components_, c.w);
    return c;
  }

  // Whether more of the mass lies to the left of x than to its right.
  template <class R>
  NFLOWS_PART MaskOf<R> beyond_median(R x, const Components<R>& c) const {
    R lead = R(0);
    for (int k = 0; k < n_components_; ++k)
      lead = fma(c.w[k], erf((x - c.mu[k]) / c.scale[k] * scalar<R>(0.70710678118654752)), lead);
    return lead > R(0);
  }

  // The mass on one side of x: the least and the largest v_k, log M and the p_k, the p_k m(v_k), the sum of these times
  // exp(-alpha_k), which is the slope, and the terms' shares in it. All but the first two are logarithms.
  template <class R>
  struct Tail {
    R low, high, log_mass, log_slope;
    R log_share[kMaxComponents], log_rate[kMaxComponents], log_part[kMaxComponents];
  };
  template <class R>
  NFLOWS_PART Tail<R> tail(R x, MaskOf<R> right, const Components<R>& c) const {
    Tail<R> at;
    for (int k = 0; k < n_components_; ++k) {
      const R u = (x - c.mu[k]) / c.scale[k], v = select(right, -u, u);
      const LogNdtr<R> alone = log_ndtr_and_slope(v);
      at.log_share[k] = c.log_w[k] + alone.value;
      at.log_rate[k] = alone.log_slope;
      at.low = k == 0 ? v : min(at.low, v);
      at.high = k == 0 ? v : max(at.high, v);
    }
    at.log_mass = to_log_shares(at.log_share, n_components_);
    for (int k = 0; k < n_components_; ++k) {
      at.log_rate[k] += at.log_share[k];
      at.log_part[k] = at.log_rate[k] - c.alpha[k];
    }
    at.log_slope = to_log_shares(at.log_part, n_components_);
    return at;
  }

  // log Phi and log m at y <= 0.
  template <class R>
  struct Normal {
    R log_mass, log_mills;
  };
  template <class R>
  static NFLOWS_PART Normal<R> normal(R y) {
    const R log_g = log(scaled_tail(-y));
    return {fma(scalar<R>(-0.5) * y, y, log_g), scalar<R>(-0.91893853320467274) - log_g};
  }

  // y <= 0 with log Phi(y) = log M. The start is right near 0 and off by a twentieth far out.
  template <class R>
  NFLOWS_PART R probit(const Tail<R>& at) const {
    const R log_mass = at.log_mass, b = scalar<R>(0.7978845608028654);
    const R low = min(R(0), at.low), high = min(R(0), at.high);
    const R beyond = max(R(0), scalar<R>(-0.69314718055994531) - log_mass);
    const auto excess = [=](R t) {
      const Normal<R> there = normal(t);
      return Slope<R>{there.log_mass - log_mass, exp(there.log_mills)};
    };
    return monotone_root(excess, low, high, max(low, min(high, b - sqrt(fma(b, b, beyond + beyond)))));
  }

  int n_components_;
};

using MixtureCdf = MixtureCdfOf<64>;

}  // namespace nflows
