// Trainer: gradient steps of a flow, wholly in C++.
//
// A batch is cut into a fixed number of parts, a function of the batch and not of the threads. Every part
// sums its gradient over its tiles in order, into a vector of its own, [parameters | derived values]; the parts are then
// added pairwise. So the same seed gives the same bits whatever n_threads is.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "flow/flow.h"
#include "train/adam.h"
#include "train/options.h"
#include "train/schedule.h"

namespace nflows {

struct StepResult {
  double loss;  // of the batch, before the update

  // False if loss or gradient were not finite, and nothing was changed; or if the step led beyond the bound of
  // parameters, where it stopped. Whoever trains goes back to weights that are good.
  bool applied;
};

// What training changes, one number per parameter each: Adam's weights, their average, the gradient's moments.
template <class T>
struct TrainedArrays {
  T *params, *average, *first_moment, *second_moment;
};

template <class T>
class Trainer {
 public:
  Trainer(const Flow<T>& flow, const TrainerOptions& options, const TrainedArrays<T>& arrays);

  // A step for each batch of batch_size rows.
  void train(const TrainingRows<T>& rows, Index batch_size, int n_threads, double* losses, bool* applied);

  double learning_rate() const { return options_.learning_rate; }
  void set_learning_rate(double rate);

  std::int64_t steps = 0;  // done, Adam's t

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
    bool within;              // whether the step stayed within the bound
  };

  // One batch: the rows from `first` on, and a weight for each of its lanes, zero for padding.
  struct Batch {
    const TrainingRows<T>& from;
    Index first, n_rows;
    const double* weights;
  };

  StepResult step(const Batch& batch, int n_threads);
  Index n_parts(Index n_panels) const;
  void run_part(Part& part, Worker& worker, const Batch& batch, Index begin, Index end);
  void reduce(Index n_parts, Index begin, Index end);
  bool reduce_and_update(Index n_parts, int n_threads);

  const Flow<T>& flow_;
  TrainerOptions options_;
  TrainedArrays<T> at_;
  Schedule schedule_;
  DerivedValues<T> derived_;  // at the parameters of this step
  std::vector<Part> parts_;
  std::vector<Worker> workers_;
  std::vector<Sums> sums_;  // of every slice of the parameters
};

}  // namespace nflows
