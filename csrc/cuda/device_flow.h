// A flow on a device: the CPU engine's flow writes its tile programs down, blocks carry them out.
//
// Starts stay with the CPU engine. Rows come and go in pieces, parameters stay on the device. A row's result does not
// depend on the tile it falls into; sums over rows are taken in an order that follows from the rows' number and the device.
#pragma once

#include <algorithm>
#include <map>
#include <memory>
#include <mutex>

#include "cuda/training_kernels.h"
#include "engine/engine.h"

namespace nflows {

// Parameters on a device.
template <class T, class Queue>
class DeviceParams final : public Params<T> {
 public:
  explicit DeviceParams(Index n) : values_(queue_, n) {
    queue_.zero(values_.data(), n);
    queue_.wait();
  }

  Index size() const override { return values_.size(); }
  void read(T* to) const override {
    Queue queue;
    queue.download(to, data(), size());
    queue.wait();
  }
  void write(const T* from) override {
    queue_.upload(data(), from, size());
    queue_.wait();
  }
  T* data() const { return values_.data(); }

 private:
  Queue queue_;
  typename Queue::template Buffer<T> values_;
};

template <class T, class Queue>
T* device_data(const Params<T>& params) {
  return static_cast<const DeviceParams<T, Queue>&>(params).data();
}

// A PassKernel and the groups of operations that it knows.
template <class T, class Queue>
struct PassVariant {
  std::vector<std::vector<std::string>> groups;
  void (*launch)(Queue& queue, Index n_blocks, const PassArguments<T>& arguments);
};
template <class T, class Queue>
const std::vector<PassVariant<T, Queue>>& pass_variants();  // the simplest first, that of all operations last

// The numbers of a program's operations as a kernel of these groups has them; or those that it lacks.
struct Numbering {
  std::vector<std::int32_t> numbers;
  std::vector<std::string> lacking;
};
Numbering numbering(const Program& program, const std::vector<std::vector<std::string>>& groups);

// An operation's name as people read it.
std::string readable(const std::string& operation);

// A tile program on the device.
template <class Queue>
class DeviceProgram {
 public:
  DeviceProgram(Queue& queue, TileProgram program, const std::vector<std::int32_t>& numbers)
      : steps_(queue, std::ssize(program.steps)), constants_(queue, std::ssize(program.constants)) {
    for (Step& step : program.steps) step.op = numbers[step.op];
    queue.upload(steps_.data(), program.steps.data(), steps_.size());
    queue.upload(constants_.data(), program.constants.data(), constants_.size());
    queue.wait();
  }
  LoadedProgram loaded() const { return {steps_.data(), steps_.size(), constants_.data()}; }

 private:
  typename Queue::template Buffer<Step> steps_;
  typename Queue::template Buffer<std::byte> constants_;
};

// Numbers of the host on a device; none where there are none.
template <class V, class Queue>
typename Queue::template Buffer<V> sent(Queue& queue, const V* from, Index n) {
  if (from == nullptr) return {};
  typename Queue::template Buffer<V> to(queue, n);
  queue.upload(to.data(), from, n);
  return to;
}

// At least one: a flow may have no parameters, and a launch has a block.
inline Index chunks(Index n) { return std::max<Index>((n + kChunk - 1) / kChunk, 1); }

// What a device knows of one flow.
template <class T, class Queue>
class DeviceFlow {
 public:
  template <class V>
  using Buffer = typename Queue::template Buffer<V>;

  explicit DeviceFlow(std::shared_ptr<const EngineFlow<T>> cpu) : cpu_(std::move(cpu)) {}

  const EngineFlow<T>& cpu() const { return *cpu_; }
  Index n_gradient() const { return cpu_->n_params() + cpu_->n_dderived(); }

  // Makes a task's program ready: while launches are captured, nothing else can be done.
  void load(Task task) const { entry(task); }

  // Derived values of parameters, or the gradients of their adjoints; many flows have none.
  void derive(Queue& queue, const T* params, std::byte* derived) const {
    derive(queue, Task::kDerive, params, derived, nullptr);
  }
  void derive_backward(Queue& queue, const T* params, std::byte* derived, T* gradient) const {
    derive(queue, Task::kDeriveBackward, params, derived, gradient);
  }

