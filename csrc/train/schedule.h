// Learning-rate schedules: a factor on the base rate for each step.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <numbers>
#include <string>

#include "core/check.h"

namespace nflows {

class Schedule {
 public:
  Schedule(const std::string& name, std::int64_t total_steps, std::int64_t warm_up_steps)
      : cosine_(name == "cosine"), total_(total_steps), warm_up_(warm_up_steps) {
    check(cosine_ || name == "constant", "trainer: unknown schedule '", name, "'; known: constant, cosine");
    check(!cosine_ || total_ > 0, "trainer: schedule 'cosine' needs total_steps > 0, got ", total_steps);
    check(warm_up_ >= 0, "trainer: warm_up_steps must not be negative, got ", warm_up_steps);
  }

  // For the step number `done` (from 0): 1, or half a cosine from 1 to 0 (Loshchilov & Hutter 2017, without
  // restarts); less while it warms up, from 1 / warm_up_steps in even steps.
  double factor(std::int64_t done) const {
    const double warmth = done < warm_up_ ? share(done + 1, warm_up_) : 1.0;
    if (!cosine_) return warmth;
    return warmth * 0.5 * (1.0 + std::cos(std::numbers::pi * std::min(1.0, share(done, total_))));
  }

 private:
  static double share(std::int64_t part, std::int64_t whole) {
    return static_cast<double>(part) / static_cast<double>(whole);
  }

  bool cosine_;
  std::int64_t total_, warm_up_;
};

}  // namespace nflows
