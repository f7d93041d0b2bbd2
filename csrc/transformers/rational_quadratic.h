// Monotone rational-quadratic spline.
//
// The interval [-B, B] is cut into K bins, twice: knots (x_k, y_k) with slopes d_k. In bin k, with
// s = h / w, xi = (x - x_k) / w and t = xi (1 - xi),
//
//   z = y_k + h N / Q,   N = s xi^2 + d_k t,   Q = s + (d_k + d_{k+1} - 2 s) t       Durkan et al. 2019, eq. 4-5
//   dz/dx = s^2 M / Q^2,   M = d_{k+1} xi^2 + 2 s t + d_k (1 - xi)^2                 after Gregory & Delbourgo 1982
//
// Widths w and heights h are softmaxes, none of them less than 0.15 of an even share, slopes d = exp(c tanh(a / c)),
// c = 3, lie within a factor of 20 of 1: M and Q stay positive, in float32 too. Narrower bins and steeper slopes squeeze
// the gaps between clusters until float32 cannot undo it, and gain no likelihood on held-out rows. The last knot is +B
// itself, whatever the sizes of the bins add up to. All K bins are walked and one is selected: no branch depends on a
// row.
//
// Outside the interval every variant is the identity. They differ in the slopes at the ends: 1 for linear tails, which so
// join smoothly; one common parameter where the ends are one point of a circle (circular_spline.h); free where there are
// no tails (none), for features on [0, 1].
//
// Parameters per feature: K widths, K heights, then the K - 1, K or K + 1 slopes. The identity at 0.
#pragma once

#include "core/spec.h"
#include "simd/softmax.h"
#include "transformers/formula.h"

namespace nflows {

template <int kMaxBins>
class RationalQuadraticOf {
 public:
  using Small = RationalQuadraticOf<16>;
  static constexpr int kMost = kMaxBins;
  NFLOWS_FN int size() const { return n_bins_; }

  int n_params;

  enum class Tails { kLinear, kCircular, kNone };

  explicit RationalQuadraticOf(const Spec& spec)
      : RationalQuadraticOf(spec, tails_from(spec.text("tails"))) {}

  RationalQuadraticOf(const Spec& spec, Tails tails)
      : n_bins_(static_cast<int>(spec.integer("n_bins"))), tails_(tails) {
    check(n_bins_ >= 1 && n_bins_ <= kMaxBins, spec.name, ": n_bins must be from 1 to ", kMaxBins, ", got ",
          n_bins_);
    const double bound = tails_ == Tails::kNone       ? 1.0
                         : tails_ == Tails::kCircular ? kPi
                                                      : spec.real("tail_bound");
    check(bound >= 1e-3 && bound <= 1e6, spec.name, ": tail_bound must be from 1e-3 to 1e6, got ", bound);
    low_ = tails_ == Tails::kNone ? 0.0 : -bound;
    high_ = bound;
    n_params = 3 * n_bins_ + (tails_ == Tails::kLinear ? -1 : tails_ == Tails::kCircular ? 0 : 1);
  }

  template <class R, class P>
  NFLOWS_PART Mapped<R> forward(R x, P p) const {
    const MaskOf<R> inside = is_inside(x);
    const Bin<R> bin = find(held(x), steps<R>(p, 0), steps<R>(p, n_bins_), p);
    const Curve<R> curve(bin.searched, bin.other, slope(bin.left), slope(bin.right),
                         (held(x) - bin.searched_from) / bin.searched);
    const R z = fma(bin.other, curve.n / curve.q, bin.other_from);
    return {select(inside, z, x), select(inside, log(curve.slope()), R(0))};
  }

  // xi is the root of (s - b) xi^2 + b xi - s eta = 0, with eta = (z - y_k) / h and b = d_k - eta (d_k + d_{k+1} - 2 s).
  // Each of its two forms adds numbers of one sign where it is used: s - b > 0 where b < 0. In the upper half of a
  // bin xi and eta are counted from its other end, so that both knots are met.
  template <class R, class P>
  NFLOWS_PART Mapped<R> inverse(R z, P p) const {
    const MaskOf<R> inside = is_inside(z);
    const Bin<R> bin = find(held(z), steps<R>(p, n_bins_), steps<R>(p, 0), p);
    const R left = slope(bin.left), right = slope(bin.right);
    const R s = bin.searched / bin.other, up = held(z) - bin.searched_from, down = bin.searched - up;
    const MaskOf<R> lower = up <= down;
    const R eta = min(up, down) / bin.searched;
    const R b = select(lower, left, right) - eta * (left + right - s - s), a = s - b;
    const R root = sqrt(max(R(0), fma(b, b, R(4) * a * s * eta)));
    const R xi = min(R(1), select(b >= R(0), R(2) * s * eta / (b + root), (root - b) / (a + a)));
    const Curve<R> curve(bin.other, bin.searched, left, right, select(lower, xi, R(1) - xi));
    const R step = bin.other * xi;
    const R x = select(lower, bin.other_from + step, bin.other_from + bin.other - step);
    return {select(inside, held(x), z), select(inside, -log(curve.slope()), R(0))};
  }

