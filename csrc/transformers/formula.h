// The contract of a formula: a monotone map z = f(x; p) of one number, with k parameters, as its paper writes it.
//
// A formula is a small struct of plain numbers, made from its spec if that has options, with
//
//   int n_params;                                  // k; static where it is no option
//   Mapped<R> forward(R x, P p)                    // z,  log_det = log f'(x)
//   Mapped<R> inverse(R z, P p)                    // x,  log_det = -log f'(x)
//   R backward(R x, P p, R dz, R dlog_det, D dp)   // dx and dp of forward
//   static constexpr bool is_angle = true;         // optional: x and x + 2 pi are the same
//
// A formula with arrays is a template over their length, and has three members more. A device gives every thread room for
// whole arrays, of which most flows need a few numbers:
//
//   static constexpr int kMost;                    // the arrays' length
//   using Small = ...;                             // the same formula with arrays of 16
//   int size() const                               // how many numbers of them are used
//
// All functions are templates over R: Rows<T> on a CPU, T in a CUDA thread. p[i] is parameter i, dp.set(i, R) takes its adjoint, each
// once and after the last p[i] was read. At p = 0 the formula is the identity, so that a flow whose conditioners end in
// zeros starts as one. `backward` is linear in (dz, dlog_det). No formula writes the gradient of its inverse:
// inverse_backward makes it for all of them. lanes.h makes a transformer of a formula.
#pragma once

#include <algorithm>
#include <cmath>
#include <type_traits>

#include "core/spec.h"
#include "simd/math.h"

namespace nflows {

template <class R>
struct Mapped {
  R value, log_det;
};

// A formula as its spec has it.
template <class Formula>
Formula formula_from(const Spec& spec) {
  if constexpr (std::is_constructible_v<Formula, const Spec&>)
    return Formula(spec);
  else
    return {};
}

// A log-scale alpha = c tanh(a / c), |alpha| < c, and its slope d(alpha)/da: exp(alpha) cannot overflow, and
// near zero, where flows live, the bound is not felt.
template <class R>
struct LogScale {
  R value, slope;
};
template <class R>
NFLOWS_FN LogScale<R> bounded(R a, ScalarOf<R> c) {
  const R t = tanh(a * (1 / c));
  return {t * c, R(1) - t * t};
}

// The a whose bounded value is alpha, for starts from data; alphas outside stop just inside the bound.
inline double unbounded(double alpha, double c) { return c * std::atanh(std::clamp(alpha / c, -0.99, 0.99)); }

// Units that are alike at 0 part because each has a rate of its own at which it follows its parameter: of the n, unit k
// has one from 1/4 to 4, in even ratios; a single one has 1.
template <class R>
NFLOWS_FN ScalarOf<R> rate_of_unit(int k, int n) {
  const double place = n == 1 ? 0.5 : static_cast<double>(k) / (n - 1);
  return exp(static_cast<ScalarOf<R>>((2.0 * place - 1.0) * 1.3862943611198906));
}

// The parameters, or their adjoints, behind the first k.
template <int k, class P>
struct After {
  P all;
  NFLOWS_FN auto operator[](int i) const { return all[k + i]; }
  template <class R>
  NFLOWS_FN void set(int i, R value) const {
    all.set(k + i, value);
  }
};

// The gradient of x = f^-1(z; p) by the implicit function theorem, at the solution x, for any formula.
//
// Let l(x, p) = log f'(x; p), and let the loss see x and -l with adjoints dx and dlog_det. From z = f(x; p),
// dx/dz = 1/f' and dx/dp = -(df/dp)/f', hence with g = dL/dx in total = dx - dlog_det dl/dx
//
//   dL/dz = g / f'   and   dL/dp = -(dL/dz) df/dp - dlog_det dl/dp.
//
// Both are backward's own output: (dl/dx, dl/dp) for dz = 0, (df/dx, df/dp) for dlog_det = 0. What
// the first call leaves in dp, the second one replaces.
template <class Formula, class R, class P, class D>
NFLOWS_FN R inverse_backward(const Formula& f, R x, P p, R dx, R dlog_det, D dp) {
  const R direct = f.backward(x, p, R(0), -dlog_det, dp);
  const R dz = (dx + direct) * exp(-f.forward(x, p).log_det);
  f.backward(x, p, -dz, -dlog_det, dp);
  return dz;
}

}  // namespace nflows
