// The factors of linear maps, each a bijection with parameters of its own: shift, diagonal, unit triangle, order, and
// regression on the context. Rotations stand in reflections.h, the maps that are made of them in linear.cpp.
#pragma once

#include <optional>

#include "bijections/bijection.h"
#include "bijections/free_scale.h"
#include "core/selection.h"
#include "linalg/triangular.h"
#include "simd/panel_sums.h"

namespace nflows {

// z = x + b
template <class T>
class Shift final : public Bijection<T> {
 public:
  explicit Shift(Index n) : n_(n) {}

  void forward(Panels<const T> x, Panels<T> z, Panels<double>, const Pass<T>& pass) const override {
    copy_features(x, z, n_);
    add_shift(shift_(pass.params), T(1), z, n_);
  }
  void backward(Panels<const T>, Panels<const T>, Panels<const T> dz, Panels<T> dx, const Pass<T>&,
                const Gradients<T>& grads) const override {
    copy_features(dz, dx, n_);
    bias_gradient<T>(n_, dz, shift_(grads.dparams));
  }
  void inverse(Panels<const T> z, Panels<T> x, Panels<double>, const Pass<T>& pass) const override {
    copy_features(z, x, n_);
    add_shift(shift_(pass.params), T(-1), x, n_);
  }
  void inverse_backward(Panels<const T>, Panels<const T>, Panels<const T> dx, Panels<T> dz,
                        const Pass<T>& pass, const Gradients<T>& grads) const override {
    copy_features(dx, dz, n_);
    negate_features<T>(dx, minus_(pass.scratch), n_);
    bias_gradient<T>(n_, minus_(pass.scratch), shift_(grads.dparams));
  }

 private:
  Index n_;
  Numbers shift_{this->params_, "shift", n_};
  Slots minus_{this->scratch_, n_};
};

// z_j = exp(alpha_j) x_j + b_j, or without b        log|det| = sum_j alpha_j, bounded as in free_scale.h
template <class T>
class Diagonal final : public Bijection<T> {
 public:
  Diagonal(Index n, bool shifted)
      : n_(n), shift_(shifted ? std::optional(Numbers(this->params_, "shift", n)) : std::nullopt) {}

  void derive(const T* params, std::byte* derived) const override {
    for (Index j = 0; j < n_; ++j) scales_(derived)[j] = FreeScale<T>(log_scale_(params)[j]);
  }

  void forward(Panels<const T> x, Panels<T> z, Panels<double> log_det, const Pass<T>& pass) const override {
    for (Index j = 0; j < n_; ++j)
      scale(pass, j).inverse(x.feature(j), shift(pass, j), z.feature(j), log_det);
  }
  void backward(Panels<const T> x, Panels<const T>, Panels<const T> dz, Panels<T> dx, const Pass<T>& pass,
                const Gradients<T>& grads) const override {
    T unused = 0;
    for (Index j = 0; j < n_; ++j)
      scale(pass, j).inverse_backward(x.feature(j), dz.feature(j), grads.dlog_det, dx.feature(j),
                                      shift_ ? (*shift_)(grads.dparams) + j : &unused,
                                      log_scale_(grads.dparams) + j);
  }
  void inverse(Panels<const T> z, Panels<T> x, Panels<double> log_det, const Pass<T>& pass) const override {
    for (Index j = 0; j < n_; ++j)
      scale(pass, j).forward(z.feature(j), shift(pass, j), x.feature(j), log_det);
  }
  void inverse_backward(Panels<const T>, Panels<const T> x, Panels<const T> dx, Panels<T> dz,
                        const Pass<T>& pass, const Gradients<T>& grads) const override {
    T unused = 0;
    for (Index j = 0; j < n_; ++j)
      scale(pass, j).backward(x.feature(j), dx.feature(j), grads.dlog_det, dz.feature(j),
                              shift_ ? (*shift_)(grads.dparams) + j : &unused, log_scale_(grads.dparams) + j);
  }

 private:
  const FreeScale<T>& scale(const Pass<T>& pass, Index j) const { return scales_(pass.derived)[j]; }
  T shift(const Pass<T>& pass, Index j) const { return shift_ ? (*shift_)(pass.params)[j] : T(0); }

  Index n_;
  std::optional<Numbers> shift_;
  Numbers log_scale_{this->params_, "log_scale", n_};
  Derived<FreeScale<T>> scales_{this->derived_, n_};
};

// z = (I + S) x, S strictly lower triangular; for an upper triangle S^T is stored.
template <class T>
class Triangle final : public Bijection<T> {
 public:
  Triangle(Index n, bool lower, const char* name)
      : n_(n), lower_(lower), factor_(n), triangle_(this->params_, name, factor_.n_params()) {}

