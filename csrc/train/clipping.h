// What a step makes of its gradient's norm: nothing, or a factor that shortens the gradient to clip_ratio times the usual
// norm. That is the root mean square norm of the gradients before it, as they were taken, which Adam's second moments hold.
#pragma once

#include <cmath>

#include "core/index.h"
#include "simd/math.h"
#include "train/options.h"

namespace nflows {

template <class T>
struct Clipping {
  // A gradient shorter than this is rounding: the mean of terms of order one that cancel. Adam divides by the gradient's
  // own size and would make full steps of it, in directions that mean nothing. This is where a flow that starts at its
  // optimum, as a Gaussian does, stays.
  static constexpr double kRounding = 1e3 * (sizeof(T) == sizeof(float) ? 0x1p-23 : 0x1p-52);

  // The usual norm before the first gradient: those of whitened rows at the identity are of this order. Without it, a
  // row at 1e6 in the first batch would pass for usual, and Adam would not see the others for a thousand steps.
  static constexpr double kFirstNorm = 3.0;

  // Adam's second moments have to be finite, too.
  static constexpr double kLargest = sizeof(T) == sizeof(float) ? 0x1.fffffep127 : 0x1.fffffffffffffp1023;

  double ratio, remembered;  // how much of the moments is there; zero before the first step

  Clipping(const TrainerOptions& options, std::int64_t steps)
      : ratio(options.clip_ratio), remembered(1.0 - std::pow(options.beta_2, static_cast<double>(steps))) {}

  NFLOWS_FN bool finite(double squares) const { return squares <= kLargest; }
  NFLOWS_FN bool rounding(double squares) const { return sqrt(squares) <= kRounding; }

  // From the sums of squares of the gradient and of the second moments.
  NFLOWS_FN T scale(double squares, double moments) const {
    const double usual = remembered == 0.0 ? kFirstNorm : sqrt(moments / remembered);
    const double factor = ratio * usual / sqrt(squares);
    return static_cast<T>(factor < 1.0 ? factor : 1.0);
  }
};

}  // namespace nflows
