// log_ndtr: the logarithm of Phi, the standard normal's distribution function.
//
//   Phi(-a) = e^{-a^2/2} g(a),  a >= 0     g(a) = t p(s),  t = 1 / (a + 4),  s = (a - 4) t in [-1, 1]
//
//   x < 0    log Phi(x) = log g(-x) - x^2/2, where nothing cancels: g <= 1/2
//   x >= 0   log Phi(x) = log1p(-Phi(-x)), where x^2 / 2 is an exact square and a rest of at most 0.09
//
// g is erfcx(a / sqrt 2) / 2; p is a minimax polynomial relative to it, for all a at once (the variable s is that of
// Shepherd and Laframboise 1981). Both forms are computed and one is taken.
//
//             max ULP float, double    ends
//   log_ndtr  6.6, 7.6                 -inf below -2.6e19 / -1.9e154; -0 above 13.2 / 37.7
//
// The worst is near 0, where both forms feel the rounding of g; from 2 on to the left it is 1.6. The bounds hold up to 13.1
// and 37.6, with and without fused multiply-adds. NaN in, NaN out.
#pragma once

#include "simd/lane.h"
#include "simd/math_exp.h"
#include "simd/math_log.h"
#include "simd/polynomial.h"

namespace nflows {

// g(a) for a >= 0, that of the bound beyond it. Error of p 2^-29.3 (float), 2^-56.8 (double). What the sum a + 4 was
// rounded by goes into t.
template <class R>
NFLOWS_FN R scaled_tail(R a) {
  const R b = min(scalar<R>(kSingle<R> ? 1e30 : 1e150), a), d = b + R(4), inverse = R(1) / d;
  const R t = fma(-inverse * inverse, b - (d - R(4)), inverse), s = (b - R(4)) * t;
  if constexpr (kSingle<R>) {
    return t * polynomial(s, 0.75528514f, -0.6078966f, 0.3871374f, -0.18652225f, 0.060396373f, -0.0075371f,
                          -0.003479113f, 0.0016203937f, 0.00013261751f, -0.00021372053f, -1.2914472e-06f,
                          2.0443042e-05f);
  } else {
    return t * polynomial(s, 0.7552851304157515, -0.6078966419718923, 0.387137400742214, -0.18652185795964116,
                          0.06039657489096512, -0.00754018896726647, -0.0034796923679507857,
                          0.0016308184659521887, 0.0001333443182962665, -0.00023109500753087673,
                          -1.90829780003052e-06, 3.5145071451767256e-05, 7.168472146590485e-07,
                          -5.921504300982409e-06, -6.302902844248077e-07, 1.0246006528031517e-06,
                          2.7319001474639026e-07, -1.5956634647804435e-07, -8.763524531991452e-08,
                          1.7698302493055216e-08, 2.1942538129249732e-08, -5.283744537112366e-10,
                          -3.9285925078761085e-09, -1.3029026495455176e-10, 3.735950448036706e-10);
  }
}

// log Phi(x), and the logarithm of its slope, the inverse Mills ratio phi(x) / Phi(x).
template <class R>
struct LogNdtr {
  R value, log_slope;
};
template <class R>
NFLOWS_FN LogNdtr<R> log_ndtr_and_slope(R x) {
  using T = ScalarOf<R>;
  constexpr Int<T> kHead = static_cast<Int<T>>(~((std::uint64_t{1} << (kSingle<R> ? 12 : 27)) - 1));
  const R a = abs(x), g = scaled_tail(a), log_g = log(g);
  const R half = R(T(0.5)), half_a = half * a;
  const R b = min(R(kSingle<R> ? 14 : 39), a);  // Phi(-b) is 0 from there on
  const R head = from_bits(to_bits(b) & BitsOf<R>(kHead)), low = b - head;
  const R square = half * head * head, lost = -low * fma(half, low, head);
  const R expm1_lost = lost * polynomial(lost, 1, T(1.0 / 2), T(1.0 / 6), T(1.0 / 24), T(1.0 / 120));
  const R tail = g * exp(-square), rest = log1p(-fma(tail, expm1_lost, tail));
  const R log_root = scalar<R>(0.91893853320467274);  // of 2 pi
  const auto left = x < R(0);
  return {select(left, fma(-half_a, a, log_g), rest), -select(left, log_g, fma(half_a, a, rest)) - log_root};
}

template <class R>
NFLOWS_FN R log_ndtr(R x) {
  return log_ndtr_and_slope(x).value;
}

}  // namespace nflows