  void forward(Panels<const T> x, Panels<T> z, Panels<double>, const Pass<T>& pass) const override {
    apply(lower_, triangle_(pass.params), x, z);
  }
  void backward(Panels<const T> x, Panels<const T>, Panels<const T> dz, Panels<T> dx, const Pass<T>& pass,
                const Gradients<T>& grads) const override {
    gradient(dz, x, pass, grads);
    apply(!lower_, triangle_(pass.params), dz, dx);
  }
  void inverse(Panels<const T> z, Panels<T> x, Panels<double>, const Pass<T>& pass) const override {
    solve(lower_, triangle_(pass.params), z, x);
  }
  // The adjoint of the solve is dz = (I + S)^-T dx, and dS = -dz x^T.
  void inverse_backward(Panels<const T>, Panels<const T> x, Panels<const T> dx, Panels<T> dz,
                        const Pass<T>& pass, const Gradients<T>& grads) const override {
    solve(!lower_, triangle_(pass.params), dx, dz);
    negate_features<T>(dz, minus_(pass.scratch), n_);
    gradient(minus_(pass.scratch), x, pass, grads);
  }

 private:
  void apply(bool lower, const T* s, Panels<const T> x, Panels<T> y) const {
    lower ? factor_.apply(s, x, y) : factor_.apply_transposed(s, x, y);
  }
  void solve(bool lower, const T* s, Panels<const T> y, Panels<T> x) const {
    copy_features(y, x, n_);
    lower ? factor_.solve(s, x) : factor_.solve_transposed(s, x);
  }
  // dS += dz x^T, d(S^T) += x dz^T
  void gradient(Panels<const T> dz, Panels<const T> x, const Pass<T>& pass, const Gradients<T>& grads) const {
    factor_.gradient(lower_ ? dz : x, lower_ ? x : dz, sums_(pass.scratch), triangle_(grads.dparams));
  }

  Index n_;
  bool lower_;
  UnitLower<T> factor_;
  Numbers triangle_;
  Slots minus_{this->scratch_, n_}, sums_{this->scratch_, kGradientScratch};
};

// z_j = x_{order[j]}
template <class T>
class Order final : public Bijection<T> {
 public:
  Order(const Spec& spec, Index n, Index = 0) : order_(check_order(spec, "order", n)) {}

  void forward(Panels<const T> x, Panels<T> z, Panels<double>, const Pass<T>&) const override {
    gather(order_, x, z);
  }
  void backward(Panels<const T>, Panels<const T>, Panels<const T> dz, Panels<T> dx, const Pass<T>&,
                const Gradients<T>&) const override {
    scatter(order_, dz, dx);
  }
  void inverse(Panels<const T> z, Panels<T> x, Panels<double>, const Pass<T>&) const override {
    scatter(order_, z, x);
  }
  void inverse_backward(Panels<const T>, Panels<const T>, Panels<const T> dx, Panels<T> dz, const Pass<T>&,
                        const Gradients<T>&) const override {
    gather(order_, dx, dz);
  }

 private:
  std::vector<Index> order_;
};

// z = x - C c, c the context
template <class T>
class Regression final : public Bijection<T> {
 public:
  Regression(Index n, Index n_context)
      : mask_(Staircase::full(n, n_context)), weight_(this->params_, "context", mask_.size()) {}

  void forward(Panels<const T> x, Panels<T> z, Panels<double>, const Pass<T>& pass) const override {
    copy_features(x, z, mask_.rows);
    add_multiple(pass, z, Into::kSubtract);
  }
  void backward(Panels<const T>, Panels<const T>, Panels<const T> dz, Panels<T> dx, const Pass<T>& pass,
                const Gradients<T>& grads) const override {
    copy_features(dz, dx, mask_.rows);
    negate_features<T>(dz, minus_(pass.scratch), mask_.rows);
    gradient(minus_(pass.scratch), pass, grads);
  }
  void inverse(Panels<const T> z, Panels<T> x, Panels<double>, const Pass<T>& pass) const override {
    copy_features(z, x, mask_.rows);
    add_multiple(pass, x, Into::kAdd);
  }
  void inverse_backward(Panels<const T>, Panels<const T>, Panels<const T> dx, Panels<T> dz,
                        const Pass<T>& pass, const Gradients<T>& grads) const override {
    copy_features(dx, dz, mask_.rows);
    gradient(dx, pass, grads);
  }

 private:
  void add_multiple(const Pass<T>& pass, Panels<T> to, Into into) const {
    if (mask_.cols > 0)
      forward_product<T>(mask_, weight_(pass.params), nullptr, pass.context, to, 0, mask_.rows, into);
  }
  // Of C c, whose adjoint is d.
  void gradient(Panels<const T> d, const Pass<T>& pass, const Gradients<T>& grads) const {
    if (mask_.cols == 0) return;
    data_gradient<T>(mask_, weight_(pass.params), d, grads.dcontext, 0, mask_.cols, Into::kAdd);
    weight_gradient<T>(mask_, d, pass.context, sums_(pass.scratch), weight_(grads.dparams));
  }

  Staircase mask_;
  Numbers weight_;
  Slots minus_{this->scratch_, mask_.rows}, sums_{this->scratch_, kGradientScratch};
};

}  // namespace nflows
