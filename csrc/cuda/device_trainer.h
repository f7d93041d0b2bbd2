// Training on a device: a step is a few launches, which follow each other without the host.
//
// The table stays on the device for as long as the same stream of rows is trained on; batches are gathered there, from the
// caller's order.
#pragma once

#include <vector>

#include "cuda/device_flow.h"
#include "train/schedule.h"

namespace nflows {

template <class T, class Queue>
class DeviceTrainer final : public EngineTrainer<T> {
  template <class V>
  using Buffer = typename Queue::template Buffer<V>;
  using DParams = DeviceParams<T, Queue>;

 public:
  DeviceTrainer(std::shared_ptr<const DeviceFlow<T, Queue>> flow, std::shared_ptr<Params<T>> params,
                const TrainerOptions& options)
      : flow_(std::move(flow)),
        params_(std::move(params)),
        average_(n_params()),
        first_(n_params()),
        second_(n_params()),
        options_(options),
        schedule_(options.schedule, options.total_steps, options.warm_up_steps) {
    check_options(options);
    std::vector<T> start(n_params());
    params_->read(start.data());
    average_.write(start.data());
    const auto decays = std::make_unique<bool[]>(n_params());
    for (const Block& block : flow_->cpu().blocks())
      std::fill_n(decays.get() + block.offset, block.size, block.decays);
    decays_ = sent<bool>(queue_, decays.get(), n_params());
    queue_.wait();
  }

  void train(const TrainingRows<T>& rows, Index batch_size, int, double* losses, bool* applied) override {
    batch_size = std::min(batch_size, rows.n);
    const Index n_steps = (rows.n + batch_size - 1) / batch_size;
    hold(rows);
    auto pass = flow_->pass(queue_, Task::kLogProbBackward, batch_size);
    const auto order = sent(queue_, rows.order, rows.n);
    const auto weights = sent(queue_, rows.weights, rows.n_table);
    std::vector<StepNumbers<T>> numbers;
    for (Index i = 0; i < n_steps; ++i) numbers.push_back(numbers_of(steps_ + i));
    const auto numbers_there = sent<StepNumbers<T>>(queue_, numbers.data(), n_steps);
    Progress progress{0, steps_};
    const auto progress_there = sent<Progress>(queue_, &progress, 1);

    const Index n_gradient = flow_->n_gradient(), n_chunks = chunks(n_params());
    const Buffer<std::byte> derived(queue_, flow_->cpu().n_derived());
    const Buffer<T> gradients(queue_, pass.n_blocks * n_gradient), gradient(queue_, n_gradient);
    const Buffer<double> block_losses(queue_, pass.n_blocks), step_losses(queue_, n_steps);
    const Buffer<bool> step_applied(queue_, n_steps);
    const Buffer<ChunkSums> sums(queue_, n_chunks);
    const Buffer<Verdict<T>> verdict(queue_, 1);

    T* params = device_data<T, Queue>(*params_);
    pass.read(params, derived.data(), table_.data(), context_.data(), rows.n);
    PassArguments<T>& a = pass.arguments;
    a.weights = weights.data();
    a.trains = true;
    a.batch.order = order.data();
    a.batch_size = batch_size;
    a.progress = progress_there.data();
    a.gradient = gradients.data();
    a.n_gradient = n_gradient;
    a.losses = block_losses.data();

    const TrainingState<T> state{n_params(),
                                 pass.n_blocks,
                                 n_chunks,
                                 gradient.data(),
                                 block_losses.data(),
                                 sums.data(),
                                 params,
                                 average_.data(),
                                 first_.data(),
                                 second_.data(),
                                 decays_.data(),
                                 numbers_there.data(),
                                 steps_,
                                 progress_there.data(),
                                 step_losses.data(),
                                 step_applied.data(),
                                 verdict.data()};
    flow_->load(Task::kDeriveBackward);
    flow_->derive(queue_, params, derived.data());
    queue_.repeat(n_steps, [&] {
      pass.launch(queue_);
      flow_->reduce(queue_, gradients.data(), pass.n_blocks, gradient.data());
      flow_->derive_backward(queue_, params, derived.data(), gradient.data());
      queue_.launch(n_chunks, kSumBytes, NormKernel<T>{state});
      queue_.launch(n_chunks, kSumBytes, AdamKernel<T>{state});
      queue_.launch(1, kSumBytes, RecordKernel<T>{state});
      flow_->derive(queue_, params, derived.data());
    });
    queue_.download(losses, step_losses.data(), n_steps);
    queue_.download(applied, step_applied.data(), n_steps);
    queue_.download(&progress, progress_there.data(), 1);
    queue_.wait();
    steps_ = progress.steps;
  }

  double learning_rate() const override { return options_.learning_rate; }
  void set_learning_rate(double rate) override {
    check_positive(rate, "learning_rate");
    options_.learning_rate = rate;
  }
  Params<T>& params() override { return *params_; }
  Params<T>& average() override { return average_; }
  Params<T>& first_moment() override { return first_; }
  Params<T>& second_moment() override { return second_; }
  std::int64_t steps() const override { return steps_; }
  void set_steps(std::int64_t steps) override { steps_ = steps; }

 private:
  Index n_params() const { return flow_->cpu().n_params(); }

  StepNumbers<T> numbers_of(std::int64_t steps) const {
    return {{options_, options_.learning_rate * schedule_.factor(steps), steps + 1}, {options_, steps}};
  }

  // The table on the device. Panels of an array may change between two calls; a stream says which table it is.
  void hold(const TrainingRows<T>& rows) {
    const Index n_rows = rows.order == nullptr ? rows.n : rows.n_table, n_panels = panels_for(n_rows);
    const std::uint64_t serial = rows.order == nullptr ? 0 : rows.rows.serial(),
                        given = rows.context.serial();
    const bool same_context = flow_->cpu().n_context() == 0 || (given != 0 && given == held_context_);
    if (serial != 0 && serial == held_ && same_context) return;
    held_ = held_context_ = 0;  // until both are there
    const auto take = [&](const Source<T>& source, Index n_features) {
      std::vector<T> room(n_panels * n_features * kLanes);
      Buffer<T> there(queue_, std::ssize(room));
      queue_.upload(there.data(), source.read(0, n_panels, room.data()).data, std::ssize(room));
      queue_.wait();
      return there;
    };
    table_ = take(rows.rows, flow_->cpu().n_features());
    context_ = take(rows.context, flow_->cpu().n_context());
    held_ = serial;
    held_context_ = given;
  }

  std::shared_ptr<const DeviceFlow<T, Queue>> flow_;
  Queue queue_;
  std::shared_ptr<Params<T>> params_;
  DParams average_, first_, second_;
  TrainerOptions options_;
  Schedule schedule_;
  std::int64_t steps_ = 0;
  Buffer<bool> decays_;  // of each parameter
  Buffer<T> table_, context_;
  std::uint64_t held_ = 0, held_context_ = 0;  // which streams lie there; zero: none that can be told again
};

}  // namespace nflows
