// Invertible linear map as its singular value decomposition (Zhang, Lei & Dhillon 2018: for weights of networks).
//
//   z = U diag(exp(alpha)) V^T x + b        log|det| = sum_j alpha_j
//
// U and V are rotations, products of Householder reflections, and alpha is bounded by 12 as in free_scale.h: the
// singular values are parameters, and so is the condition number of the map.
//
// Parameters: shift b (D,), log_scale a (D,), left (K, D) and right (K, D): the vectors of U and of V.
#include "bijections/bijection.h"
#include "bijections/free_scale.h"
#include "linalg/householder.h"
#include "linalg/products.h"
#include "simd/panel_sums.h"

namespace nflows {
namespace {

template <class T>
class LinearSVD final : public Bijection<T> {
 public:
  LinearSVD(const Spec& spec, Index n_features, Index) : n_(n_features), rotation_(spec, n_features) {}

  Index n_params() const override { return 2 * n_ + 2 * rotation_.n_params(); }
  Index n_kept() const override { return 2 * n_; }  // forward V^T x and z - b, inverse U^T (z - b)
  Index n_scratch() const override { return n_ + Householder<T>::kScratch; }
  std::vector<Block> blocks() const override {
    return {{"shift", 0, n_, false},
            {"log_scale", n_, n_, false},
            {"left", 2 * n_, rotation_.n_params(), false},
            {"right", 2 * n_ + rotation_.n_params(), rotation_.n_params(), false}};
  }

  void start(T* params, Rng& rng) const override {
    std::fill_n(params, 2 * n_, T(0));
    rotation_.start(left(params), rng);
    rotation_.start(right(params), rng);
  }

  void forward(Panels<const T> x, Panels<T> z, Panels<double> log_det, const Pass<T>& pass) const override {
    const Panels<T> t = pass.kept, y = pass.kept.feature(n_);
    copy_features<T>(x, t, n_);
    rotation_.apply_transposed(right(pass.params), t);
    for (Index j = 0; j < n_; ++j) scale(pass, j).inverse(t.feature(j), T(0), y.feature(j), log_det);
    rotation_.apply(left(pass.params), y);
    copy_features<T>(y, z, n_);
    add_shift(pass.params, T(1), z, n_);
  }

  void backward(Panels<const T>, Panels<const T>, Panels<const T> dz, Panels<T> dx, const Pass<T>& pass,
                const Gradients<T>& grads) const override {
    const Panels<T> t = pass.kept, value = pass.scratch, scratch = pass.scratch.feature(n_);
    bias_gradient<T>(n_, dz, grads.dparams);
    copy_features<T>(dz, dx, n_);
    copy_features<T>(pass.kept.feature(n_), value, n_);
    rotation_.pull(left(pass.params), value, dx, scratch, left(grads.dparams));
    T unused = 0;
    for (Index j = 0; j < n_; ++j)
      scale(pass, j).inverse_backward(t.feature(j), dx.feature(j), grads.dlog_det, dx.feature(j), &unused,
                                      grads.dparams + n_ + j);
    copy_features<T>(t, value, n_);
    rotation_.pull_transposed(right(pass.params), value, dx, scratch, right(grads.dparams));
  }

  void inverse(Panels<const T> z, Panels<T> x, Panels<double> log_det, const Pass<T>& pass) const override {
    const Panels<T> t = pass.kept;
    copy_features<T>(z, t, n_);
    add_shift(pass.params, T(-1), t, n_);
    rotation_.apply_transposed(left(pass.params), t);
    for (Index j = 0; j < n_; ++j) scale(pass, j).forward(t.feature(j), T(0), x.feature(j), log_det);
    rotation_.apply(right(pass.params), x);
  }

  void inverse_backward(Panels<const T>, Panels<const T> x, Panels<const T> dx, Panels<T> dz,
                        const Pass<T>& pass, const Gradients<T>& grads) const override {
    const Panels<T> t = pass.kept, value = pass.scratch, scratch = pass.scratch.feature(n_);
    copy_features<T>(dx, dz, n_);
    copy_features<T>(x, value, n_);
    rotation_.pull(right(pass.params), value, dz, scratch, right(grads.dparams));
    T unused = 0;
    for (Index j = 0; j < n_; ++j)  // of value = t exp(-alpha)
      scale(pass, j).backward(value.feature(j), dz.feature(j), grads.dlog_det, dz.feature(j), &unused,
                              grads.dparams + n_ + j);
    copy_features<T>(t, value, n_);
    rotation_.pull_transposed(left(pass.params), value, dz, scratch, left(grads.dparams));
    negate_features<T>(dz, value, n_);
    bias_gradient<T>(n_, value, grads.dparams);
  }

 private:
  // The diagonal multiplies by exp(alpha): FreeScale's inverse direction.
  FreeScale<T> scale(const Pass<T>& pass, Index j) const { return FreeScale<T>(pass.params[n_ + j]); }
  template <class P>
  P* left(P* params) const {
    return params + 2 * n_;
  }
  template <class P>
  P* right(P* params) const {
    return params + 2 * n_ + rotation_.n_params();
  }

  Index n_;
  Householder<T> rotation_;  // the shape of both
};

}  // namespace

void register_linear_svd() { register_bijection<LinearSVD>("linear_svd"); }

}  // namespace nflows
