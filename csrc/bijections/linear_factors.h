// The factors of linear maps, each a bijection with parameters of its own: shift, diagonal, unit triangle, order, and
// regression on the context. Rotations stand in reflections.h, the maps that are made of them in linear.cpp.
#pragma once

#include <optional>

#include "bijections/bijection.h"
#include "bijections/free_scale.h"
#include "core/once.h"
#include "core/selection.h"
#include "linalg/triangular.h"
#include "simd/panel_sums.h"

namespace nflows {

enum class Apply { kPlain, kTransposed, kInverse, kInverseTransposed };

// z = M x, or M x + b, with |det M| = 1. All four passes are applications of M: the adjoint of the solve M x = z is
// dz = M^-T dx, and parameters see forward's backward with -dz.
template <class T>
class Factor : public Bijection<T> {
 public:
  explicit Factor(Index n) : n_(n) {}

  void forward(Panels<const T> x, Panels<T> z, Panels<double>, const Pass<T>& pass) const override {
    apply(Apply::kPlain, x, z, pass);
  }
  void backward(Panels<const T> x, Panels<const T>, Panels<const T> dz, Panels<T> dx, const Pass<T>& pass,
                const Gradients<T>& grads) const override {
    apply(Apply::kTransposed, dz, dx, pass);
    gradient(dz, x, pass, grads);
  }
  void inverse(Panels<const T> z, Panels<T> x, Panels<double>, const Pass<T>& pass) const override {
    apply(Apply::kInverse, z, x, pass);
  }
  void inverse_backward(Panels<const T>, Panels<const T> x, Panels<const T> dx, Panels<T> dz,
                        const Pass<T>& pass, const Gradients<T>& grads) const override {
    apply(Apply::kInverseTransposed, dx, dz, pass);
    negate_features(dz, minus_(pass.scratch), n_);
    gradient(minus_(pass.scratch), x, pass, grads);
  }

 protected:
  // `from` and `to` do not overlap; transposes leave b out.
  virtual void apply(Apply what, Panels<const T> from, Panels<T> to, const Pass<T>& pass) const = 0;
  // Adds to the gradients of z = M x + b.
  virtual void gradient(Panels<const T> dz, Panels<const T> x, const Pass<T>& pass,
                        const Gradients<T>& grads) const = 0;

  Index n_;
  Slots minus_{this->scratch_, n_}, sums_{this->scratch_, kGradientScratch};
};

// z = x + b
template <class T>
class Shift final : public Factor<T> {
 public:
  explicit Shift(Index n) : Factor<T>(n) {}

 private:
  void apply(Apply what, Panels<const T> from, Panels<T> to, const Pass<T>& pass) const override {
    copy_features(from, to, this->n_);
    if (what == Apply::kPlain) add_shift(shift_(pass.params), 1, to, this->n_);
    if (what == Apply::kInverse) add_shift(shift_(pass.params), -1, to, this->n_);
  }
  void gradient(Panels<const T> dz, Panels<const T>, const Pass<T>&,
                const Gradients<T>& grads) const override {
    bias_gradient(this->n_, dz, shift_(grads.dparams));
  }

  Numbers shift_{this->params_, "shift", this->n_};
};

// z_j = x_{order[j]}
template <class T>
class Order final : public Factor<T> {
 public:
  Order(const Spec& spec, Index n, Index = 0) : Factor<T>(n), order_(check_order(spec, "order", n)) {}

 private:
  void apply(Apply what, Panels<const T> from, Panels<T> to, const Pass<T>&) const override {
    if (what == Apply::kPlain || what == Apply::kInverseTransposed)
      gather(order_, from, to);
    else
      scatter(order_, from, to);
  }
  void gradient(Panels<const T>, Panels<const T>, const Pass<T>&, const Gradients<T>&) const override {}

  std::vector<Index> order_;
};

// z = (I + S) x, S strictly lower triangular; for an upper triangle S^T is stored.
template <class T>
class Triangle final : public Factor<T> {
 public:
  Triangle(Index n, bool lower, const char* name)
      : Factor<T>(n), lower_(lower), factor_(n), triangle_(this->params_, name, factor_.n_params()) {}

