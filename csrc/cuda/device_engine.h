// The Engine of a device, beside the CPU engine that makes its flows and their starts.
#pragma once

#include <algorithm>
#include <functional>
#include <vector>

#include "cuda/device_trainer.h"

namespace nflows {

template <class T, class Queue>
class DeviceEngineFlow final : public EngineFlow<T> {
  template <class V>
  using Buffer = typename Queue::template Buffer<V>;
  using DParams = DeviceParams<T, Queue>;

 public:
  explicit DeviceEngineFlow(std::shared_ptr<const EngineFlow<T>> cpu)
      : flow_(std::make_shared<DeviceFlow<T, Queue>>(std::move(cpu))) {}

  Index n_features() const override { return cpu().n_features(); }
  Index n_context() const override { return cpu().n_context(); }
  Index n_params() const override { return cpu().n_params(); }
  std::vector<Block> blocks() const override { return cpu().blocks(); }
  TileProgram program(Task task) const override { return cpu().program(task); }
  Index n_derived() const override { return cpu().n_derived(); }
  Index n_dderived() const override { return cpu().n_dderived(); }

  std::unique_ptr<Params<T>> make_params() const override { return std::make_unique<DParams>(n_params()); }

  std::uint64_t start(std::uint64_t seed, Params<T>& params) const override {
    const auto own = cpu().make_params();
    const std::uint64_t random = cpu().start(seed, *own);
    give(*own, params);
    return random;
  }
  void start_from_data(std::uint64_t random, T* x, const T* context, const double* weights, Index n_panels,
                       Params<T>& params) const override {
    const auto own = cpu().make_params();
    give(params, *own);
    cpu().start_from_data(random, x, context, weights, n_panels, *own);
    give(*own, params);
  }

  void log_prob(const Params<T>& params, const Source<T>& x, const Source<T>& context, Index n_panels, int,
                double* log_prob) const override {
    run(Task::kLogProb, params, x, context, n_panels, nullptr, log_prob);
  }
  void map(Direction direction, const Params<T>& params, const Source<T>& x, const Source<T>& context,
           Index n_panels, int, const Sink<T>& out, double* log_det) const override {
    run(direction == Direction::kForward ? Task::kForward : Task::kInverse, params, x, context, n_panels,
        &out, log_det);
  }
  void map_backward(Direction direction, const Params<T>& params, const T* x, const T* context,
                    Index n_panels, const Adjoints<T>& adjoints) const override {
    run_backward(direction == Direction::kForward ? Task::kForwardBackward : Task::kInverseBackward, params,
                 x, context, n_panels, adjoints);
  }
  void log_prob_backward(const Params<T>& params, const T* x, const T* context, Index n_panels,
                         const Adjoints<T>& adjoints) const override {
    run_backward(Task::kLogProbBackward, params, x, context, n_panels, adjoints);
  }

  std::unique_ptr<EngineTrainer<T>> trainer(std::shared_ptr<Params<T>> params,
                                            const TrainerOptions& options) const override {
    return std::make_unique<DeviceTrainer<T, Queue>>(flow_, std::move(params), options);
  }

 private:
  static constexpr Index kPiece = 4096;  // panels that go to the device at once

  const EngineFlow<T>& cpu() const { return flow_->cpu(); }

  static void give(const Params<T>& from, Params<T>& to) {
    std::vector<T> values(static_cast<std::size_t>(from.size()));
    from.read(values.data());
    to.write(values.data());
  }

