// What training is told: how to step, and on which rows.
#pragma once

#include <cstdint>
#include <string>

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

// Rows to train on: of `rows`, those that `order` lists, or the first n where it is null. `weights` has one number per
// row of the table, or is null.
template <class T>
struct TrainingRows {
  Source<T> rows, context;
  const double* weights;
  const std::int64_t* order;
  Index n;
};

}  // namespace nflows
