// Softmax over an array of lanes' logits, and its logarithm.
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

}  // namespace nflows
