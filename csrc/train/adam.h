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
#include <type_traits>

#include "core/panel.h"
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

  // Parameters [begin, end), which decay or not; `scale` clips the gradient. Returns whether all stayed within the bound. So many pointers are more than compilers
  // compare at run time: told that nothing overlaps, they vectorize the loop.
  bool update(Index begin, Index end, const T* __restrict gradient, T scale, bool decays, T* __restrict p,
              T* __restrict a, T* __restrict m, T* __restrict v) const {
    const auto [rate, beta_1, beta_2, epsilon, root_correction, decay_rate, kept] = *this;
    const T bound = static_cast<T>(kLargestParameter);
    const T decay = decays ? decay_rate : T(0);
    using Word = std::conditional_t<sizeof(T) == 4, std::int32_t,
                                    std::int64_t>;  // of T's width, for the vectors' sake
    Word beyond = 0;
    for (Index i = begin; i < end; ++i) {
      const T g = gradient[i] * scale;
      m[i] = beta_1 * m[i] + (1 - beta_1) * g;
      v[i] = beta_2 * v[i] + (1 - beta_2) * (g * g);
      const T next = p[i] - (rate * m[i] / (std::sqrt(v[i]) * root_correction + epsilon) + decay * p[i]);
      p[i] = std::max(-bound, std::min(bound, next));
      a[i] = p[i] + kept * (a[i] - p[i]);
      beyond |= p[i] != next;
    }
    return beyond == 0;
  }
};

}  // namespace nflows
