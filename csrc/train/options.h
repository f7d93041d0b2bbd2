// What training is told: how to step, and on which rows.
#pragma once

#include <cmath>
#include <cstdint>
#include <string>

#include "core/check.h"
#include "core/source.h"

namespace nflows {

// No training step leads beyond this magnitude of a parameter.
inline constexpr double kLargestParameter = 1e10;

struct TrainerOptions {
  double learning_rate, beta_1, beta_2, epsilon, alpha;  // of AdamW
  double clip_ratio;
  double average_decay;
  std::string schedule;
  std::int64_t total_steps, warm_up_steps;
};

inline void check_positive(double value, const char* name) {
  check(std::isfinite(value) && value > 0.0, "trainer: ", name, " must be positive and finite, got ", value);
}
inline void check_options(const TrainerOptions& options) {
  const auto is_share = [](double value) { return value >= 0.0 && value < 1.0; };
  check_positive(options.learning_rate, "learning_rate");
  check_positive(options.epsilon, "epsilon");
  check(options.clip_ratio > 1.0, "trainer: clip_ratio must be larger than 1, got ", options.clip_ratio);
  check(is_share(options.beta_1), "trainer: beta_1 must be in [0, 1), got ", options.beta_1);
  check(is_share(options.beta_2), "trainer: beta_2 must be in [0, 1), got ", options.beta_2);
  check(is_share(options.average_decay), "trainer: average_decay must be in [0, 1), got ",
        options.average_decay);
  check(std::isfinite(options.alpha) && options.alpha >= 0.0, "trainer: alpha must not be negative, got ",
        options.alpha);
}

// Rows to train on: of `rows`, those that `order` lists, or the first n where it is null. `weights` has one number per
// row of the table, or is null.
template <class T>
struct TrainingRows {
  Source<T> rows, context;
  const double* weights;
  const std::int64_t* order;
  Index n;
  Index n_table;  // rows of the table
};

}  // namespace nflows
