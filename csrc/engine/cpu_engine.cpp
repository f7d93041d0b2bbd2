// The Engine of this instruction set: the flow and the trainer behind the abstract classes.
#include "bases/base.h"
#include "bijections/bijection.h"
#include "conditionals/conditional.h"
#include "core/registry.h"
#include "engine/engine.h"
#include "flow/record.h"
#include "train/trainer.h"
#include "transformers/transformer.h"

namespace nflows {
namespace {

// On a CPU parameters lie in an Arena.
template <class T>
class CpuParams final : public Params<T> {
 public:
  explicit CpuParams(Index n) : values_(n) {}

  Index size() const override { return values_.size(); }
  void read(T* to) const override { std::copy_n(data(), size(), to); }
  void write(const T* from) override { std::copy_n(from, size(), data()); }

  T* data() { return values_.data(); }
  const T* data() const { return values_.data(); }

 private:
  Arena<T> values_;
};

// All Params that reach an engine were made by it.
template <class T>
T* data_of(Params<T>& params) {
  return static_cast<CpuParams<T>&>(params).data();
}
template <class T>
const T* data_of(const Params<T>& params) {
  return static_cast<const CpuParams<T>&>(params).data();
}

template <class T>
class CpuTrainer final : public EngineTrainer<T> {
 public:
  CpuTrainer(const Flow<T>& flow, std::shared_ptr<Params<T>> params, const TrainerOptions& options)
      : params_(std::move(params)),
        average_(flow.n_params()),
        first_(flow.n_params()),
        second_(flow.n_params()),
        trainer_(flow, options, {data_of(*params_), average_.data(), first_.data(), second_.data()}) {
    average_.write(data_of(*params_));
  }

  void train(const TrainingRows<T>& rows, Index batch_size, int n_threads, double* losses,
             bool* applied) override {
    trainer_.train(rows, batch_size, n_threads, losses, applied);
  }
  double learning_rate() const override { return trainer_.learning_rate(); }
  void set_learning_rate(double rate) override { trainer_.set_learning_rate(rate); }
  Params<T>& params() override { return *params_; }
  Params<T>& average() override { return average_; }
  Params<T>& first_moment() override { return first_; }
  Params<T>& second_moment() override { return second_; }
  std::int64_t steps() const override { return trainer_.steps; }
  void set_steps(std::int64_t steps) override { trainer_.steps = steps; }

 private:
  std::shared_ptr<Params<T>> params_;
  CpuParams<T> average_, first_, second_;
  Trainer<T> trainer_;
};

template <class T>
class CpuFlow final : public EngineFlow<T> {
 public:
  CpuFlow(const Spec& spec, Index n_features, Index n_context) : flow_(spec, n_features, n_context) {}

  Index n_features() const override { return flow_.n_features(); }
  Index n_context() const override { return flow_.n_context(); }
  Index n_params() const override { return flow_.n_params(); }
  std::vector<Block> blocks() const override { return flow_.blocks().all(); }

  std::unique_ptr<Params<T>> make_params() const override {
    return std::make_unique<CpuParams<T>>(flow_.n_params());
  }
  std::uint64_t start(std::uint64_t seed, Params<T>& params) const override {
    return flow_.start(seed, data_of(params));
  }
  void start_from_data(std::uint64_t random, T* x, const T* context, const double* weights, Index n_panels,
                       Params<T>& params) const override {
    flow_.start_from_data(random, x, context, weights, n_panels, data_of(params));
  }
  void log_prob(const Params<T>& params, const Source<T>& x, const Source<T>& context, Index n_panels,
                int n_threads, double* log_prob) const override {
    flow_.log_prob(data_of(params), x, context, n_panels, n_threads, log_prob);
  }
  void map(Direction direction, const Params<T>& params, const Source<T>& x, const Source<T>& context,
           Index n_panels, int n_threads, const Sink<T>& out, double* log_det) const override {
    flow_.map(direction, data_of(params), x, context, n_panels, n_threads, out, log_det);
  }
  void map_backward(Direction direction, const Params<T>& params, const T* x, const T* context,
                    Index n_panels, const Adjoints<T>& adjoints) const override {
    flow_.map_backward(direction, data_of(params), x, context, n_panels, adjoints);
  }
  void log_prob_backward(const Params<T>& params, const T* x, const T* context, Index n_panels,
                         const Adjoints<T>& adjoints) const override {
    flow_.log_prob_backward(data_of(params), x, context, n_panels, adjoints);
  }
  TileProgram program(Task task) const override { return record(flow_, task); }
  Index n_derived() const override { return flow_.n_derived(); }
  Index n_dderived() const override { return flow_.n_dderived(); }
  std::unique_ptr<EngineTrainer<T>> trainer(std::shared_ptr<Params<T>> params,
                                            const TrainerOptions& options) const override {
    return std::make_unique<CpuTrainer<T>>(flow_, std::move(params), options);
  }

 private:
  Flow<T> flow_;
};

class CpuEngine final : public Engine {
 public:
  CpuEngine() { register_all(); }

  const char* isa() const override { return NFLOWS_ISA; }
  const char* compiler() const override { return __VERSION__; }
  Names names() const override {
    return {Registry<BijectionFactory<float>>::global().names(),
            Registry<TransformerFactory<float>>::global().names(),
            Registry<ConditionalFactory<float>>::global().names(),
            Registry<BaseFactory<float>>::global().names()};
  }

  std::unique_ptr<EngineFlow<float>> flow(float, const Spec& spec, Index n_features,
                                          Index n_context) const override {
    return std::make_unique<CpuFlow<float>>(spec, n_features, n_context);
  }
  std::unique_ptr<EngineFlow<double>> flow(double, const Spec& spec, Index n_features,
                                           Index n_context) const override {
    return std::make_unique<CpuFlow<double>>(spec, n_features, n_context);
  }
  Index count_params(const Spec& spec, Index n_features, Index most) const override {
    return nflows::count_params(spec, n_features, most);
  }
};

}  // namespace
}  // namespace nflows

extern "C" const void* nflows_engine() {
  static const nflows::CpuEngine engine;
  return static_cast<const nflows::Engine*>(&engine);
}
