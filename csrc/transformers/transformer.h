// The contract of a transformer: a monotone map z = f(x; p) of one number, with k parameters.
//
// A transformer is a struct with
//
//   static constexpr int n_params = k;
//   template <class R> static Mapped<R>    forward(R x, const R* p);     // z,  log_det = log f'(x)
//   template <class R> static Mapped<R>    inverse(R z, const R* p);     // x,  log_det = -log f'(x)
//   template <class R> static Pulled<R, k> backward(R x, const R* p, R dz, R dlog_det);    // dx, dp of forward
//
// written over R: Rows<T> on a CPU, T in a CUDA thread. At p = 0 it is the identity, so that a flow whose
// conditioners end in zeros starts as one. `backward` is linear in (dz, dlog_det). The gradient of `inverse`
// is nobody's task: see pull_inverse. A transformer knows no wiring; bijections/ makes it elementwise, a
// coupling and autoregressive.
#pragma once

#include "simd/math.h"

namespace nflows {

template <class R>
struct Mapped {
  R value, log_det;
};

template <class R, int k>
struct Pulled {
  R dx, dp[k];
};

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

// The gradient of x = f^-1(z; p) by the implicit function theorem, at the solution x, for any transformer.
//
// Let l(x, p) = log f'(x; p), and let the loss see x and -l with adjoints dx and dlog_det. From z = f(x; p),
// dx/dz = 1/f' and dx/dp = -(df/dp)/f', hence with g = dL/dx in total = dx - dlog_det dl/dx
//
//   dL/dz = g / f'   and   dL/dp = -(dL/dz) df/dp - dlog_det dl/dp.
//
// Both are backward's own output: (dl/dx, dl/dp) for dz = 0, (df/dx, df/dp) for dlog_det = 0.
template <class Transformer, class R>
NFLOWS_FN Pulled<R, Transformer::n_params> pull_inverse(R x, const R* p, R dx, R dlog_det) {
  const R direct = Transformer::backward(x, p, R(0), -dlog_det).dx;
  const R dz = (dx + direct) * exp(-Transformer::forward(x, p).log_det);
  auto pulled = Transformer::backward(x, p, -dz, -dlog_det);
  pulled.dx = dz;
  return pulled;
}

}  // namespace nflows
