// What a net sees of a feature: a number bent to +-10, or an angle's sine and cosine (transformer.h says why).
#pragma once

#include "simd/each.h"
#include "simd/math.h"

namespace nflows {

struct ShownNumber {
  static constexpr Index n_seen = 1;
  static constexpr double kPerBend = 0.1;  // 1 / c

  struct Show {
    template <class From, class To>
    NFLOWS_FN void operator()(From x, To u) const {
      using R = typename From::Number;
      const R value = x[0];
      u.set(0, value / fma(abs(value), scalar<R>(kPerBend), R(1)));
    }
  };

  // du/dx = (1 - |u| / c)^2
  struct Backward {
    template <class From, class To>
    NFLOWS_FN void operator()(From u, To du) const {
      using R = typename From::Number;
      const R left = R(1) - abs(u[0]) * scalar<R>(kPerBend);
      du.set(0, du[0] * (left * left));
    }
  };
};

struct ShownAngle {
  static constexpr Index n_seen = 2;

  struct Show {
    template <class From, class To>
    NFLOWS_FN void operator()(From x, To u) const {
      using R = typename From::Number;
      const R angle = x[0];
      u.set(0, sin(angle));
      u.set(1, cos(angle));
    }
  };

  struct Backward {
    template <class From, class To>
    NFLOWS_FN void operator()(From u, To du) const {
      using R = typename From::Number;
      const R sine = u[0], cosine = u[1];
      du.set(0, du[0] * cosine - du[1] * sine);
    }
  };
};

}  // namespace nflows
