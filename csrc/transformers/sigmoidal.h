// Mixture of sigmoids, seen through the logit: the unit of neural autoregressive flows.
//
//   z = logit(sum_k w_k sigmoid(u_k)),   u_k = a_k x + b_k        Huang et al. 2018, eq. 8 (deep sigmoidal flow)
//
// With S = sum w_k sigmoid(u_k) and C = sum w_k sigmoid(-u_k), z = log S - log C, where the weights' sum cancels; with
// their terms' shares p_k in S and q_k in C,
//
//   dz/dx = sum_k a_k (p_k sigmoid(-u_k) + q_k sigmoid(u_k)),
//
// a sum of positive numbers, from logarithms that never underflow. z lies between the least and the largest u_k, so
// the root of the inverse lies between the least and the largest (z - b_k) / a_k.
//
// Parameters per feature: K for log a_k, bounded by c tanh(./c) with c = 2, K for b_k with c = 30, K for log w_k. The
// identity at 0, where all units are alike but for the rate (formula.h) at which b_k follows its parameter.
#pragma once

#include "core/spec.h"
#include "simd/roots.h"
#include "simd/softmax.h"
#include "transformers/formula.h"

namespace nflows {

template <int kMaxUnits>
class SigmoidalOf {
 public:
  using Small = SigmoidalOf<16>;
  static constexpr int kMost = kMaxUnits;
  NFLOWS_FN int size() const { return n_units_; }

  int n_params;

  explicit SigmoidalOf(const Spec& spec) : n_units_(static_cast<int>(spec.integer("n_units"))) {
    check(n_units_ >= 1 && n_units_ <= kMaxUnits, spec.name, ": n_units must be from 1 to ", kMaxUnits,
          ", got ", n_units_);
    n_params = 3 * n_units_;
  }

  template <class R, class P>
  NFLOWS_FN Mapped<R> forward(R x, P p) const {
    const Slope<R> at = rise(x, units<R>(p));
    return {at.value, log(at.slope)};
  }

  template <class R, class P>
  NFLOWS_FN Mapped<R> inverse(R z, P p) const {
    const Units<R> unit = units<R>(p);
    R low = (z - unit.b[0]) / unit.a[0], high = low;
    for (int k = 1; k < n_units_; ++k) {
      const R alone = (z - unit.b[k]) / unit.a[k];
      low = min(low, alone);
      high = max(high, alone);
    }
    const auto excess = [&](R t) {
      const Slope<R> at = rise(t, unit);
      return Slope<R>{at.value - z, at.slope};
    };
    const R x = monotone_root(excess, low, high, scalar<R>(0.5) * (low + high));
    return {x, -log(rise(x, unit).slope)};
  }

  template <class R, class P, class D>
  NFLOWS_PART R backward(R x, P p, R dz, R dlog_det, D dp) const {
    const Units<R> unit = units<R>(p);
    const Shares<R> share = shares(x, unit);
    R up = R(0), down = R(0);  // the slope's two sums
    for (int k = 0; k < n_units_; ++k) {
      const R s = sigmoid(fma(unit.a[k], x, unit.b[k])), rest = R(1) - s;
      up = fma(unit.a[k] * share.p[k], rest, up);
      down = fma(unit.a[k] * share.q[k], s, down);
    }
    const R per_slope = dlog_det / (up + down);
    R dx = R(0);
    for (int k = 0; k < n_units_; ++k) {
      const R a = unit.a[k], u = fma(a, x, unit.b[k]), s = sigmoid(u), rest = sigmoid(-u);
      const R p_rest = share.p[k] * rest, q_s = share.q[k] * s, by_u = p_rest + q_s;
      const R lean = a * (rest - s);
      const R du = fma(dz, by_u, per_slope * (p_rest * (lean - up) + q_s * (lean + down)));
      const R dlog_w = fma(dz, share.p[k] - share.q[k],
                           per_slope * (share.p[k] * (a * rest - up) + share.q[k] * (a * s - down)));
      dx = fma(a, du, dx);
      dp.set(k, fma(x, du, per_slope * by_u) * a * unit.a_slope[k]);
      dp.set(n_units_ + k, du * unit.b_slope[k]);
      dp.set(2 * n_units_ + k, dlog_w);
    }
    return dx;
  }

 private:
  static constexpr int kSteepest = 2, kFurthest = 30;  // bounds of log a and b

  template <class R>
  struct Units {
    R a[kMaxUnits], b[kMaxUnits], log_w[kMaxUnits], a_slope[kMaxUnits], b_slope[kMaxUnits];
  };
  template <class R, class P>
  NFLOWS_PART Units<R> units(P p) const {
    Units<R> unit;
    R highest = p[2 * n_units_];  // weights count by their ratios: large logarithms would cost digits
    for (int k = 1; k < n_units_; ++k) highest = max(highest, p[2 * n_units_ + k]);
    for (int k = 0; k < n_units_; ++k) {
      const R follows = R(rate_of_unit<R>(k, n_units_));
      const LogScale<R> log_a = bounded(p[k], kSteepest), b = bounded(p[n_units_ + k] * follows, kFurthest);
      unit.a[k] = exp(log_a.value);
      unit.a_slope[k] = log_a.slope;
      unit.b[k] = b.value;
      unit.b_slope[k] = b.slope * follows;
      unit.log_w[k] = p[2 * n_units_ + k] - highest;
    }
    return unit;
  }

  // The terms' shares in S and C, and the logarithms of both but for the weights' sum.
  template <class R>
  struct Shares {
    R p[kMaxUnits], q[kMaxUnits], log_s, log_c;
  };
  template <class R>
  NFLOWS_PART Shares<R> shares(R x, const Units<R>& unit) const {
    Shares<R> share;
    for (int k = 0; k < n_units_; ++k) {
      const R u = fma(unit.a[k], x, unit.b[k]);
      share.p[k] = unit.log_w[k] - softplus(-u);
      share.q[k] = unit.log_w[k] - softplus(u);
    }
    share.log_s = to_shares(share.p, n_units_);
    share.log_c = to_shares(share.q, n_units_);
    return share;
  }

  template <class R>
  NFLOWS_PART Slope<R> rise(R x, const Units<R>& unit) const {
    const Shares<R> share = shares(x, unit);
    R slope = R(0);
    for (int k = 0; k < n_units_; ++k) {
      const R u = fma(unit.a[k], x, unit.b[k]);
      slope = fma(unit.a[k], fma(share.p[k], sigmoid(-u), share.q[k] * sigmoid(u)), slope);
    }
    return {share.log_s - share.log_c, slope};
  }

  int n_units_;
};

using Sigmoidal = SigmoidalOf<64>;

}  // namespace nflows