  // gradient = the sum of those of all blocks of a pass.
  void reduce(Queue& queue, const T* gradients, Index n_blocks, T* gradient) const {
    queue.launch(chunks(n_gradient()), 0, ReduceKernel<T>{n_gradient(), n_blocks, gradients, gradient});
  }

  // A pass, and how it is laid out for n rows.
  struct Pass {
    const PassVariant<T, Queue>* variant;
    PassArguments<T> arguments;
    Index n_blocks;
    Buffer<std::byte> slots;

    // What it reads: parameters, what is derived of them, n rows.
    void read(const T* params, const std::byte* derived, const T* x, const T* context, Index n) {
      arguments.params = params;
      arguments.derived = derived;
      arguments.x.data = x;
      arguments.context.data = context;
      arguments.batch.n = n;
    }
    void launch(Queue& queue) const { variant->launch(queue, n_blocks, arguments); }
  };
  Pass pass(Queue& queue, Task task, Index n_rows) const {
    const Entry& entry = this->entry(task);
    Pass pass{entry.variant, entry.arguments, 0, {}};
    PassArguments<T>& a = pass.arguments;
    const Index processors = Queue::multiprocessors();
    while (a.log_lanes > kLogFewestLanes && n_rows < processors << a.log_lanes) --a.log_lanes;
    a.lanes = Index{1} << a.log_lanes;
    const Index n_tiles = (n_rows + a.lanes - 1) / a.lanes;
    pass.n_blocks = std::max<Index>(std::min(n_tiles, processors * kBlocksPerProcessor), 1);
    if (is_backward(task))
      pass.n_blocks =
          std::min(pass.n_blocks, std::max<Index>(kMostGradients / std::max<Index>(n_gradient(), 1), 1));
    if (a.shared() > Queue::shared_limit()) {
      pass.slots = Buffer<std::byte>(queue, pass.n_blocks * a.slot_bytes());
      a.slots = pass.slots.data();
    }
    return pass;
  }

 private:
  void derive(Queue& queue, Task task, const T* params, std::byte* derived, T* gradient) const {
    const LoadedProgram program = entry(task).arguments.program;
    if (program.n_steps > 0) queue.launch(1, 0, DeriveKernel<T>{program, params, derived, gradient});
  }

  static constexpr Index kLogMostLanes = 5, kLogFewestLanes = 3, kParts = 512, kBlocksPerProcessor = 2;
  static constexpr Index kMostGradients = Index{1} << 28;  // numbers, of all blocks

  struct Entry {
    const PassVariant<T, Queue>* variant = nullptr;
    std::unique_ptr<DeviceProgram<Queue>> program;
    PassArguments<T> arguments{};
  };

  const Entry& entry(Task task) const {
    const std::lock_guard<std::mutex> lock(mutex_);
    Entry& entry = entries_[task];
    if (entry.program) return entry;
    const TileProgram program = cpu_->program(task);
    const Numbering found =
        derives(task) ? numbering(program, {DeriveGroup<T>::names()}) : choose(program, entry);
    check(found.lacking.empty(), "device: this flow has no path there yet; what is missing is ",
          found.lacking.empty() ? "nothing" : readable(found.lacking.front()));
    entry.program = std::make_unique<DeviceProgram<Queue>>(queue_, program, found.numbers);
    PassArguments<T>& a = entry.arguments;
    a.program = entry.program->loaded();
    a.places = program.places;
    a.log_lanes = kLogMostLanes;
    a.n_parts = kParts;
    a.x.n = a.dout.n = a.out.n = cpu_->n_features();
    a.context.n = a.dcontext.n = cpu_->n_context();
    return entry;
  }

  // The first kernel that can do a pass, and its numbers of the operations.
  static Numbering choose(const TileProgram& program, Entry& entry) {
    Numbering found;
    for (const PassVariant<T, Queue>& variant : pass_variants<T, Queue>()) {
      entry.variant = &variant;
      found = numbering(program, variant.groups);
      if (found.lacking.empty()) break;
    }
    return found;
  }

  std::shared_ptr<const EngineFlow<T>> cpu_;
  mutable std::mutex mutex_;
  mutable Queue queue_;  // of the programs' memory
  mutable std::map<Task, Entry> entries_;
};

}  // namespace nflows
