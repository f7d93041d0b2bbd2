// Engine: what a compiled engine offers the modules around it, whatever it was compiled for.
//
// Every engine module exports one Engine in a capsule; the bindings know engines through these classes alone. A flow is a
// function of its parameters: it owns none. Parameters and moments live in Params, rows come from Sources: on a CPU both
// are views, on another device they may live there. Calls may run at the same time on one flow. What a caller gets
// wrong throws std::invalid_argument.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "core/adjoints.h"
#include "core/direction.h"
#include "core/layout.h"
#include "core/source.h"
#include "core/spec.h"
#include "flow/tile_program.h"
#include "train/options.h"

namespace nflows {

inline constexpr char kEngineName[] = "nflows_np.engine";  // of the capsules

// A vector of parameters, or of moments, where the engine keeps them.
template <class T>
class Params {
 public:
  virtual ~Params() = default;
  virtual Index size() const = 0;
  virtual void read(T* to) const = 0;
  virtual void write(const T* from) = 0;
};

template <class T>
class EngineTrainer {
 public:
  virtual ~EngineTrainer() = default;

  // One step for each batch of batch_size rows: the batch's mean loss before the step, and whether the step was applied.
  virtual void train(const TrainingRows<T>& rows, Index batch_size, int n_threads, double* losses,
                     bool* applied) = 0;

  virtual double learning_rate() const = 0;
  virtual void set_learning_rate(double rate) = 0;

  // What training changes: Adam's weights, their moving average, the moments of the gradient, the number of steps.
  virtual Params<T>& params() = 0;
  virtual Params<T>& average() = 0;
  virtual Params<T>& first_moment() = 0;
  virtual Params<T>& second_moment() = 0;
  virtual std::int64_t steps() const = 0;
  virtual void set_steps(std::int64_t steps) = 0;
};

template <class T>
class EngineFlow {
 public:
  virtual ~EngineFlow() = default;

  virtual Index n_features() const = 0;
  virtual Index n_context() const = 0;
  virtual Index n_params() const = 0;
  virtual std::vector<Block> blocks() const = 0;

  // Parameters at zero.
  virtual std::unique_ptr<Params<T>> make_params() const = 0;

  // The start for a seed; what it returns is the random state that a start from data goes on with. That one fits the
  // parameters to n_panels panels of rows, x, which are overwritten; `weights` has one number per lane.
  virtual std::uint64_t start(std::uint64_t seed, Params<T>& params) const = 0;
  virtual void start_from_data(std::uint64_t random, T* x, const T* context, const double* weights,
                               Index n_panels, Params<T>& params) const = 0;

  // log p of each row, one number per lane.
  virtual void log_prob(const Params<T>& params, const Source<T>& x, const Source<T>& context, Index n_panels,
                        int n_threads, double* log_prob) const = 0;

  // Latents or data, and the log-det of the direction.
  virtual void map(Direction direction, const Params<T>& params, const Source<T>& x, const Source<T>& context,
                   Index n_panels, int n_threads, const Sink<T>& out, double* log_det) const = 0;

  // Vector-Jacobian products of both; that of log_prob has its adjoint in dlog_det.
  virtual void map_backward(Direction direction, const Params<T>& params, const T* x, const T* context,
                            Index n_panels, const Adjoints<T>& adjoints) const = 0;
  virtual void log_prob_backward(const Params<T>& params, const T* x, const T* context, Index n_panels,
                                 const Adjoints<T>& adjoints) const = 0;

  // What the flow does with a tile, for engines that carry it out elsewhere; and the bytes of its derived values, the
  // numbers of their adjoints.
  virtual TileProgram program(Task task) const = 0;
  virtual Index n_derived() const = 0;
  virtual Index n_dderived() const = 0;

  // Trains `params`, which the trainer keeps.
  virtual std::unique_ptr<EngineTrainer<T>> trainer(std::shared_ptr<Params<T>> params,
                                                    const TrainerOptions& options) const = 0;
};

struct Names {
  std::vector<std::string> bijections, transformers, conditionals, bases;
};

class Engine {
 public:
  virtual ~Engine() = default;

  // Throws where what this engine computes on cannot be used.
  virtual void check_usable() const {}

  virtual const char* isa() const = 0;
  virtual const char* compiler() const = 0;
  virtual Names names() const = 0;

  virtual std::unique_ptr<EngineFlow<float>> flow(float, const Spec& spec, Index n_features,
                                                  Index n_context) const = 0;
  virtual std::unique_ptr<EngineFlow<double>> flow(double, const Spec& spec, Index n_features,
                                                   Index n_context) const = 0;

  // How many parameters a flow has; counted without making room for any, and no further than beyond `most`.
  virtual Index count_params(const Spec& spec, Index n_features, Index most) const = 0;
};

// A device's module exports a function in a capsule: the device's engine beside a CPU engine, which makes and starts its
// flows. The module owns what it returns.
inline constexpr char kDeviceName[] = "nflows_np.device";
using MakeDevice = Engine* (*)(const Engine& cpu);

}  // namespace nflows
