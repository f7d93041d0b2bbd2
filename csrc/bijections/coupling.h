// Coupling: some features stay as they are and say, through an MLP, how the others move.
//
//   z_kept = x_kept,   z_j = f(x_j; p_j),   p = mlp([context, u(x_kept)])     NICE, Dinh et al. 2014, sec. 3.2
//   log|det| = sum_j log f'(x_j; p_j)                                       RealNVP, Dinh et al. 2016
//
// Both directions are one pass, and so are their gradients. With nothing kept the MLP has the context for
// input, or nothing at all and is then one free vector: this is the elementwise wiring, and what a coupling
// of one feature becomes. Features of either kind may be angles (circle.h).
#pragma once

#include "bijections/conditioner.h"
#include "bijections/features.h"

namespace nflows {

template <class T, class Tr>
class Coupling final : public Bijection<T> {
 public:
  Coupling(const Spec& spec, const std::vector<Index>& kept, Index n_features, Index n_context)
      : kept_(kept),
        moved_(others(spec, kept, n_features)),
        features_(spec, kept_, moved_, n_features),
        conditioner_(mlp<T>(n_context + features_.inputs().back(), Hidden(spec), features_.params().back()),
                     n_context, features_.inputs()) {}

  Index n_params() const override { return conditioner_.net().n_params(); }
  Index n_kept() const override { return conditioner_.n_kept(); }
  Index n_scratch() const override { return conditioner_.n_scratch(); }
  std::vector<Block> blocks() const override { return conditioner_.net().blocks(); }
  void start(T* params, Rng& rng) const override { conditioner_.net().start(params, rng); }

  void forward(Panels<const T> x, Panels<T> z, Panels<double> log_det, const Pass<T>& pass) const override {
    run(&Features<T, Tr>::forward, x, z, log_det, pass);
  }

  void backward(Panels<const T> x, Panels<const T>, Panels<const T> dz, Panels<T> dx, const Pass<T>& pass,
                const Gradients<T>& grads) const override {
    pull(&Features<T, Tr>::backward, x, dz, dx, pass, grads);
  }

  void inverse(Panels<const T> z, Panels<T> x, Panels<double> log_det, const Pass<T>& pass) const override {
    run(&Features<T, Tr>::inverse, z, x, log_det, pass);
  }

  void inverse_backward(Panels<const T>, Panels<const T> x, Panels<const T> dx, Panels<T> dz,
                        const Pass<T>& pass, const Gradients<T>& grads) const override {
    pull(&Features<T, Tr>::inverse_backward, x, dx, dz, pass, grads);
  }

 private:
  static std::vector<Index> others(const Spec& spec, const std::vector<Index>& kept, Index n_features) {
    std::vector<bool> stays(n_features, false);
    for (const Index j : kept) {
      check(j >= 0 && j < n_features, spec.name, ": kept feature ", j, " is not one of ", n_features);
      check(!stays[j], spec.name, ": feature ", j, " is kept twice");
      stays[j] = true;
    }
    std::vector<Index> moved;
    for (Index j = 0; j < n_features; ++j)
      if (!stays[j]) moved.push_back(j);
    check(!moved.empty(), spec.name, ": all ", n_features, " features are kept, none is left to move");
    return moved;
  }

  // Either direction: what is kept is the same on both sides, so the net's input is too.
  template <class Map>
  void run(Map map, Panels<const T> from, Panels<T> to, Panels<double> log_det, const Pass<T>& pass) const {
    const Panels<T> p = conditioner_.output(pass);
    conditioner_.take_context(pass);
    for (std::size_t i = 0; i < kept_.size(); ++i) {
      copy_rows<T>(from.from(kept_[i]), to.from(kept_[i]), 1);
      conditioner_.take_feature(i, from.from(kept_[i]), pass);
    }
    conditioner_.forward(pass);
    for (std::size_t i = 0; i < moved_.size(); ++i)
      (features_.*map)(i, from.from(moved_[i]), p, to.from(moved_[i]), log_det);
  }

  // Either direction's gradient; the formulas of a feature want the data side x in both.
  template <class Pull>
  void pull(Pull pull, Panels<const T> x, Panels<const T> dto, Panels<T> dfrom, const Pass<T>& pass,
            const Gradients<T>& grads) const {
    const Panels<T> p = conditioner_.output(pass), dp = conditioner_.doutput(pass);
    for (std::size_t i = 0; i < moved_.size(); ++i) {
      const Index j = moved_[i];
      (features_.*pull)(i, x.from(j), p, dto.from(j), grads.dlog_det, dfrom.from(j), dp);
    }
    conditioner_.backward(pass, grads);
    for (std::size_t i = 0; i < kept_.size(); ++i) {
      copy_rows<T>(dto.from(kept_[i]), dfrom.from(kept_[i]), 1);
      add_rows<T>(conditioner_.dfeature(i, pass), dfrom.from(kept_[i]), 1);
    }
  }

  std::vector<Index> kept_, moved_;
  Features<T, Tr> features_;
  Conditioner<T> conditioner_;
};

}  // namespace nflows
