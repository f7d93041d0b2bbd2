// Invertible linear map in LU form (Glow, Kingma & Dhariwal 2018, sec. 3.2: their 1x1 convolution, on vectors).
//
//   z = P L diag(exp(alpha)) (I + V) x + b        log|det| = sum_j alpha_j
//
// P is a fixed permutation, (P v)_j = v_{order[j]}, L unit lower and V strictly upper triangular, alpha bounded
// by 12 as in free_scale.h: the map cannot become singular. The paper's U is diag(exp(alpha)) (I + V); written
// so, both factors are UnitLower, with V stored transposed.
//
// Parameters: shift b (D,), log_scale a (D,), lower L - I (D, D) strict, upper V^T (D, D) strictly lower.
#include "bijections/bijection.h"
#include "bijections/free_scale.h"
#include "bijections/order.h"
#include "linalg/triangular.h"
#include "simd/panel_sums.h"

namespace nflows {
namespace {

template <class T>
class LinearLU final : public Bijection<T> {
 public:
  LinearLU(const Spec& spec, Index n_features, Index)
      : n_(n_features), order_(spec, n_features), factor_(n_features) {}

  Index n_params() const override { return 2 * n_ + 2 * factor_.n_params(); }
  Index n_kept() const override { return 2 * n_; }  // (I + V) x and diag(s) (I + V) x
  Index n_scratch() const override { return 2 * n_ + kGradientScratch; }
  std::vector<Block> blocks() const override {
    return {{"shift", 0, n_, false},
            {"log_scale", n_, n_, false},
            {"lower", 2 * n_, factor_.n_params(), false},
            {"upper", 2 * n_ + factor_.n_params(), factor_.n_params(), false}};
  }

  void start(T* params, Rng&) const override { std::fill_n(params, n_params(), T(0)); }

  void forward(Panels<const T> x, Panels<T> z, Panels<double> log_det, const Pass<T>& pass) const override {
    const Panels<T> t = pass.kept, u = pass.kept.feature(n_), v = pass.scratch;
    factor_.apply_transposed(upper(pass.params), x, t);
    for (Index j = 0; j < n_; ++j) scale(pass, j).inverse(t.feature(j), T(0), u.feature(j), log_det);
    factor_.apply(lower(pass.params), u, v);
    order_.gather<T>(v, z);
    add_shift(pass.params, T(1), z, n_);
  }

  void backward(Panels<const T> x, Panels<const T>, Panels<const T> dz, Panels<T> dx, const Pass<T>& pass,
                const Gradients<T>& grads) const override {
    const Panels<T> t = pass.kept, u = pass.kept.feature(n_);
    const Panels<T> dv = pass.scratch, du = pass.scratch.feature(n_), scratch = pass.scratch.feature(2 * n_);
    bias_gradient<T>(n_, dz, grads.dparams);
    order_.scatter<T>(dz, dv);
    factor_.gradient(dv, u, scratch, lower(grads.dparams));
    factor_.apply_transposed(lower(pass.params), dv, du);
    T unused = 0;
    for (Index j = 0; j < n_; ++j)
      scale(pass, j).inverse_backward(t.feature(j), du.feature(j), grads.dlog_det, dv.feature(j), &unused,
                                      grads.dparams + n_ + j);
    // t = (I + V) x with V^T stored: d(V^T) = x dt^T.
    factor_.gradient(x, dv, scratch, upper(grads.dparams));
    factor_.apply(upper(pass.params), dv, dx);
  }

  void inverse(Panels<const T> z, Panels<T> x, Panels<double> log_det, const Pass<T>& pass) const override {
    const Panels<T> t = pass.kept, u = pass.kept.feature(n_), shifted = pass.scratch;
    copy_features<T>(z, shifted, n_);
    add_shift(pass.params, T(-1), shifted, n_);
    order_.scatter<T>(shifted, u);
    factor_.solve(lower(pass.params), u);
    for (Index j = 0; j < n_; ++j) scale(pass, j).forward(u.feature(j), T(0), t.feature(j), log_det);
    copy_features<T>(t, x, n_);
    factor_.solve_transposed(upper(pass.params), x);
  }

  // Each solve A x = y has the adjoints dy = A^-T dx and dA = -dy x^T.
  void inverse_backward(Panels<const T>, Panels<const T> x, Panels<const T> dx, Panels<T> dz,
                        const Pass<T>& pass, const Gradients<T>& grads) const override {
    const Panels<T> t = pass.kept, u = pass.kept.feature(n_);
    const Panels<T> dt = pass.scratch, minus = pass.scratch.feature(n_), scratch = pass.scratch.feature(2 * n_);
    copy_features<T>(dx, dt, n_);
    factor_.solve(upper(pass.params), dt);
    negate_features<T>(dt, minus, n_);
    factor_.gradient(x, minus, scratch, upper(grads.dparams));

    T unused = 0;
    for (Index j = 0; j < n_; ++j)
      scale(pass, j).backward(t.feature(j), dt.feature(j), grads.dlog_det, dt.feature(j), &unused,
                              grads.dparams + n_ + j);
    factor_.solve_transposed(lower(pass.params), dt);
    negate_features<T>(dt, minus, n_);
    factor_.gradient(minus, u, scratch, lower(grads.dparams));

    order_.gather<T>(dt, dz);
    order_.gather<T>(minus, dt);
    bias_gradient<T>(n_, dt, grads.dparams);
  }

 private:
  // The diagonal multiplies by exp(alpha): FreeScale's inverse direction.
  FreeScale<T> scale(const Pass<T>& pass, Index j) const { return FreeScale<T>(pass.params[n_ + j]); }
  template <class P>
  P* lower(P* params) const {
    return params + 2 * n_;
  }
  template <class P>
  P* upper(P* params) const {
    return params + 2 * n_ + factor_.n_params();
  }

  Index n_;
  Order order_;
  UnitLower<T> factor_;
};

}  // namespace

void register_linear_lu() { register_bijection<LinearLU>("linear_lu"); }

}  // namespace nflows