 private:
  void apply(Apply what, Panels<const T> from, Panels<T> to, const Pass<T>& pass) const override {
    const T* s = triangle_(pass.params);
    const bool plain = what == Apply::kPlain || what == Apply::kInverse, lower = lower_ == plain;
    if (what == Apply::kPlain || what == Apply::kTransposed)
      return lower ? factor_.apply(s, from, to) : factor_.apply_transposed(s, from, to);
    copy_features(from, to, this->n_);
    lower ? factor_.solve(s, to) : factor_.solve_transposed(s, to);
  }
  // dS += dz x^T, d(S^T) += x dz^T
  void gradient(Panels<const T> dz, Panels<const T> x, const Pass<T>& pass,
                const Gradients<T>& grads) const override {
    factor_.gradient(lower_ ? dz : x, lower_ ? x : dz, this->sums_(pass.scratch), triangle_(grads.dparams));
  }

  bool lower_;
  UnitLower<T> factor_;
  Numbers triangle_;
};

// z = x - C c, c the context
template <class T>
class Regression final : public Factor<T> {
 public:
  Regression(Index n, Index n_context)
      : Factor<T>(n), mask_(Staircase::full(n, n_context)), weight_(this->params_, "context", mask_.size()) {}

 private:
  void apply(Apply what, Panels<const T> from, Panels<T> to, const Pass<T>& pass) const override {
    copy_features(from, to, this->n_);
    if (mask_.cols > 0 && (what == Apply::kPlain || what == Apply::kInverse))
      forward_product(mask_, weight_(pass.params), nullptr, pass.context, to, 0, this->n_,
                      what == Apply::kPlain ? Into::kSubtract : Into::kAdd);
  }
  void gradient(Panels<const T> dz, Panels<const T>, const Pass<T>& pass,
                const Gradients<T>& grads) const override {
    if (mask_.cols == 0) return;
    data_gradient(mask_, weight_(pass.params), dz, grads.dcontext, 0, mask_.cols, Into::kSubtract);
    const Panels<T> minus = minus_dz_(pass.scratch);
    negate_features(dz, minus, this->n_);
    weight_gradient(mask_, minus, pass.context, this->sums_(pass.scratch), weight_(grads.dparams));
  }

  Staircase mask_;
  Numbers weight_;
  Slots minus_dz_{this->scratch_, this->n_};
};

// z_j = exp(alpha_j) x_j + b_j, or without b        log|det| = sum_j alpha_j, bounded as in free_scale.h
template <class T>
class Diagonal final : public Bijection<T> {
 public:
  Diagonal(Index n, bool shifted)
      : n_(n), shift_(shifted ? std::optional(Numbers(this->params_, "shift", n)) : std::nullopt) {}

  void derive(const T* params, std::byte* derived) const override {
    once(n_, typename FreeScale<T>::Derive{}, Table(log_scale_(params), 1, 1), Made(scales_(derived), 1, 1));
  }

  void forward(Panels<const T> x, Panels<T> z, Panels<double> log_det, const Pass<T>& pass) const override {
    each(n_, FreeScaleInverse{}, scales(pass), shift(pass), In(x), Out(z), Total{log_det});
  }
  void backward(Panels<const T> x, Panels<const T>, Panels<const T> dz, Panels<T> dx, const Pass<T>& pass,
                const Gradients<T>& grads) const override {
    each(n_, FreeScaleInverseBackward{}, scales(pass), In(x), In(dz), In(grads.dlog_det, 0), Out(dx),
         dshift(grads), Sum(log_scale_(grads.dparams)));
  }
  void inverse(Panels<const T> z, Panels<T> x, Panels<double> log_det, const Pass<T>& pass) const override {
    each(n_, FreeScaleForward{}, scales(pass), shift(pass), In(z), Out(x), Total{log_det});
  }
  void inverse_backward(Panels<const T>, Panels<const T> x, Panels<const T> dx, Panels<T> dz,
                        const Pass<T>& pass, const Gradients<T>& grads) const override {
    each(n_, FreeScaleBackward{}, scales(pass), In(x), In(dx), In(grads.dlog_det, 0), Out(dz), dshift(grads),
         Sum(log_scale_(grads.dparams)));
  }

 private:
  Given<FreeScale<T>> scales(const Pass<T>& pass) const { return Given(scales_(pass.derived)); }
  Given<T> shift(const Pass<T>& pass) const { return {shift_ ? (*shift_)(pass.params) : nullptr}; }
  Sum<T> dshift(const Gradients<T>& grads) const { return {shift_ ? (*shift_)(grads.dparams) : nullptr}; }

  Index n_;
  std::optional<Numbers> shift_;
  Numbers log_scale_{this->params_, "log_scale", n_};
  Derived<FreeScale<T>> scales_{this->derived_, n_};
};

}  // namespace nflows
