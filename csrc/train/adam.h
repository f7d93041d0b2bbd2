// Adam (Kingma & Ba 2015) with decoupled weight decay (AdamW, Loshchilov & Hutter 2019): one loop.
//
//   m <- b1 m + (1 - b1) g               m_hat = m / (1 - b1^t)
//   v <- b2 v + (1 - b2) g^2             v_hat = v / (1 - b2^t)
//   p <- p - rate ( m_hat / (sqrt(v_hat) + epsilon) + alpha p ), no further than +-bound
//   a <- p + kept (a - p)                the moving average of the weights (Polyak & Juditsky 1992)
//
// The average forgets as average_decay^t; in the first steps faster, kept = (1 + t) / (10 + t), for the start is far
// away.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstdint>

#include "core/index.h"
#include "simd/lane.h"
#include "train/options.h"

namespace nflows {

// The step's numbers, in T, so that the loop over parameters is nothing but multiply-adds, a square root and
// a division.
template <class T>
struct AdamStep {
  T rate, beta_1, beta_2, epsilon, root_correction, decay_rate, kept;

  AdamStep(const TrainerOptions& o, double scheduled_rate, std::int64_t t)
      : rate(static_cast<T>(scheduled_rate / (1.0 - std::pow(o.beta_1, static_cast<double>(t))))),
        beta_1(static_cast<T>(o.beta_1)),
        beta_2(static_cast<T>(o.beta_2)),
        epsilon(static_cast<T>(o.epsilon)),
        root_correction(static_cast<T>(1.0 / std::sqrt(1.0 - std::pow(o.beta_2, static_cast<double>(t))))),
        decay_rate(static_cast<T>(scheduled_rate * o.alpha)),
        kept(static_cast<T>(std::min(o.average_decay, (1.0 + t) / (10.0 + t)))) {}

  // One parameter; whether it stayed within the bound.
  NFLOWS_FN bool update(T g, bool decays, T& p, T& a, T& m, T& v) const {
    const T bound = static_cast<T>(kLargestParameter), decay = decays ? decay_rate : T(0);
    m = beta_1 * m + (1 - beta_1) * g;
    v = beta_2 * v + (1 - beta_2) * (g * g);
    const T next = p - (rate * m / (sqrt(v) * root_correction + epsilon) + decay * p);
    p = max(-bound, min(bound, next));
    a = p + kept * (a - p);
    return p == next;
  }

  // Parameters [begin, end), which decay or not; `scale` clips the gradient. Whether all stayed within the bound. So many
  // pointers are more than compilers compare at run time: told that nothing overlaps, they vectorize the loop.
  bool update(Index begin, Index end, const T* __restrict gradient, T scale, bool decays, T* __restrict p,
              T* __restrict a, T* __restrict m, T* __restrict v) const {
    const AdamStep own = *this;
    using Word = Int<T>;  // of T's width, for the vectors' sake
    Word beyond = 0;
    for (Index i = begin; i < end; ++i)
      beyond |= !own.update(gradient[i] * scale, decays, p[i], a[i], m[i], v[i]);
    return beyond == 0;
  }
};

}  // namespace nflows
