// Trainer: gradient steps of a flow, wholly in C++.
//
// A batch is cut into a fixed number of parts, a function of the batch and not of the threads. Every part
// sums its gradient over its tiles in order, into a vector of its own; the parts are then added pairwise. So
// the same seed gives the same bits whatever n_threads is.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "flow/flow.h"
#include "train/adam.h"
#include "train/schedule.h"

namespace nflows {

struct TrainerOptions {
  AdamOptions adam;
  double clip_ratio;
  std::string schedule;
  std::int64_t total_steps, warm_up_steps;
};

struct StepResult {
  double loss;   // of the batch, before the update
  bool applied;  // false: loss or gradient were not finite, and nothing was changed
};

template <class T>
class Trainer {
 public:
  Trainer(Flow<T>& flow, const TrainerOptions& options);

  // One step on a batch, panels [first, first + n_panels) of the sources; weights (one per lane of the batch, zero
  // for padding) already divided by the number of rows.
  StepResult step(const Source<T>& x, const Source<T>& context, const double* weights, Index first,
                  Index n_panels, int n_threads);

  double learning_rate() const { return options_.adam.learning_rate; }
  void set_learning_rate(double rate);

  // The optimizer's state: steps done, first and second moments.
  std::int64_t steps = 0;
  Arena<T> first, second;

 private:
  struct Part {
    Arena<T> gradient;
    double loss;
  };
  struct Worker {
    std::unique_ptr<Workspace<T>> workspace;
    Arena<T> minus_weights, dcontext;
  };

  struct Sums {
    double squares, moments;  // of the gradient; of Adam, the second ones
  };

  Index n_parts(Index n_panels) const;
  void run_part(Part& part, Worker& worker, const Source<T>& x, const Source<T>& context,
                const double* weights, Index first, Index begin, Index end);
  bool reduce_and_update(Index n_parts, int n_threads);
  double clip(double norm, double sum_of_moments) const;

  Flow<T>& flow_;
  TrainerOptions options_;
  Schedule schedule_;
  std::vector<Block> blocks_;
  std::vector<Part> parts_;
  std::vector<Worker> workers_;
  std::vector<Sums> sums_;  // of every slice of the parameters
};

}  // namespace nflows
