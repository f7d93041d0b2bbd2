// Sequence: bijections one after the other. Forward takes them first to last, inverse last to first.
//
//   z = f_K( .. f_2(f_1(x)))        log|det| = sum_k log|det f_k|
//
// A flow's chain is one, and so is any part of it. Values are held within finite bounds between the parts (`saturate`),
// but for the factors of a linear map, which are one layer and have no bounds between them.
#pragma once

#include <vector>

#include "bijections/bijection.h"
#include "bijections/saturate.h"
#include "core/direction.h"

namespace nflows {

template <class T>
class Sequence : public Bijection<T> {
 public:
  Sequence(const Spec& spec, Index n_features, Index n_context);

  Index n_kept(Keep keep) const override { return keep == Keep::kForBackward ? all_kept_ : lean_kept_; }

  // Every part that has a start from data takes its own from what the parts before it make of the rows.
  bool starts_from_data() const override { return last_start() >= 0; }
  void start_from_data(const Sample<T>& sample, Rng& rng, T* params) const override;
  // The same over rows that are overwritten: with what the whole sequence makes of them if `to_the_end`.
  void start_from_data(Panels<T> rows, const Sample<T>& sample, Rng& rng, T* params, bool to_the_end) const;

  void forward(Panels<const T> x, Panels<T> z, Panels<double> log_det, const Pass<T>& pass) const override {
    run(Direction::kForward, x, z, log_det, pass);
  }
  void backward(Panels<const T> x, Panels<const T> z, Panels<const T> dz, Panels<T> dx, const Pass<T>& pass,
                const Gradients<T>& grads) const override {
    run_backward(Direction::kForward, x, z, dz, dx, pass, grads);
  }
  void inverse(Panels<const T> z, Panels<T> x, Panels<double> log_det, const Pass<T>& pass) const override {
    run(Direction::kInverse, z, x, log_det, pass);
  }
  void inverse_backward(Panels<const T> z, Panels<const T> x, Panels<const T> dx, Panels<T> dz,
                        const Pass<T>& pass, const Gradients<T>& grads) const override {
    run_backward(Direction::kInverse, z, x, dx, dz, pass, grads);
  }

 protected:
  using Factors = std::vector<std::unique_ptr<Bijection<T>>>;

  // A linear map of factors, the data's side first. Its parameters are the factors' in the order of `params_of`, factors
  // by their places.
  Sequence(Factors factors, const std::vector<Index>& params_of, Index n_features);

 private:
  using Part = typename Layer<T>::template Part<Bijection<T>>;

  // Lays out the workspace: kept = [the parts' | values between them], scratch = [the parts' | two adjoints]. Where
  // nothing is kept, parts share one place and values take turns in two.
  void plan();

  Index n_parts() const { return static_cast<Index>(parts_.size()); }
  Index last_start() const;
  Index place(Direction direction, Index step) const {
    return direction == Direction::kForward ? step : n_parts() - 1 - step;
  }
  Pass<T> pass_of(Index part, const Pass<T>& pass) const {
    const Index kept = pass.keep == Keep::kForBackward ? kept_[part] : 0;
    return parts_[part].pass(pass, pass.kept.feature(kept), pass.scratch);
  }
  // The value between step s and the next.
  Panels<T> value(Index step, const Pass<T>& pass) const {
    const Index first =
        pass.keep == Keep::kForBackward ? all_values_ + step * n_ : lean_values_ + step % 2 * n_;
    return pass.kept.feature(first);
  }

  void run(Direction direction, Panels<const T> from, Panels<T> to, Panels<double> log_det,
           const Pass<T>& pass) const;
  void run_backward(Direction direction, Panels<const T> from, Panels<const T> to, Panels<const T> dto,
                    Panels<T> dfrom, const Pass<T>& pass, const Gradients<T>& grads) const;

  Index n_;
  bool saturates_;
  std::vector<Part> parts_;
  std::vector<Index> kept_;  // where each part's kept slots are
  Index all_values_ = 0, all_kept_ = 0, lean_values_ = 0, lean_kept_ = 0, adjoints_ = 0;
};

}  // namespace nflows
