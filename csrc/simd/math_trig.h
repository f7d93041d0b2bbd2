// sin and cos.
//
//   x = k pi/2 + r,  |r| <= pi/4       the quadrant k mod 4 says which of sin r, cos r it is, and with which sign
//
// Cody and Waite's reduction: pi/2 in parts so short that k times all but the last is exact for k within the range, with or
// without a fused multiply-add.
//
//             max ULP float, double    range
//   sin cos   1.6, 1.8                 |x| <= 1e4 / 1e6; -0 and denormals are their own sine
//
// The bounds hold with and without fused multiply-adds. Beyond the range the phase is lost, slowly up to 1e6 / 1e9 and then
// altogether: sin is 0 and cos 1 there. The result is always in [-1, 1]. NaN at the infinities; NaN in, NaN out.
#pragma once

#include "simd/lane.h"
#include "simd/polynomial.h"

namespace nflows {

template <class T>
struct TrigConstants;
template <>
struct TrigConstants<float> {
  static constexpr float kTwoOverPi = 0x1.45f306p-1f;
  static constexpr float kPart1 = 0x1.92p0f, kPart2 = 0x1.fb4p-12f, kPart3 = 0x1.444p-24f,
                         kPart4 = 0x1.68c234p-39f;
  static constexpr float kRound = 0x1.8p23f;  // adding it leaves the nearest integer in the low mantissa bits
  static constexpr float kPhaseless = 1e6f;   // up to here k is exact and r below 0.9; beyond, 0 stands for x
  static constexpr int kSignFromTwo = 30;     // moves bit 1 to the sign
};
template <>
struct TrigConstants<double> {
  static constexpr double kTwoOverPi = 0x1.45f306dc9c883p-1;
  static constexpr double kPart1 = 0x1.921fb544p0, kPart2 = 0x1.0b4611a6p-34, kPart3 = 0x1.3198a2ep-69;
  static constexpr double kPart4 = 0x1.b839a252049c1p-104;
  static constexpr double kRound = 0x1.8p52, kPhaseless = 1e9;
  static constexpr int kSignFromTwo = 62;
};

// sin(x + quadrants pi/2).
template <class R>
NFLOWS_FN R sin_from_quadrant(R x, ScalarOf<R> quadrants) {
  using C = TrigConstants<ScalarOf<R>>;
  using Bits = BitsOf<R>;
  const R inside = select(abs(x) < R(C::kPhaseless), x, x - x);  // 0, or NaN
  const R shifted = fma(inside, R(C::kTwoOverPi), R(C::kRound + quadrants));
  const R k = shifted - R(C::kRound + quadrants);
  const Bits quadrant = to_bits(shifted);
  const R high = fma(k, R(-C::kPart2), fma(k, R(-C::kPart1), inside));
  const R r = fma(k, R(-C::kPart3), high);
  const R low = fma(k, R(-C::kPart4), fma(k, R(-C::kPart3), high - r));  // and what rounding took from r
  const R z = r * r;
  R s, c;  // sin r = r + r z s, error 2^-27.9, 2^-57.9; cos r = 1 + z c, error 2^-33, 2^-64
  if constexpr (kSingle<R>) {
    s = polynomial(z, -0.166666552f, 0.00833218731f, -0.000195179091f);
    c = polynomial(z, -0.5f, 0.0416666456f, -0.00138873095f, 2.44323383e-05f);
  } else {
    s = polynomial(z, -0.1666666666666663, 0.008333333333321884, -0.00019841269829415316,
                   2.7557313563732891e-06, -2.5050739009242757e-08, 1.5895732877828237e-10);
    c = polynomial(z, -0.5, 0.041666666666666595, -0.0013888888888873307, 2.4801587288965183e-05,
                   -2.7557314203050397e-07, 2.0875703133719418e-09, -1.1358616619482846e-11);
  }
  const R y = select((quadrant & Bits(1)) == Bits(0), r + fma(r * z, s, low), fma(z, c, R(1)));
  return from_bits(to_bits(y) ^ ((quadrant & Bits(2)) << C::kSignFromTwo));
}

template <class R>
NFLOWS_FN R sin(R x) {
  return select(x == R(0), x, sin_from_quadrant(x, 0));  // the sum in sin r loses the sign of zero
}

template <class R>
NFLOWS_FN R cos(R x) {
  return sin_from_quadrant(x, 1);
}

// An angle less so many whole turns that it lies in [-pi, pi], but for rounding; 0 beyond the range of sin and cos.
template <class R>
NFLOWS_FN R within_turn(R angle) {
  using C = TrigConstants<ScalarOf<R>>;
  const R inside = select(abs(angle) < R(C::kPhaseless), angle, angle - angle);
  const R quadrants = R(4) * (fma(inside, R(C::kTwoOverPi / 4), R(C::kRound)) - R(C::kRound));
  const R high = fma(quadrants, R(-C::kPart2), fma(quadrants, R(-C::kPart1), inside));
  return fma(quadrants, R(-C::kPart4), fma(quadrants, R(-C::kPart3), high));
}

}  // namespace nflows