  // Rows piece by piece: totals, and what the pass makes of them if `out` takes it.
  void run(Task task, const Params<T>& params, const Source<T>& x, const Source<T>& context, Index n_panels,
           const Sink<T>* out, double* totals) const {
    if (n_panels == 0) return;
    Queue queue;
    const T* at = device_data<T, Queue>(params);
    Buffer<std::byte> derived(queue, n_derived());
    flow_->derive(queue, at, derived.data());
    const Index most = std::min(kPiece, n_panels), d = n_features(), q = n_context();
    std::vector<T> room(most * d * kLanes), context_room(most * q * kLanes);
    Buffer<T> rows(queue, most * d * kLanes), given(queue, most * q * kLanes),
        result(queue, most * d * kLanes);
    Buffer<double> sums(queue, most * kLanes);
    for (Index first = 0; first < n_panels; first += most) {
      const Index count = std::min(most, n_panels - first), n = count * kLanes;
      if (const CounterNoise* noise = x.noise()) {
        const Index there = std::min(n, x.n_rows() - first * kLanes);
        queue.zero(rows.data(), n * d);
        queue.launch(Queue::multiprocessors(), 0,
                     NoiseKernel<T>{*noise, first * kLanes, there, d, rows.data()});
      } else
        queue.upload(rows.data(), x.read(first, count, room.data()).data, n * d);
      queue.upload(given.data(), context.read(first, count, context_room.data()).data, n * q);
      auto pass = flow_->pass(queue, task, n);
      pass.read(at, derived.data(), rows.data(), given.data(), n);
      pass.arguments.totals = sums.data();
      if (out != nullptr) pass.arguments.out.data = result.data();
      pass.launch(queue);
      queue.download(totals + first * kLanes, sums.data(), n);
      if (out != nullptr) queue.download(room.data(), result.data(), n * d);
      queue.wait();
      if (out != nullptr) out->write(dense_panels<const T>(room.data(), d, count), first, room.data());
    }
  }

  void run_backward(Task task, const Params<T>& params, const T* x, const T* context, Index n_panels,
                    const Adjoints<T>& adjoints) const {
    if (n_panels == 0) return;
    Queue queue;
    const T* at = device_data<T, Queue>(params);
    const Index n = n_panels * kLanes, d = n_features(), q = n_context(), n_gradient = flow_->n_gradient();
    const Buffer<T> rows = sent(queue, x, n * d), given = sent(queue, context, n * q),
                    dout = sent(queue, adjoints.dout, n * d), dlog_det = sent(queue, adjoints.dlog_det, n),
                    din(queue, n * d), dcontext(queue, n * q);
    Buffer<std::byte> derived(queue, n_derived());
    flow_->derive(queue, at, derived.data());

    auto pass = flow_->pass(queue, task, n);
    const Buffer<T> gradients(queue, pass.n_blocks * n_gradient), gradient(queue, n_gradient);
    pass.read(at, derived.data(), rows.data(), given.data(), n);
    PassArguments<T>& a = pass.arguments;
    a.dout.data = dout.data();
    a.dlog_det = dlog_det.data();
    a.out.data = din.data();
    a.dcontext.data = dcontext.data();
    a.gradient = gradients.data();
    a.n_gradient = n_gradient;
    pass.launch(queue);
    flow_->reduce(queue, gradients.data(), pass.n_blocks, gradient.data());
    flow_->derive_backward(queue, at, derived.data(), gradient.data());

    std::vector<T> dparams(n_params()), dgiven(n * q);
    queue.download(adjoints.din, din.data(), n * d);
    queue.download(dparams.data(), gradient.data(), n_params());
    queue.download(dgiven.data(), dcontext.data(), n * q);
    queue.wait();
    const auto add = [](const std::vector<T>& from, T* to) {
      std::transform(from.begin(), from.end(), to, to, std::plus<>());
    };
    add(dparams, adjoints.dparams);
    add(dgiven, adjoints.dcontext);
  }

  std::shared_ptr<DeviceFlow<T, Queue>> flow_;
};

template <class Queue>
class DeviceEngine final : public Engine {
 public:
  explicit DeviceEngine(const Engine& cpu) : cpu_(cpu) {}

  void check_usable() const override { Queue::check_usable(); }
  const char* isa() const override { return Queue::kName; }
  const char* compiler() const override { return __VERSION__; }
  Names names() const override { return cpu_.names(); }

  std::unique_ptr<EngineFlow<float>> flow(float, const Spec& spec, Index n_features,
                                          Index n_context) const override {
    return make<float>(spec, n_features, n_context);
  }
  std::unique_ptr<EngineFlow<double>> flow(double, const Spec& spec, Index n_features,
                                           Index n_context) const override {
    return make<double>(spec, n_features, n_context);
  }
  Index count_params(const Spec& spec, Index n_features, Index most) const override {
    return cpu_.count_params(spec, n_features, most);
  }

 private:
  template <class T>
  std::unique_ptr<EngineFlow<T>> make(const Spec& spec, Index n_features, Index n_context) const {
    check_usable();
    return std::make_unique<DeviceEngineFlow<T, Queue>>(cpu_.flow(T(), spec, n_features, n_context));
  }

  const Engine& cpu_;
};

}  // namespace nflows
