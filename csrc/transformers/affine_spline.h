// Affine map, then a rational-quadratic spline.
//
//   u = x exp(-alpha) + t,   z = spline(u)        log dz/dx = -alpha + log spline'(u)
//
// A spline alone is the identity outside its interval: rows far out meet the base as they are, however well their
// place could be told from the other features. Here the affine map of a MAF brings every feature to where it is
// expected before the spline bends it, and so far out the flow is a MAF.
//
// Parameters per feature: t, a (affine.h), then those of the spline (rational_quadratic.h). The identity at 0.
#pragma once

#include "transformers/affine.h"
#include "transformers/rational_quadratic.h"

namespace nflows {

template <int kMaxBins>
class AffineSplineOf {
  using Spline = RationalQuadraticOf<kMaxBins>;

 public:
  using Small = AffineSplineOf<16>;
  static constexpr int kMost = kMaxBins;
  NFLOWS_FN int size() const { return spline_.size(); }

  int n_params;

  explicit AffineSplineOf(const Spec& spec) : AffineSplineOf(Spline(spec, Spline::Tails::kLinear)) {}

  template <class R, class P>
  NFLOWS_FN Mapped<R> forward(R x, P p) const {
    const Mapped<R> u = Affine::forward(x, p), z = spline_.forward(u.value, Rest<P>{p});
    return {z.value, u.log_det + z.log_det};
  }

  template <class R, class P>
  NFLOWS_FN Mapped<R> inverse(R z, P p) const {
    const Mapped<R> u = spline_.inverse(z, Rest<P>{p}), x = Affine::inverse(u.value, p);
    return {x.value, u.log_det + x.log_det};
  }

  template <class R, class P, class D>
  NFLOWS_PART R backward(R x, P p, R dz, R dlog_det, D dp) const {
    const R u = Affine::forward(x, p).value;
    const R du = spline_.backward(u, Rest<P>{p}, dz, dlog_det, Rest<D>{dp});
    return Affine::backward(x, p, du, dlog_det, dp);
  }

 private:
  template <class P>
  using Rest = After<Affine::n_params, P>;  // behind the affine map's

  explicit AffineSplineOf(const Spline& spline)
      : n_params(Affine::n_params + spline.n_params), spline_(spline) {}

  Spline spline_;
};

using AffineSpline = AffineSplineOf<128>;

}  // namespace nflows
