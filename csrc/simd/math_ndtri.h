// ndtri: the standard normal's quantile, of a place with the mass `lower` below it and `upper` above, which add up to 1.
//
//   |q| <= 0.425    z = q A(r),        q = (lower - upper) / 2,  r = 0.425^2 - q^2
//   beyond          z = +-B(r - 1.6)   r = sqrt(-log(min(lower, upper))) <= 5,  and C(r - 5) from there on
//
// Both masses are asked for: the smaller one says where a place in either tail is, which 1 less the other could not.
//
// Source: Wichura (1988), "Algorithm AS 241: the percentage points of the normal distribution", Applied Statistics 37.
// Relative error below 1e-15 (double), and a few roundings. Masses below 1e-37 (float) or 1e-300 count as those.
#pragma once

#include "simd/lane.h"
#include "simd/math_log.h"
#include "simd/polynomial.h"

namespace nflows {

template <class R>
NFLOWS_PART R ndtri(R lower, R upper) {
  const R q = scalar<R>(0.5) * (lower - upper), central = scalar<R>(0.180625) - q * q;
  const R middle = q *
                   polynomial(central, 3.3871328727963666080e0, 1.3314166789178437745e+2,
                              1.9715909503065514427e+3, 1.3731693765509461125e+4, 4.5921953931549871457e+4,
                              6.7265770927008700853e+4, 3.3430575583588128105e+4, 2.5090809287301226727e+3) /
                   polynomial(central, 1.0, 4.2313330701600911252e+1, 6.8718700749205790830e+2,
                              5.3941960214247511077e+3, 2.1213794301586595867e+4, 3.9307895800092710610e+4,
                              2.8729085735721942674e+4, 5.2264952788528545610e+3);
  const R least = scalar<R>(kSingle<R> ? 1e-37 : 1e-300);
  const R r = sqrt(-log(max(least, min(lower, upper)))), near = r - scalar<R>(1.6), far = r - R(5);
  const R tail = polynomial(near, 1.42343711074968357734e0, 4.63033784615654529590e0,
                            5.76949722146069140550e0, 3.64784832476320460504e0, 1.27045825245236838258e0,
                            2.41780725177450611770e-1, 2.27238449892691845833e-2, 7.74545014278341407640e-4) /
                 polynomial(near, 1.0, 2.05319162663775882187e0, 1.67638483018380384940e0,
                            6.89767334985100004550e-1, 1.48103976427480074590e-1, 1.51986665636164571966e-2,
                            5.47593808499534494600e-4, 1.05075007164441684324e-9);
  const R far_tail =
      polynomial(far, 6.65790464350110377720e0, 5.46378491116411436990e0, 1.78482653991729133580e0,
                 2.96560571828504891230e-1, 2.65321895265761230930e-2, 1.24266094738807843860e-3,
                 2.71155556874348757815e-5, 2.01033439929228813265e-7) /
      polynomial(far, 1.0, 5.99832206555887937690e-1, 1.36929880922735805310e-1, 1.48753612908506148525e-2,
                 7.86869131145613259100e-4, 1.84631831751005468180e-5, 1.42151175831644588870e-7,
                 2.04426310338993978564e-15);
  return select(abs(q) <= scalar<R>(0.425), middle, copysign(select(r <= R(5), tail, far_tail), q));
}

}  // namespace nflows
