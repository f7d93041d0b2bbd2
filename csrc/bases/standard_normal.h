// The standard normal, row by row.
#pragma once

#include "bases/normal.h"

namespace nflows {

struct StandardNormalLogProb {
  Index n;
  template <class Z, class L>
  NFLOWS_FN void operator()(Z z, L log_prob) const {
    using R = typename Z::Number;
    for (Index j = 0; j < n; ++j) {
      const R v = z[j];
      log_prob.add(v * v * scalar<R>(-0.5));
    }
    log_prob.constant(-kHalfLogTwoPi * static_cast<double>(n));
  }
};

struct StandardNormalBackward {
  template <class Z, class L, class DZ>
  NFLOWS_FN void operator()(Z z, L dlog_prob, DZ dz) const {
    dz.set(0, -z[0] * dlog_prob[0]);
  }
};

}  // namespace nflows