  template <class R, class P, class D>
  NFLOWS_PART R backward(R x, P p, R dz_, R dlog_det_, D dp) const {
    const MaskOf<R> inside = is_inside(x);
    const R dz = select(inside, dz_, R(0)), dlog_det = select(inside, dlog_det_, R(0));
    const Sizes<R> widths = steps<R>(p, 0), heights = steps<R>(p, n_bins_);
    const Bin<R> bin = find(held(x), widths, heights, p);
    const R w = bin.searched, h = bin.other, left = slope(bin.left), right = slope(bin.right);
    const Curve<R> c(w, h, left, right, (held(x) - bin.searched_from) / w);

    // By xi, s and the slopes at the ends, for z = y_k + h (N / Q) and log dz/dx = 2 log s + log M - 2 log Q.
    const R per_q = R(1) / c.q, per_m = R(1) / c.m, ratio = c.n * per_q, dratio = dz * h * per_q;
    const R bend = left + right - c.s - c.s, one = R(1), two = R(2);
    const R across = one - two * c.xi, inner = one - two * c.t, rest = one - c.xi;
    const R m_by_xi = two * (right * c.xi + c.s * across - left * rest);
    const R dxi = fma(dz * w, c.slope(), dlog_det * (m_by_xi * per_m - two * bend * across * per_q));
    const R ds =
        fma(dratio, c.xi * c.xi - ratio * inner, dlog_det * two * (one / c.s + c.t * per_m - inner * per_q));
    const R dleft = fma(dratio, c.t * (one - ratio), dlog_det * (rest * rest * per_m - two * c.t * per_q));
    const R dright = dlog_det * (c.xi * c.xi * per_m - two * c.t * per_q) - dratio * c.t * ratio;

    // By the knot, the bin's sizes and the slopes' parameters.
    const R dx = dxi / w;
    const R dw = -(dxi * c.xi + ds * c.s) / w, dh = fma(dz, ratio, ds / w);
    const R draw_left = dleft * slope_by(bin.left, left), draw_right = dright * slope_by(bin.right, right);
    put_steps(held(x), widths, widths, -dx, dw, 0, dp);
    put_steps(held(x), widths, heights, dz, dh, n_bins_, dp);
    put_slopes(held(x), widths, draw_left, draw_right, dp);
    return select(inside, dx, dz_);
  }

  // The nearest number of the interval.
  template <class R>
  NFLOWS_FN R held(R x) const {
    return max(scalar<R>(low_), min(scalar<R>(high_), x));
  }

 private:
  static constexpr double kPi = 3.14159265358979323846;
  static constexpr double kLeast = 0.15, kLogSteepest = 3.0;

  static Tails tails_from(const std::string& name) {
    check(name == "linear" || name == "none", "rational_quadratic: tails must be linear or none, got '", name,
          "'");
    return name == "linear" ? Tails::kLinear : Tails::kNone;
  }

  template <class R>
  NFLOWS_FN MaskOf<R> is_inside(R x) const {
    return (x >= scalar<R>(low_)) & (x <= scalar<R>(high_));
  }

  // The sizes of the bins of one axis.
  template <class R>
  using Sizes = Steps<R, kMaxBins>;
  template <class R, class P>
  NFLOWS_FN Sizes<R> steps(P p, int first) const {
    return steps_of<kMaxBins, R>(p, first, n_bins_, high_ - low_, kLeast);
  }

  // The bin in which a number lies: where it begins and how large it is on the axis that was searched and on the
  // other, and the parameters of the slopes at its ends.
  template <class R>
  struct Bin {
    R searched_from, searched, other_from, other, left, right;
  };
  template <class R, class P>
  NFLOWS_PART Bin<R> find(R v, const Sizes<R>& searched, const Sizes<R>& other, P p) const {
    Bin<R> bin;
    R from = scalar<R>(low_), other_from = from;
    R raw = raw_slope<R>(p, 0);
    for (int i = 0; i < n_bins_; ++i) {
      const bool last = i == n_bins_ - 1;
      const R to = last ? scalar<R>(high_) : from + searched[i];
      const R other_to = last ? scalar<R>(high_) : other_from + other[i];
      const R next = raw_slope<R>(p, i + 1);
      const Bin<R> here{from, to - from, other_from, other_to - other_from, raw, next};
      bin = i == 0 ? here : later(v >= from, here, bin);
      from = to;
      other_from = other_to;
      raw = next;
    }
    return bin;
  }
  template <class R>
  static NFLOWS_FN Bin<R> later(MaskOf<R> m, const Bin<R>& a, const Bin<R>& b) {
    return {select(m, a.searched_from, b.searched_from),
            select(m, a.searched, b.searched),
            select(m, a.other_from, b.other_from),
            select(m, a.other, b.other),
            select(m, a.left, b.left),
            select(m, a.right, b.right)};
  }

