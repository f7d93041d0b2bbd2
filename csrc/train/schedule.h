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
  Schedule(const std::string& name, std::int64_t total_steps)
      : cosine_(name == "cosine"), total_(total_steps) {
    check(cosine_ || name == "constant", "trainer: unknown schedule '", name, "'; known: constant, cosine");
    check(!cosine_ || total_ > 0, "trainer: schedule 'cosine' needs total_steps > 0, got ", total_steps);
  }

  // For the step number `done` (from 0): 1, or half a cosine from 1 to 0 (Loshchilov & Hutter 2017, without
  // restarts).
  double factor(std::int64_t done) const {
    if (!cosine_) return 1.0;
    const double part = std::min(1.0, static_cast<double>(done) / static_cast<double>(total_));
    return 0.5 * (1.0 + std::cos(std::numbers::pi * part));
  }

 private:
  bool cosine_;
  std::int64_t total_;
};

}  // namespace nflows
