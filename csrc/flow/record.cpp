#include "flow/record.h"

namespace nflows {
namespace {

// Memory for one panel of everything that a pass touches. Nothing is computed in it: its addresses are what counts.
template <class T>
class Stage {
 public:
  Stage(const Flow<T>& flow, Keep keep)
      : flow_(flow),
        x_(take(flow.n_features())),
        context_(take(flow.n_context())),
        dlog_det_(take(1)),
        dout_(take(flow.n_features())),
        dcontext_(take(flow.n_context())),
        workspace_(take(flow.n_workspace(keep))),
        slots_(n_slots_ * kLanes),
        params_(flow.n_params()),
        gradient_(flow.n_params() + flow.n_dderived()),
        derived_(flow.n_derived()),
        pass_(flow.pass(params_.data(), derived_.data(), at(context_), keep, at(workspace_))),
        grads_{at(dlog_det_), gradient_.data(), gradient_.data() + flow.n_params(), at(dcontext_)} {}

  TileProgram record(Task task) {
    Recorder recorder({{Space::kSlots, slots_.data(), bytes(slots_), kLanes * kBytes<T>},
                       {Space::kTotals, totals_, kLanes * kBytes<double>, kLanes * kBytes<double>},
                       {Space::kParams, params_.data(), bytes(params_), 1},
                       {Space::kDerived, derived_.data(), bytes(derived_), 1},
                       {Space::kGradient, gradient_.data(), bytes(gradient_), 1}});
    const Panels<T> out = run(task);
    TilePlaces places{n_slots_, x_, context_, dlog_det_, dout_, 0, dcontext_};
    if (out.data != nullptr) places.out = (out.data - slots_.data()) / kLanes;
    return {recorder.take(), places};
  }

 private:
  Panels<T> run(Task task) {
    const auto total = dense_panels(totals_, 1, 1);
    switch (task) {
      case Task::kDerive:
        flow_.derive(params_.data(), derived_.data());
        return {};
      case Task::kDeriveBackward:
        flow_.derive_backward(params_.data(), derived_.data(), grads_.dderived, grads_.dparams);
        return {};
      case Task::kLogProb:
        flow_.log_prob(at(x_), total, pass_);
        return {};
      case Task::kForward:
        return flow_.map(Direction::kForward, at(x_), total, pass_);
      case Task::kInverse:
        return flow_.map(Direction::kInverse, at(x_), total, pass_);
      case Task::kLogProbBackward:
        flow_.log_prob(at(x_), total, pass_);
        return flow_.log_prob_backward(pass_, grads_);
      case Task::kForwardBackward:
        flow_.map(Direction::kForward, at(x_), total, pass_);
        return flow_.map_backward(Direction::kForward, at(dout_), pass_, grads_);
      case Task::kInverseBackward:
        flow_.map(Direction::kInverse, at(x_), total, pass_);
        return flow_.map_backward(Direction::kInverse, at(dout_), pass_, grads_);
    }
    return {};
  }

  Index take(Index n) {
    n_slots_ += n;
    return n_slots_ - n;
  }
  Panels<T> at(Index slot) { return {slots_.data() + slot * kLanes, slots_.size(), 1}; }
  template <class V>
  static Index bytes(const Arena<V>& arena) {
    return arena.size() * kBytes<V>;
  }

  const Flow<T>& flow_;
  Index n_slots_ = 0;
  Index x_, context_, dlog_det_, dout_, dcontext_, workspace_;
  Arena<T> slots_, params_, gradient_;
  Arena<std::byte> derived_;
  double totals_[kLanes] = {};
  Pass<T> pass_;
  Gradients<T> grads_;
};

}  // namespace

template <class T>
TileProgram record(const Flow<T>& flow, Task task) {
  check(kRecords, "program: this build writes none down; NFLOWS_CUDA=ON makes one that does");
  return Stage<T>(flow, is_backward(task) ? Keep::kForBackward : Keep::kNothing).record(task);
}

template TileProgram record(const Flow<float>&, Task);
template TileProgram record(const Flow<double>&, Task);

}  // namespace nflows
