// The passes of a formula, as functions of a row (simd/each.h).
#pragma once

#include "simd/each.h"
#include "transformers/formula.h"

namespace nflows {

template <class Formula>
struct FormulaPass {
  Formula f;
  bool is_small() const {
    if constexpr (requires { typename Formula::Small; })
      return f.size() <= Formula::Small::kMost;
    else
      return false;
  }
};

template <class Formula>
struct FormulaForward : FormulaPass<Formula> {
  template <class X, class P, class Z, class L>
  NFLOWS_FN void operator()(X x, P p, Z z, L log_det) const {
    const auto [value, log_slope] = this->f.forward(x[0], p);
    z.set(0, value);
    log_det.add(log_slope);
  }
};
template <class Formula>
struct FormulaInverse : FormulaPass<Formula> {
  template <class Z, class P, class X, class L>
  NFLOWS_FN void operator()(Z z, P p, X x, L log_det) const {
    const auto [value, log_slope] = this->f.inverse(z[0], p);
    x.set(0, value);
    log_det.add(log_slope);
  }
};
template <class Formula>
struct FormulaBackward : FormulaPass<Formula> {
  template <class X, class P, class DZ, class L, class DX, class DP>
  NFLOWS_FN void operator()(X x, P p, DZ dz, L dlog_det, DX dx, DP dp) const {
    dx.set(0, this->f.backward(x[0], p, dz[0], dlog_det[0], dp));
  }
};
template <class Formula>
struct FormulaInverseBackward : FormulaPass<Formula> {
  template <class X, class P, class DX, class L, class DZ, class DP>
  NFLOWS_FN void operator()(X x, P p, DX dx, L dlog_det, DZ dz, DP dp) const {
    dz.set(0, inverse_backward(this->f, x[0], p, dx[0], dlog_det[0], dp));
  }
};

}  // namespace nflows
