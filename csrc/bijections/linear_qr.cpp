// Invertible linear map in QR form (Hoogeboom, van den Berg & Welling 2019: their 1x1 convolution, on vectors).
//
//   z = Q diag(exp(alpha)) (I + V) x + b        log|det| = sum_j alpha_j
//
// Q is a rotation, a product of Householder reflections, and R = diag(exp(alpha)) (I + V) upper triangular with
// alpha bounded by 12 as in free_scale.h: any matrix of positive determinant has this form. V is stored transposed,
// so that I + V^T is UnitLower.
//
// Parameters: shift b (D,), log_scale a (D,), upper V^T (D, D) strictly lower, vectors (K, D) of the reflections.
#include "bijections/bijection.h"
#include "bijections/free_scale.h"
#include "linalg/householder.h"
#include "linalg/triangular.h"
#include "simd/panel_sums.h"

namespace nflows {
namespace {

template <class T>
class LinearQR final : public Bijection<T> {
 public:
  LinearQR(const Spec& spec, Index n_features, Index)
      : n_(n_features), factor_(n_features), rotation_(spec, n_features) {}

  Index n_params() const override { return 2 * n_ + factor_.n_params() + rotation_.n_params(); }
  // (I + V) x and what the rotation gives: Q R x forward, Q^T (z - b) inverse.
  Index n_kept() const override { return 2 * n_; }
  Index n_scratch() const override { return 2 * n_ + kGradientScratch; }
  std::vector<Block> blocks() const override {
    return {{"shift", 0, n_, false},
            {"log_scale", n_, n_, false},
            {"upper", 2 * n_, factor_.n_params(), false},
            {"vectors", 2 * n_ + factor_.n_params(), rotation_.n_params(), false}};
  }

  void start(T* params, Rng& rng) const override {
    std::fill_n(params, 2 * n_ + factor_.n_params(), T(0));
    rotation_.start(vectors(params), rng);
  }

  void forward(Panels<const T> x, Panels<T> z, Panels<double> log_det, const Pass<T>& pass) const override {
    const Panels<T> t = pass.kept, rotated = pass.kept.feature(n_);
    factor_.apply_transposed(upper(pass.params), x, t);
    for (Index j = 0; j < n_; ++j) scale(pass, j).inverse(t.feature(j), T(0), rotated.feature(j), log_det);
    rotation_.apply(vectors(pass.params), rotated);
    copy_features<T>(rotated, z, n_);
    add_shift(pass.params, T(1), z, n_);
  }

  void backward(Panels<const T> x, Panels<const T>, Panels<const T> dz, Panels<T> dx, const Pass<T>& pass,
                const Gradients<T>& grads) const override {
    const Panels<T> t = pass.kept, u = pass.scratch, du = pass.scratch.feature(n_);
    const Panels<T> scratch = pass.scratch.feature(2 * n_);
    bias_gradient<T>(n_, dz, grads.dparams);
    copy_features<T>(pass.kept.feature(n_), u, n_);
    copy_features<T>(dz, du, n_);
    rotation_.pull(vectors(pass.params), u, du, scratch, vectors(grads.dparams));
    T unused = 0;
    for (Index j = 0; j < n_; ++j)
      scale(pass, j).inverse_backward(t.feature(j), du.feature(j), grads.dlog_det, du.feature(j), &unused,
                                      grads.dparams + n_ + j);
    // t = (I + V) x with V^T stored: d(V^T) = x dt^T.
    factor_.gradient(x, du, scratch, upper(grads.dparams));
    factor_.apply(upper(pass.params), du, dx);
  }

  void inverse(Panels<const T> z, Panels<T> x, Panels<double> log_det, const Pass<T>& pass) const override {
    const Panels<T> t = pass.kept, rotated = pass.kept.feature(n_);
    copy_features<T>(z, rotated, n_);
    add_shift(pass.params, T(-1), rotated, n_);
    rotation_.apply_transposed(vectors(pass.params), rotated);
    for (Index j = 0; j < n_; ++j) scale(pass, j).forward(rotated.feature(j), T(0), t.feature(j), log_det);
    copy_features<T>(t, x, n_);
    factor_.solve_transposed(upper(pass.params), x);
  }

  // The solve (I + V) x = t has the adjoints dt = (I + V)^-T dx and d(V^T) = -x dt^T.
  void inverse_backward(Panels<const T>, Panels<const T> x, Panels<const T> dx, Panels<T> dz,
                        const Pass<T>& pass, const Gradients<T>& grads) const override {
    const Panels<T> t = pass.kept, u = pass.scratch, minus = pass.scratch.feature(n_);
    const Panels<T> scratch = pass.scratch.feature(2 * n_);
    copy_features<T>(dx, dz, n_);
    factor_.solve(upper(pass.params), dz);
    negate_features<T>(dz, minus, n_);
    factor_.gradient(x, minus, scratch, upper(grads.dparams));

    T unused = 0;
    for (Index j = 0; j < n_; ++j)
      scale(pass, j).backward(t.feature(j), dz.feature(j), grads.dlog_det, dz.feature(j), &unused,
                              grads.dparams + n_ + j);
    copy_features<T>(pass.kept.feature(n_), u, n_);
    rotation_.pull_transposed(vectors(pass.params), u, dz, scratch, vectors(grads.dparams));
    negate_features<T>(dz, minus, n_);
    bias_gradient<T>(n_, minus, grads.dparams);
  }

 private:
  // The diagonal multiplies by exp(alpha): FreeScale's inverse direction.
  FreeScale<T> scale(const Pass<T>& pass, Index j) const { return FreeScale<T>(pass.params[n_ + j]); }
  template <class P>
  P* upper(P* params) const {
    return params + 2 * n_;
  }
  template <class P>
  P* vectors(P* params) const {
    return params + 2 * n_ + factor_.n_params();
  }

  Index n_;
  UnitLower<T> factor_;
  Householder<T> rotation_;
};

}  // namespace

void register_linear_qr() { register_bijection<LinearQR>("linear_qr"); }

}  // namespace nflows
