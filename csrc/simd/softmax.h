// Softmax over an array of lanes' logits, its logarithm, and what splines cut their intervals by.
#pragma once

#include "simd/math.h"

namespace nflows {

// The n logits become their shares, exp(logit) over the sum of them; returns that sum's logarithm. Extreme logits
// neither overflow nor divide by zero: the largest counts as exp(0).
template <class R>
NFLOWS_FN R to_shares(R* logit, int n) {
  R highest = logit[0], total = R(0);
  for (int i = 1; i < n; ++i) highest = max(highest, logit[i]);
  for (int i = 0; i < n; ++i) {
    logit[i] = exp(logit[i] - highest);
    total += logit[i];
  }
  const R per_total = R(1) / total;
  for (int i = 0; i < n; ++i) logit[i] = logit[i] * per_total;
  return highest + log(total);
}

// The n logits become the logarithms of their shares, which never underflow; returns what to_shares does. They differ
// from the largest before the sum's logarithm is taken off, so that of large ones no digits are lost.
template <class R>
NFLOWS_PART R to_log_shares(R* logit, int n) {
  R highest = logit[0], total = R(0);
  for (int i = 1; i < n; ++i) highest = max(highest, logit[i]);
  for (int i = 0; i < n; ++i) total += exp(logit[i] - highest);
  const R log_total = log(total);
  for (int i = 0; i < n; ++i) logit[i] = (logit[i] - highest) - log_total;
  return highest + log_total;
}

// An interval cut into n steps, at most kMost. Every step has at least the share `least` of an even step; the softmax
// divides the rest.
template <class R, int kMost>
struct Steps {
  R share[kMost], free, least;
  NFLOWS_FN R operator[](int i) const { return fma(share[i], free, least); }
};
template <int kMost, class R, class P>
NFLOWS_PART Steps<R, kMost> steps_of(P p, int first, int n, double length, double least) {
  Steps<R, kMost> steps;
  for (int i = 0; i < n; ++i) steps.share[i] = p[first + i];
  to_shares(steps.share, n);
  steps.free = scalar<R>((1.0 - least) * length);
  steps.least = scalar<R>(least * length / n);
  return steps;
}

}  // namespace nflows
