// The root of an increasing function of one number, by Newton's steps inside a bracket.
//
//   f(low) <= 0 <= f(high)        t <- t - f(t) / f'(t)
//
// Every value of f moves one end of the bracket to where it was taken, so that the root never leaves it. A step goes to
// the bracket's middle instead where Newton's would leave the bracket, or be more than half as long as the step before
// the last one: so either the steps or the bracket keep halving, and no function takes more than about twice as many
// steps as a number has digits. A lane that has arrived stays where it is, whatever its neighbours still need.
#pragma once

#include "simd/lane.h"

namespace nflows {

template <class R>
struct Slope {
  R value, slope;
};

// `f` takes an R to its Slope; t, within the bracket, is where the steps begin.
template <class R, class F>
NFLOWS_FN R monotone_root(const F& f, R low, R high, R t) {
  using T = ScalarOf<R>;
  constexpr int kDigits = kSingle<R> ? 24 : 53, kMostSteps = 2 * kDigits + 10;
  constexpr T kEpsilon = static_cast<T>(kDigits == 24 ? 0x1p-23 : 0x1p-52);
  R last = high - low, before = last;  // lengths of the last two steps
  MaskOf<R> moving = t == t;
  for (int i = 0; i < kMostSteps && any(moving); ++i) {
    const Slope<R> at = f(t);
    const MaskOf<R> above = at.value > R(0);
    high = select(above, t, high);
    low = select(above, low, t);
    const R newton = t - at.value / at.slope, middle = scalar<R>(0.5) * (low + high);
    const MaskOf<R> good = (low <= newton) & (newton <= high) & (abs(newton - t) <= scalar<R>(0.5) * before);
    const R next = select(good, newton, middle), step = abs(next - t);
    before = last;
    last = step;
    t = select(moving, next, t);
    moving = moving & (step > abs(next) * kEpsilon);
  }
  return t;
}

}  // namespace nflows