  // The curve within a bin.
  template <class R>
  struct Curve {
    R xi, s, t, n, q, m;
    NFLOWS_FN Curve(R w, R h, R left, R right, R xi_) : xi(xi_), s(h / w), t(xi_ * (R(1) - xi_)) {
      const R rest = R(1) - xi;
      n = fma(s * xi, xi, left * t);
      q = fma(left + right - s - s, t, s);
      m = fma(right * xi, xi, fma(s + s, t, left * rest * rest));
    }
    NFLOWS_FN R slope() const {
      const R per = s / q;
      return per * per * m;
    }
  };

  // Where the slope of a knot has its parameter; -1: it is 1.
  NFLOWS_FN int slope_at(int knot) const {
    const int first = 2 * n_bins_;
    if (tails_ == Tails::kNone) return first + knot;
    if (tails_ == Tails::kCircular) return first + (knot == n_bins_ ? 0 : knot);
    return knot == 0 || knot == n_bins_ ? -1 : first + knot - 1;
  }
  template <class R, class P>
  NFLOWS_FN R raw_slope(P p, int knot) const {
    const int at = slope_at(knot);
    return at < 0 ? R(0) : p[at];
  }
  template <class R>
  static NFLOWS_FN R slope(R raw) {
    return exp(bounded(raw, static_cast<ScalarOf<R>>(kLogSteepest)).value);
  }
  template <class R>
  static NFLOWS_FN R slope_by(R raw, R slope) {
    return slope * bounded(raw, static_cast<ScalarOf<R>>(kLogSteepest)).slope;
  }

  // The adjoints of one axis' logits, from those of the knot at which x's bin begins, which is the sum of all steps
  // before it, and of the bin's own step. `searched` are the steps that say which bin it is.
  template <class R, class D>
  NFLOWS_PART void put_steps(R x, const Sizes<R>& searched, const Sizes<R>& steps, R dknot, R dstep,
                             int first, D dp) const {
    R mean = R(0), from = scalar<R>(low_);
    for (int i = 0; i < n_bins_; ++i) {
      mean = fma(steps.share[i], by_step(x, from, searched, i, dknot, dstep), mean);
      from += searched[i];
    }
    from = scalar<R>(low_);
    for (int i = 0; i < n_bins_; ++i) {
      const R d = by_step(x, from, searched, i, dknot, dstep) - mean;
      dp.set(first + i, steps.free * steps.share[i] * d);
      from += searched[i];
    }
  }
  // The adjoint of step i, where bin i begins at `from`.
  template <class R>
  NFLOWS_FN R by_step(R x, R from, const Sizes<R>& searched, int i, R dknot, R dstep) const {
    const R reached = i == 0 ? dstep : select(x >= from, dstep, R(0));
    return i == n_bins_ - 1 ? reached : select(x >= from + searched[i], dknot, reached);
  }

  template <class R, class D>
  NFLOWS_PART void put_slopes(R x, const Sizes<R>& searched, R dleft, R dright, D dp) const {
    R from = scalar<R>(low_), first = R(0),
      carried = R(0);  // `carried`: of a bin's right knot to the next bin's left
    for (int i = 0; i < n_bins_; ++i) {
      const R to = from + searched[i], ones = R(1), none = R(0);
      R here = i == 0 ? ones : select(x >= from, ones, none);
      if (i < n_bins_ - 1) here = select(x >= to, none, here);
      const R d = fma(here, dleft, carried);
      if (i == 0)
        first = d;
      else if (slope_at(i) >= 0)
        dp.set(slope_at(i), d);
      carried = here * dright;
      from = to;
    }
    if (tails_ == Tails::kCircular) dp.set(slope_at(0), first + carried);
    if (tails_ == Tails::kNone) {
      dp.set(slope_at(0), first);
      dp.set(slope_at(n_bins_), carried);
    }
  }

  int n_bins_;
  Tails tails_;
  double low_, high_;
};

using RationalQuadratic = RationalQuadraticOf<128>;

}  // namespace nflows
