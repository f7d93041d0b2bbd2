// exp, expm1, sigmoid and tanh: one range reduction and one polynomial.
//
//   x = k ln 2 + r,  |r| <= ln 2 / 2          e^x = 2^k e^r,  e^r = 1 + r + r^2 q(r), q a minimax polynomial
//
// Straight-line code. ln 2 is split so that k ln2_high is exact for every k that occurs: the reduction loses nothing where
// fma() rounds twice. 2^k is made in the exponent field, one power lower than needed, so that the whole range up to the
// largest finite number takes a single scale; the results that would need one below the smallest are flushed to zero.
//
//             max ULP float, double    ends
//   exp       1.2, 1.2                 +inf from 88.73 / 709.79; 0 below -86.99 / -708.05 (e^x = 1.7e-38 / 3.1e-308)
//   expm1     1.4, 1.8                 +inf as exp; -1 at -inf; -0 and denormals are themselves
//   sigmoid   2.6, 2.6                 0 and 1 at the infinities; 0 below -89.07 / -710.13
//   tanh      2.6, 2.6                 odd, bit by bit; +-1 from 9.1 / 19.1; -0 and denormals are themselves
//
// The bounds hold between those ends, with and without fused multiply-adds. NaN in, NaN out, and never a NaN for a number.
#pragma once

#include "simd/lane.h"
#include "simd/polynomial.h"

namespace nflows {

template <class T>
struct ExpConstants;
template <>
struct ExpConstants<float> {
  static constexpr float kInverseLn2 = 0x1.715476p+0f, kLn2High = 0x1.62e4p-1f, kLn2Low = 0x1.7f7d1cp-20f;
  static constexpr float kRound = 0x1.8p23f;  // adding it leaves the nearest integer in the low mantissa bits
  static constexpr float kBias = 126.0f;      // with it those bits, moved to the exponent, are 2^(k-1)
  static constexpr int kMantissa = 23;
  static constexpr float kZero = -87.5f;     // k = -126: the scale's bits are those of 0
  static constexpr float kHuge = 89.0f;      // k = 128: 2^127 e^r is finite, twice that is not
  static constexpr float kInfinite = 89.4f;  // k = 129: the scale's bits are those of infinity
  static constexpr float kTanhOne = 20.0f;   // e^x + 1 rounds to e^x - 1
  static constexpr float kTiny = 0x1p-25f;   // e^x - 1 rounds to x below it
};
template <>
struct ExpConstants<double> {
  static constexpr double kInverseLn2 = 0x1.71547652b82fep+0, kLn2High = 0x1.62e42fefa3p-1;
  static constexpr double kLn2Low = 0x1.3de6af278ece6p-42;
  static constexpr double kRound = 0x1.8p52, kBias = 1022.0;
  static constexpr int kMantissa = 52;
  static constexpr double kZero = -708.5, kHuge = 710.0, kInfinite = 710.4, kTanhOne = 40.0;
  static constexpr double kTiny = 0x1p-54;
};
template <class R>
using ExpConstantsOf = ExpConstants<ScalarOf<R>>;

template <class R>
struct ExpReduced {
  R r;
  R scale;  // 2^k, or 2^(k-1)
};

// x in [kZero, kInfinite]; bias kBias gives the scale 2^(k-1), bias kBias + 1 gives 2^k for k < 128 / 1024.
template <class R>
NFLOWS_FN ExpReduced<R> exp_reduce(R x, ScalarOf<R> bias) {
  using C = ExpConstantsOf<R>;
  const R shifted = fma(x, R(C::kInverseLn2), R(C::kRound + bias));
  const R k = shifted - R(C::kRound + bias);
  const R r = fma(k, R(-C::kLn2Low), fma(k, R(-C::kLn2High), x));
  return {r, from_bits(to_bits(shifted) << C::kMantissa)};
}

// q(r) of the head. Error relative to e^r - 1: 2^-26.1 (float), 2^-55.2 (double).
template <class R>
NFLOWS_FN R exp_tail(R r) {
  if constexpr (kSingle<R>) {
    return polynomial(r, 0.5f, 0.16666548f, 0.0416668244f, 0.00836611632f, 0.00139009173f);
  } else {
    return polynomial(r, 0.5, 0.16666666666666602, 0.041666666666619841, 0.0083333333333883743,
                      0.0013888888920579327, 0.00019841269709378731, 2.4801516243237376e-05,
                      2.7557424990618447e-06, 2.7622274839352445e-07, 2.5045957084606578e-08);
  }
}

template <class R>
NFLOWS_FN R exp(R x) {
  using C = ExpConstantsOf<R>;
  const auto [r, half] = exp_reduce(min(R(C::kInfinite), max(R(C::kZero), x)), C::kBias);
  const R e_r = fma(r, fma(r, exp_tail(r), R(1)), R(1));
  return (e_r + e_r) * half;
}

// Twice a half: the scale is 2^(k-1). Tiny numbers go past it, or zero would lose its sign and denormals their last bit.
template <class R>
NFLOWS_FN R expm1(R x) {
  using C = ExpConstantsOf<R>;
  const auto [r, half] = exp_reduce(min(R(C::kHuge), max(R(C::kZero), x)), C::kBias);
  const R curve = r * (r * exp_tail(r));
  const R y = fma(curve, half, fma(r, half, half - R(0.5f)));
  return select(abs(x) < C::kTiny, x, y + y);
}

// 1 / (1 + e^-x) with e^-x = 2 half e^r: one half on top saves the doubling.
template <class R>
NFLOWS_FN R sigmoid(R x) {
  using C = ExpConstantsOf<R>;
  const auto [r, half] = exp_reduce(min(R(C::kInfinite), max(R(C::kZero), -x)), C::kBias);
  const R e_r = fma(r, fma(r, exp_tail(r), R(1)), R(1));
  return R(0.5f) / fma(e_r, half, R(0.5f));
}

// tanh |x| = t / (t + 2) with t = e^{2|x|} - 1, which cancels nowhere and is never negative: the sign of x goes on by an or.
template <class R>
NFLOWS_FN R tanh(R x) {
  using C = ExpConstantsOf<R>;
  const R a = abs(x);
  const auto [r, scale] = exp_reduce(min(R(C::kTanhOne), a + a), C::kBias + 1);
  const R p = fma(r * r, exp_tail(r), r);
  const R t = fma(p, scale, scale - R(1));
  return from_bits(to_bits(t / (t + R(2))) | (to_bits(x) ^ to_bits(a)));
}

}  // namespace nflows
