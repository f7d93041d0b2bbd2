// One feature of the uniform density on a box (uniform.cpp).
#pragma once

#include "simd/each.h"
#include "simd/math.h"

namespace nflows {

template <class T>
struct UniformMember {
  T low, high;
  double normaliser;

  struct Derive {
    NFLOWS_FN void operator()(const UniformMember* box, UniformMember* made) const { *made = *box; }
  };

  template <class R>
  NFLOWS_FN R log_prob(R z) const {
    const R zero = z - z;  // or NaN
    return select((z < low) | (z > high), R(-LogConstants<T>::kInfinity), zero);
  }
  template <class R>
  NFLOWS_FN R backward(R z, R g) const {
    return (z - z) * g;
  }
};

}  // namespace nflows
