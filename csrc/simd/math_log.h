// log, log1p and softplus.
//
//   log      x = 2^k m, m around 1:  log x = k ln 2 + log(1 + f), f = m - 1
//   log1p    the same with f = 2^-k x + (2^-k - 1), which rounds once: 1 + x chooses k and is not used further
//   softplus log(1 + e^x) = max(x, 0) + log(1 + e), e = e^-|x| <= 1: no k to look for
//
// k ln2_high is exact, so the parts of the sum are as accurate as the smallest of them needs.
//
//             max ULP float, double    ends
//   log       1.0, 1.4                 all positive numbers, denormals too; -inf at +-0, NaN below 0, +inf at +inf
//   log1p     1.7, 2.0                 all numbers above -1; -inf at -1, NaN below; -0 and denormals are themselves
//   softplus  2.1, 2.2                 +inf at +inf; 0 below -86.99 / -708.05, as exp
//
// The bounds hold with and without fused multiply-adds. NaN in, NaN out.
#pragma once

#include "simd/lane.h"
#include "simd/math_exp.h"
#include "simd/polynomial.h"

namespace nflows {

template <class T>
struct LogConstants;
template <>
struct LogConstants<float> {
  static constexpr std::int32_t kLowest = 0x3f2aaaab;  // 2/3: m in [2/3, 4/3), f in [-1/3, 1/3)
  static constexpr int kMantissa = 23;
  static constexpr std::int32_t kFour = 0x40800000, kMantissaMask = 0x007fffff;
  static constexpr float kSmallestNormal = 0x1p-126f, kScaleUp = 0x1p23f;
  static constexpr float kInfinity = __builtin_inff(), kNaN = __builtin_nanf("");
};
template <>
struct LogConstants<double> {
  static constexpr std::int64_t kLowest = 0x3fe6a09e667f3bcd;  // sqrt(1/2): |f / (f + 2)| <= 0.172
  static constexpr int kMantissa = 52;
  static constexpr std::int64_t kFour = 0x4010000000000000, kMantissaMask = 0x000fffffffffffff;
  static constexpr double kSmallestNormal = 0x1p-1022, kScaleUp = 0x1p52;
  static constexpr double kInfinity = __builtin_inf(), kNaN = __builtin_nan("");
};
template <class R>
using LogConstantsOf = LogConstants<ScalarOf<R>>;

// k ln 2 + log(1 + f). The small terms are added first; k ln2_high, exact, comes last.
//
//   float   log(1 + f) = f + f^2 p(f), error 2^-27.7 of it
//   double  log(1 + f) = 2 atanh(s), s = f / (2 + f), error 2^-59.5 of it; as 2 s = f - s f, the rounding of s counts little:
//           2 atanh(s) = 2 s + s R(s^2) = f + s (R - f)
template <class R>
NFLOWS_FN R log_reduced(R f, R k) {
  using C = ExpConstantsOf<R>;
  const R low = fma(k, R(C::kLn2Low), f);
  if constexpr (kSingle<R>) {
    const R p = polynomial(f, -0.5f, 0.333332151f, -0.249998033f, 0.200104475f, -0.166802391f, 0.140052646f,
                           -0.121876359f, 0.139871761f, -0.128772467f);
    return fma(k, R(C::kLn2High), fma(f * f, p, low));
  } else {
    const R s = f / (f + R(2));
    const R z = s * s;
    const R series =
        polynomial(z, 0.6666666666666734, 0.39999999999416985, 0.28571428741915766, 0.22222198618394179,
                   0.18183562115187338, 0.15314104027782133, 0.14795442316005969);
    return fma(k, R(C::kLn2High), fma(s, fma(z, series, -f), low));
  }
}

// y where 0 < x < inf, else the logarithm of x.
template <class R>
NFLOWS_FN R log_special(R x, R y) {
  using C = LogConstantsOf<R>;
  const R outside = select(x == R(0), R(-C::kInfinity), R(C::kNaN));
  return select(x < R(C::kInfinity), select(x > R(0), y, outside), x);
}

template <class R>
NFLOWS_FN R log(R x) {
  using C = LogConstantsOf<R>;
  using Bits = BitsOf<R>;
  const auto denormal = x < R(C::kSmallestNormal);
  const Bits bits = to_bits(abs(select(denormal, x * R(C::kScaleUp), x))) - Bits(C::kLowest);
  const R k = to_real(bits >> C::kMantissa) - select(denormal, R(C::kMantissa), R(0));
  const R m = from_bits((bits & Bits(C::kMantissaMask)) + Bits(C::kLowest));
  return log_special(x, log_reduced(m - R(1), k));
}

// 2^-k can be below the normal numbers: it is a quarter of the scale. The bits of a NaN, of which some would overflow here,
// are not looked at: max puts its second argument in the place of a NaN.
template <class R>
NFLOWS_FN R log1p(R x) {
  using C = LogConstantsOf<R>;
  using Bits = BitsOf<R>;
  const R u = x + R(1);
  const Bits bits = to_bits(max(u, R(C::kSmallestNormal))) - Bits(C::kLowest);
  const R k = to_real(bits >> C::kMantissa);
  const R scale = from_bits(Bits(C::kFour) - (bits & Bits(~C::kMantissaMask)));
  const R f = fma(x * scale, R(0.25f), fma(scale, R(0.25f), R(-1)));
  return copysign(log_special(u, log_reduced(f, k)), x);
}

// log(1 + e) is written as in log_reduced: 2 atanh(s) = e + s (R(s^2) - e), s = e / (2 + e).
template <class R>
NFLOWS_FN R softplus(R x) {
  const R e = exp(-abs(x));
  const R s = e / (e + R(2));
  const R z = s * s;
  R series;  // error of the logarithm 2^-27.7, 2^-59.4
  if constexpr (kSingle<R>) {
    series = polynomial(z, 0.666664183f, 0.400214374f, 0.280030191f, 0.280068487f);
  } else {
    series = polynomial(z, 0.66666666666666308, 0.40000000000155705, 0.28571428548058303, 0.22222223956701603,
                        0.18181744388262375, 0.15386550058242313, 0.13301102223389938, 0.12105079688071461,
                        0.083444403621232455, 0.17010655817316794);
  }
  return max(R(0), x) + fma(s, fma(z, series, -e), e);
}

}  // namespace nflows
