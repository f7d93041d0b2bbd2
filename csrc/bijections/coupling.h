// Coupling: some features stay as they are and say, through an MLP, how the others move.
//
//   z_kept = x_kept,   z_j = f(x_j; p_j),   p = mlp([context, u(x_kept)])     NICE, Dinh et al. 2014, sec. 3.2
//   log|det| = sum_j log f'(x_j; p_j)                                       RealNVP, Dinh et al. 2016
//
// Both directions are one pass, and so are their gradients. With nothing kept the MLP has the context for
// input, or nothing at all and is then one free vector: this is the elementwise wiring, and what a coupling
// of one feature becomes.
#pragma once

#include "bijections/conditioner.h"

namespace nflows {

template <class T, class Tr>
class Coupling final : public Bijection<T> {
  using F = Feature<Tr, T>;

 public:
  Coupling(const Spec& spec, const std::vector<Index>& kept, Index n_features, Index n_context)
      : transformer_(transformer_from<Tr>(spec.child("transformer"))),
        kept_(kept),
        moved_(others(spec, kept, n_features)),
        conditioner_(mlp<T>(n_context + static_cast<Index>(kept_.size()), spec.widths("hidden_units"),
                            transformer_.n_params * static_cast<Index>(moved_.size()),
                            activation_from(spec.text("activation"))),
                     n_context) {}

  Index n_params() const override { return conditioner_.net().n_params(); }
  Index n_kept() const override { return conditioner_.n_kept(); }
  Index n_scratch() const override { return conditioner_.n_scratch(); }
  std::vector<Block> blocks() const override { return conditioner_.net().blocks(); }
  void start(T* params, Rng& rng) const override { conditioner_.net().start(params, rng); }

  void forward(Panels<const T> x, Panels<T> z, Panels<double> log_det, const Pass<T>& pass) const override {
    run(F::forward, x, z, log_det, pass);
  }

  void backward(Panels<const T> x, Panels<const T>, Panels<const T> dz, Panels<T> dx, const Pass<T>& pass,
                const Gradients<T>& grads) const override {
    pull(F::backward, x, dz, dx, pass, grads);
  }

  void inverse(Panels<const T> z, Panels<T> x, Panels<double> log_det, const Pass<T>& pass) const override {
    run(F::inverse, z, x, log_det, pass);
  }

  void inverse_backward(Panels<const T>, Panels<const T> x, Panels<const T> dx, Panels<T> dz,
                        const Pass<T>& pass, const Gradients<T>& grads) const override {
    pull(F::inverse_backward, x, dx, dz, pass, grads);
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
  void run(const Map& feature, Panels<const T> from, Panels<T> to, Panels<double> log_det,
           const Pass<T>& pass) const {
    const Panels<T> p = conditioner_.output(pass);
    conditioner_.take_context(pass);
    for (std::size_t i = 0; i < kept_.size(); ++i) {
      copy_rows<T>(from.from(kept_[i]), to.from(kept_[i]), 1);
      conditioner_.take_feature(i, from.from(kept_[i]), pass);
    }
    conditioner_.forward(pass);
    for (std::size_t i = 0; i < moved_.size(); ++i)
      feature(transformer_, from.from(moved_[i]), p.from(transformer_.n_params * i), to.from(moved_[i]),
              log_det);
  }

  // Either direction's gradient; the formulas of a feature want the data side x in both.
  template <class Pull>
  void pull(const Pull& feature, Panels<const T> x, Panels<const T> dto, Panels<T> dfrom, const Pass<T>& pass,
            const Gradients<T>& grads) const {
    const Panels<T> p = conditioner_.output(pass), dp = conditioner_.doutput(pass),
                    din = conditioner_.dfeatures(pass);
    for (std::size_t i = 0; i < moved_.size(); ++i) {
      const Index j = moved_[i], k = transformer_.n_params * i;
      feature(transformer_, x.from(j), p.from(k), dto.from(j), grads.dlog_det, dfrom.from(j), dp.from(k));
    }
    conditioner_.backward(pass, grads);
    for (std::size_t i = 0; i < kept_.size(); ++i) {
      copy_rows<T>(dto.from(kept_[i]), dfrom.from(kept_[i]), 1);
      add_rows<T>(din.from(i), dfrom.from(kept_[i]), 1);
    }
  }

  Tr transformer_;
  std::vector<Index> kept_, moved_;
  Conditioner<T> conditioner_;
};

}  // namespace nflows
