#include "linalg/peak.h"

#include <algorithm>
#include <chrono>

#include "simd/rows.h"

namespace nflows {
namespace {

// Two multiply-adds a cycle of four cycles' latency want eight chains; sixteen registers hold twelve and the
// factors.
inline constexpr int kChains = 12;

// Some milliseconds, several times: one of them is undisturbed and at full clock.
inline constexpr int kSteps = 1 << 20, kRuns = 8;

// x <- a x + b, which for |a| < 1 stays near b / (1 - a).
template <class T>
T run_chains(T a, T b) {
  const Native<T> factor = broadcast_native(a), term = broadcast_native(b);
  Native<T> x[kChains];
#pragma GCC unroll 16
  for (int i = 0; i < kChains; ++i) x[i] = broadcast_native(T(i));
  for (int step = 0; step < kSteps; ++step)
#pragma GCC unroll 16
    for (int i = 0; i < kChains; ++i) x[i] = x[i] * factor + term;
#pragma GCC unroll 16
  for (int i = 1; i < kChains; ++i) x[0] += x[i];
  return x[0][0];
}

}  // namespace

template <class T>
double fma_peak() {
  using Clock = std::chrono::steady_clock;
  volatile T a = T(0.5), b = T(0.5), sink;  // nothing is known beforehand and nothing goes unused
  double seconds = 1e300;
  for (int run = 0; run < kRuns; ++run) {
    const auto began = Clock::now();
    sink = run_chains<T>(a, b);
    seconds = std::min(seconds, std::chrono::duration<double>(Clock::now() - began).count());
  }
  (void)sink;
  return 2.0 * kSteps * kChains * kNativeLanes<T> / seconds;
}

template double fma_peak<float>();
template double fma_peak<double>();

}  // namespace nflows
