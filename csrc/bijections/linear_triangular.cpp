// Triangular linear map with a positive diagonal.
//
//   z = diag(exp(alpha)) (I + S) x + b        log|det| = sum_j alpha_j
//
// S is strictly lower triangular or, for the upper map, strictly upper: then S^T is stored, so that the triangle is
// a UnitLower or the transpose of one. alpha is bounded by 12 as in free_scale.h: the map cannot become singular.
//
// Parameters: shift b (D,), log_scale a (D,), triangle S or S^T (D, D) strictly lower.
#include "bijections/bijection.h"
#include "bijections/free_scale.h"
#include "linalg/triangular.h"
#include "simd/panel_sums.h"

namespace nflows {
namespace {

template <class T>
class LinearTriangular final : public Bijection<T> {
 public:
  LinearTriangular(const Spec& spec, Index n_features, Index)
      : n_(n_features), lower_(spec.flag("lower")), factor_(n_features) {}

  Index n_params() const override { return 2 * n_ + factor_.n_params(); }
  Index n_kept() const override { return n_; }  // (I + S) x
  Index n_scratch() const override { return n_ + kGradientScratch; }
  std::vector<Block> blocks() const override {
    return {{"shift", 0, n_, false},
            {"log_scale", n_, n_, false},
            {"triangle", 2 * n_, factor_.n_params(), false}};
  }

  void start(T* params, Rng&) const override { std::fill_n(params, n_params(), T(0)); }

  void forward(Panels<const T> x, Panels<T> z, Panels<double> log_det, const Pass<T>& pass) const override {
    const Panels<T> t = pass.kept;
    apply(lower_, pass, x, t);
    for (Index j = 0; j < n_; ++j) scale(pass, j).inverse(t.feature(j), pass.params[j], z.feature(j), log_det);
  }

  void backward(Panels<const T> x, Panels<const T>, Panels<const T> dz, Panels<T> dx, const Pass<T>& pass,
                const Gradients<T>& grads) const override {
    const Panels<T> t = pass.kept, dt = pass.scratch;
    for (Index j = 0; j < n_; ++j)
      scale(pass, j).inverse_backward(t.feature(j), dz.feature(j), grads.dlog_det, dt.feature(j), grads.dparams + j,
                                      grads.dparams + n_ + j);
    add_gradient(dt, x, pass, grads);
    apply(!lower_, pass, dt, dx);
  }

  void inverse(Panels<const T> z, Panels<T> x, Panels<double> log_det, const Pass<T>& pass) const override {
    const Panels<T> t = pass.kept;
    for (Index j = 0; j < n_; ++j) scale(pass, j).forward(z.feature(j), pass.params[j], t.feature(j), log_det);
    copy_features<T>(t, x, n_);
    solve(lower_, pass, x);
  }

  // The solve (I + S) x = t has the adjoints dt = (I + S)^-T dx and dS = -dt x^T.
  void inverse_backward(Panels<const T>, Panels<const T> x, Panels<const T> dx, Panels<T> dz,
                        const Pass<T>& pass, const Gradients<T>& grads) const override {
    const Panels<T> t = pass.kept, minus_dt = pass.scratch;
    copy_features<T>(dx, dz, n_);
    solve(!lower_, pass, dz);
    negate_features<T>(dz, minus_dt, n_);
    add_gradient(minus_dt, x, pass, grads);
    for (Index j = 0; j < n_; ++j)
      scale(pass, j).backward(t.feature(j), dz.feature(j), grads.dlog_det, dz.feature(j), grads.dparams + j,
                              grads.dparams + n_ + j);
  }

 private:
  // The diagonal multiplies by exp(alpha): FreeScale's inverse direction.
  FreeScale<T> scale(const Pass<T>& pass, Index j) const { return FreeScale<T>(pass.params[n_ + j]); }

  // I + S, or its transpose: the stored triangle as it is where that is lower.
  void apply(bool lower, const Pass<T>& pass, Panels<const T> x, Panels<T> y) const {
    const T* triangle = pass.params + 2 * n_;
    lower ? factor_.apply(triangle, x, y) : factor_.apply_transposed(triangle, x, y);
  }
  void solve(bool lower, const Pass<T>& pass, Panels<T> x) const {
    const T* triangle = pass.params + 2 * n_;
    lower ? factor_.solve(triangle, x) : factor_.solve_transposed(triangle, x);
  }

  // Of t = (I + S) x: dS += dt x^T, d(S^T) += x dt^T.
  void add_gradient(Panels<const T> dt, Panels<const T> x, const Pass<T>& pass,
                    const Gradients<T>& grads) const {
    const Panels<T> scratch = pass.scratch.feature(n_);
    factor_.gradient(lower_ ? dt : x, lower_ ? x : dt, scratch, grads.dparams + 2 * n_);
  }

  Index n_;
  bool lower_;
  UnitLower<T> factor_;
};

}  // namespace

void register_linear_triangular() { register_bijection<LinearTriangular>("linear_triangular"); }

}  // namespace nflows
