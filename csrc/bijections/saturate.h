// The bounds of values between layers.
#pragma once

#include "simd/each.h"

namespace nflows {

// Values between layers stop at this magnitude. A finite row, however far out, then stays finite through any number of
// layers (a net and a scale gain some six decades per layer, float32 has thirty-eight), and its log-density is a finite,
// hopeless number instead of NaN. Data live within a few units of zero and never meet it.
struct Saturate {
  template <class From, class To>
  NFLOWS_FN void operator()(From from, To to) const {
    using R = typename From::Number;
    const R far = scalar<R>(kSingle<R> ? 1e15 : 1e100);
    to.set(0, max(-far, min(far, from[0])));
  }
};
template <class T>
void saturate(Read<T> from, Panels<T> to, Index n) {
  each(n, Saturate{}, In<T>(from), Out(to));
}

}  // namespace nflows
