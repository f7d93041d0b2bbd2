// The signed power of 1 + |x|, which power transformations are made of:
//
//   z = sign(x) ((1 + |x|)^e - 1) / e,   e > 0        log dz/dx = (e - 1) log(1 + |x|)
#pragma once

#include "simd/math.h"

namespace nflows {

template <class R>
struct SignedPower {
  R x, log_size;  // log(1 + |x|)

  static NFLOWS_FN SignedPower at(R x) { return {x, log1p(abs(x))}; }

  // Where z comes from. Beyond `far` the exponential overflows; rows so far out have been held long before
  // (bijections/sequence.cpp).
  static NFLOWS_FN SignedPower solve(R z, R e) {
    constexpr int far = kSingle<R> ? 80 : 700;
    const R l = min(R(far), log1p(e * abs(z)) / e);
    return {copysign(expm1(l), z), l};
  }

  NFLOWS_FN R value(R e) const { return copysign(expm1(e * log_size) / e, x); }
  NFLOWS_FN R log_slope(R e) const { return (e - R(1)) * log_size; }

  // The adjoints of x and e. With v = e log(1 + |x|), dz/de = sign(x) (v exp(v) - expm1(v)) / e^2.
  struct Adjoints {
    R dx, de;
  };
  NFLOWS_FN Adjoints backward(R e, R dz, R dlog_det) const {
    const R v = e * log_size, there = expm1(v), one = R(1), side = copysign(one, x);
    const R by_e = (v * (there + one) - there) / (e * e);
    return {fma(dz, exp((e - one) * log_size), side * dlog_det * (e - one) / (one + abs(x))),
            fma(side * dz, by_e, dlog_det * log_size)};
  }
};

}  // namespace nflows
