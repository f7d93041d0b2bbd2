// The features of a wiring: which rows of the net's input those have that it sees, which rows of its output are the
// parameters of those that move, and which transformer moves each.
#pragma once

#include <vector>

#include "bijections/circle.h"
#include "bijections/feature.h"

namespace nflows {

template <class T, class Tr>
class Features {
 public:
  Features(const Spec& spec, const std::vector<Index>& seen, const std::vector<Index>& moved,
           Index n_features)
      : transformer_(transformer_from<Tr>(spec.child("transformer"))),
        spline_(spec.child("circular_spline")) {
    const std::vector<bool> circular = circular_features(spec, n_features);
    inputs_ = first_rows(seen, circular, 1, 2);
    params_ = first_rows(moved, circular, transformer_.n_params, spline_.n_params);
    for (const Index j : moved) on_circle_.push_back(circular[j]);
  }

  // The first row of each feature, and the number of rows.
  const std::vector<Index>& inputs() const { return inputs_; }
  const std::vector<Index>& params() const { return params_; }

  // Of the i-th that moves: x and z are its own rows, p those of all parameters.
  void forward(Index i, Panels<const T> x, Panels<const T> p, Panels<T> z, Panels<double> log_det) const {
    with(i, [&](auto loops, auto f) { loops.forward(f, x, p.from(params_[i]), z, log_det); });
  }
  void inverse(Index i, Panels<const T> z, Panels<const T> p, Panels<T> x, Panels<double> log_det) const {
    with(i, [&](auto loops, auto f) { loops.inverse(f, z, p.from(params_[i]), x, log_det); });
  }
  void backward(Index i, Panels<const T> x, Panels<const T> p, Panels<const T> dz, Panels<const T> dlog_det,
                Panels<T> dx, Panels<T> dp) const {
    with(i, [&](auto loops, auto f) {
      loops.backward(f, x, p.from(params_[i]), dz, dlog_det, dx, dp.from(params_[i]));
    });
  }
  void inverse_backward(Index i, Panels<const T> x, Panels<const T> p, Panels<const T> dx,
                        Panels<const T> dlog_det, Panels<T> dz, Panels<T> dp) const {
    with(i, [&](auto loops, auto f) {
      loops.inverse_backward(f, x, p.from(params_[i]), dx, dlog_det, dz, dp.from(params_[i]));
    });
  }

 private:
  template <class Use>
  void with(Index i, const Use& use) const {
    if (on_circle_[i])
      use(Angle<T>{}, spline_);
    else
      use(Feature<Tr, T>{}, transformer_);
  }

  Tr transformer_;
  CircularSpline spline_;
  std::vector<Index> inputs_, params_;
  std::vector<bool> on_circle_;
};

}  // namespace nflows
