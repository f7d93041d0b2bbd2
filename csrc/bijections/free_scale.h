// A free shift and log-scale of one feature, z = (x - shift) exp(-alpha), for layers whose scale no net computes.
//
// alpha = c tanh(a / c) as in the affine transformer, but with c = 12: these scales also take up what the
// data's own conditional spread is, and e^-12 lets a nearly collinear column keep six digits.
#pragma once

#include "core/panel.h"
#include "simd/rows.h"
#include "transformers/formula.h"

namespace nflows {

inline constexpr int kFreeScaleBound = 12;

template <class T>
struct FreeScale {
  using R = Rows<T>;
  T alpha, slope, scale,
      stretch;  // of one feature; slope = d(alpha)/da, scale = exp(-alpha), stretch = exp(alpha)

  explicit FreeScale(T a) {
    const LogScale<T> bound = bounded(a, T(kFreeScaleBound));
    alpha = bound.value;
    slope = bound.slope;
    scale = exp(-alpha);
    stretch = exp(alpha);
  }

  // z = (x - shift) scale over one feature; in place is fine.
  void forward(Panels<const T> x, T shift, Panels<T> z, Panels<double> log_det) const {
    for (Index p = 0; p < x.count; ++p) {
      ((R::load(x.lanes(p, 0)) - shift) * scale).store(z.lanes(p, 0));
      accumulate(log_det.lanes(p, 0), R(-alpha));
    }
  }

  void inverse(Panels<const T> z, T shift, Panels<T> x, Panels<double> log_det) const {
    for (Index p = 0; p < z.count; ++p) {
      fma(R::load(z.lanes(p, 0)), R(stretch), R(shift)).store(x.lanes(p, 0));
      accumulate(log_det.lanes(p, 0), R(alpha));
    }
  }

  // dx from dz, and the sums over rows that are the parameters' gradients.
  void backward(Panels<const T> z, Panels<const T> dz, Panels<const T> dlog_det, Panels<T> dx, T* dshift,
                T* da) const {
    R total_shift(T(0)), total_alpha(T(0));
    for (Index p = 0; p < z.count; ++p) {
      const R adjoint = R::load(dz.lanes(p, 0)), scaled = adjoint * scale;
      scaled.store(dx.lanes(p, 0));
      total_shift -= scaled;
      total_alpha -= fma(adjoint, R::load(z.lanes(p, 0)), R::load(dlog_det.lanes(p, 0)));
    }
    *dshift += sum(total_shift);
    *da += sum(total_alpha) * slope;
  }

  // dz from dx. x = z exp(alpha) + shift, so d(loss)/d(alpha) = sum dx z exp(alpha) + dlog_det.
  void inverse_backward(Panels<const T> z, Panels<const T> dx, Panels<const T> dlog_det, Panels<T> dz,
                        T* dshift, T* da) const {
    R total_shift(T(0)), total_alpha(T(0));
    for (Index p = 0; p < z.count; ++p) {
      const R adjoint = R::load(dx.lanes(p, 0)), stretched = adjoint * stretch;
      total_shift += adjoint;
      total_alpha += fma(stretched, R::load(z.lanes(p, 0)), R::load(dlog_det.lanes(p, 0)));
      stretched.store(dz.lanes(p, 0));
    }
    *dshift += sum(total_shift);
    *da += sum(total_alpha) * slope;
  }
};

}  // namespace nflows
