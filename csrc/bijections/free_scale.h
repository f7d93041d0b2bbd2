// A free shift and log-scale of one feature, z = (x - shift) exp(-alpha), for layers whose scale no net computes.
//
// alpha = c tanh(a / c) as in the affine transformer, but with c = 12: these scales also take up what the
// data's own conditional spread is, and e^-12 lets a nearly collinear column keep six digits.
#pragma once

#include "simd/each.h"
#include "transformers/formula.h"

namespace nflows {

inline constexpr int kFreeScaleBound = 12;

template <class T>
struct FreeScale {
  T alpha, slope, scale, stretch;  // slope = d(alpha)/da, scale = exp(-alpha), stretch = exp(alpha)

  FreeScale() = default;
  NFLOWS_FN explicit FreeScale(T a) {
    const LogScale<T> bound = bounded(a, T(kFreeScaleBound));
    alpha = bound.value;
    slope = bound.slope;
    scale = exp(-alpha);
    stretch = exp(alpha);
  }

  // From the parameters a.
  struct Derive {
    NFLOWS_FN void operator()(const T* a, FreeScale* made) const { *made = FreeScale(*a); }
  };
};

// z = (x - shift) scale; in place is fine.
struct FreeScaleForward {
  template <class S, class T, class X, class Z, class L>
  NFLOWS_FN void operator()(S s, T shift, X x, Z z, L log_det) const {
    using R = typename X::Number;
    z.set(0, (x[0] - shift) * s.scale);
    log_det.add(R(-s.alpha));
  }
};

struct FreeScaleInverse {
  template <class S, class T, class Z, class X, class L>
  NFLOWS_FN void operator()(S s, T shift, Z z, X x, L log_det) const {
    using R = typename Z::Number;
    x.set(0, fma(z[0], R(s.stretch), R(shift)));
    log_det.add(R(s.alpha));
  }
};

// dx from dz, and the parameters' gradients.
struct FreeScaleBackward {
  template <class S, class Z, class D, class L, class DX, class Shift, class A>
  NFLOWS_FN void operator()(S s, Z z, D dz, L dlog_det, DX dx, Shift&& dshift, A&& da) const {
    const auto adjoint = dz[0], scaled = adjoint * s.scale;
    dshift.add(-scaled);
    da.add(-fma(adjoint, z[0], dlog_det[0]));
    da.times(s.slope);
    dx.set(0, scaled);
  }
};

// dz from dx. x = z exp(alpha) + shift, so d(loss)/d(alpha) = sum dx z exp(alpha) + dlog_det.
struct FreeScaleInverseBackward {
  template <class S, class Z, class D, class L, class DZ, class Shift, class A>
  NFLOWS_FN void operator()(S s, Z z, D dx, L dlog_det, DZ dz, Shift&& dshift, A&& da) const {
    const auto adjoint = dx[0], stretched = adjoint * s.stretch;
    dshift.add(adjoint);
    da.add(fma(stretched, z[0], dlog_det[0]));
    da.times(s.slope);
    dz.set(0, stretched);
  }
};

}  // namespace nflows
