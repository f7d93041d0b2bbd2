// Linear Gaussian autoregressive: every feature is a linear regression on those before it, with Gaussian noise.
//
//   z = exp(-alpha) (L x - C c - b)        L unit lower triangular, c the context
//   log|det| = -sum_j alpha_j              alpha bounded by 12, see free_scale.h
//
// that is x_i | x_{<i} ~ N(b_i + (C c)_i - sum_{j<i} L_ij x_j, exp(2 alpha_i)). Any Gaussian has this form (its
// covariance's Cholesky factor), so the start from data is the Gaussian fit itself: z is white. Presets begin
// with it.
//
// Parameters: shift b (D,), log_scale a (D,), lower L - I (D, D) strict, context C (D, n_context).
#include "bijections/bijection.h"
#include "bijections/free_scale.h"
#include "linalg/moments.h"
#include "linalg/triangular.h"
#include "simd/panel_sums.h"

namespace nflows {
namespace {

// A direction whose conditional variance is below this share of its variance counts as collinear and keeps
// this share.
inline constexpr double kVarianceFloor = 1e-6;

template <class T>
class LinearGaussian final : public Bijection<T> {
 public:
  LinearGaussian(const Spec&, Index n_features, Index n_context)
      : n_(n_features), lower_(n_features), regression_(Staircase::full(n_features, n_context)) {}

  Index n_params() const override { return 2 * n_ + lower_.n_params() + regression_.size(); }
  Index n_scratch() const override { return n_ + kGradientScratch; }
  std::vector<Block> blocks() const override {
    return {{"shift", 0, n_, false},
            {"log_scale", n_, n_, false},
            {"lower", 2 * n_, lower_.n_params(), false},
            {"context", 2 * n_ + lower_.n_params(), regression_.size(), false}};
  }

  void start(T* params, Rng&) const override { std::fill_n(params, n_params(), T(0)); }

  bool starts_from_data() const override { return true; }

  // Covariance = M M^T; z = M^-1 (x - mean), and M^-1 = diag(1 / M_ii) L.
  void start_from_data(Panels<const T> x, const double* weights, T* params) const override {
    const Moments m = moments(x, n_, weights);
    const std::vector<double> factor = cholesky(m.covariance, n_, kVarianceFloor),
                              white = invert_lower(factor, n_);
    for (Index i = 0; i < n_; ++i) {
      double shift = m.mean[i];
      for (Index j = 0; j < i; ++j) {
        const double l = white[i * n_ + j] * factor[i * n_ + i];
        shift += l * m.mean[j];
        params[2 * n_ + i * n_ + j] = static_cast<T>(l);
      }
      params[i] = static_cast<T>(shift);
      params[n_ + i] = static_cast<T>(unbounded(std::log(factor[i * n_ + i]), kFreeScaleBound));
    }
  }

  void forward(Panels<const T> x, Panels<T> z, Panels<double> log_det, const Pass<T>& pass) const override {
    lower_.apply(lower(pass.params), x, z);
    forward_product<T>(regression_, context(pass.params), nullptr, pass.context, z, 0, n_, Into::kSubtract);
    for (Index i = 0; i < n_; ++i) scale(pass, i).forward(z.feature(i), pass.params[i], z.feature(i), log_det);
  }

  void backward(Panels<const T> x, Panels<const T> z, Panels<const T> dz, Panels<T> dx, const Pass<T>& pass,
                const Gradients<T>& grads) const override {
    const Panels<T> dresidual = pass.scratch, scratch = pass.scratch.feature(n_);
    for (Index i = 0; i < n_; ++i)
      scale(pass, i).backward(z.feature(i), dz.feature(i), grads.dlog_det, dresidual.feature(i), grads.dparams + i,
                              grads.dparams + n_ + i);
    lower_.apply_transposed(lower(pass.params), dresidual, dx);
    lower_.gradient(dresidual, x, scratch, lower(grads.dparams));
    pull_context(pass, grads, dresidual, scratch);
  }

  void inverse(Panels<const T> z, Panels<T> x, Panels<double> log_det, const Pass<T>& pass) const override {
    for (Index i = 0; i < n_; ++i) scale(pass, i).inverse(z.feature(i), pass.params[i], x.feature(i), log_det);
    forward_product<T>(regression_, context(pass.params), nullptr, pass.context, x, 0, n_, Into::kAdd);
    lower_.solve(lower(pass.params), x);
  }

  // L x = r: the adjoint of r is L^-T dx, and that of L is -(L^-T dx) x^T.
  void inverse_backward(Panels<const T> z, Panels<const T> x, Panels<const T> dx, Panels<T> dz,
                        const Pass<T>& pass, const Gradients<T>& grads) const override {
    const Panels<T> minus_dresidual = pass.scratch, scratch = pass.scratch.feature(n_);
    copy_features<T>(dx, dz, n_);
    lower_.solve_transposed(lower(pass.params), dz);
    negate_features<T>(dz, minus_dresidual, n_);
    lower_.gradient(minus_dresidual, x, scratch, lower(grads.dparams));
    pull_context(pass, grads, minus_dresidual, scratch);
    for (Index i = 0; i < n_; ++i)
      scale(pass, i).inverse_backward(z.feature(i), dz.feature(i), grads.dlog_det, dz.feature(i), grads.dparams + i,
                                      grads.dparams + n_ + i);
  }

 private:
  FreeScale<T> scale(const Pass<T>& pass, Index i) const { return FreeScale<T>(pass.params[n_ + i]); }
  template <class P>
  P* lower(P* params) const {
    return params + 2 * n_;
  }
  template <class P>
  P* context(P* params) const {
    return params + 2 * n_ + lower_.n_params();
  }

  // The context enters as -C c: adjoints of both, given that of the residual (minus it, for the inverse).
  void pull_context(const Pass<T>& pass, const Gradients<T>& grads, Panels<T> dresidual,
                    Panels<T> scratch) const {
    if (regression_.cols == 0) return;
    data_gradient<T>(regression_, context(pass.params), dresidual, grads.dcontext, 0, regression_.cols,
                     Into::kSubtract);
    negate_features<T>(dresidual, dresidual, n_);
    weight_gradient<T>(regression_, dresidual, pass.context, scratch, context(grads.dparams));
  }

  Index n_;
  UnitLower<T> lower_;
  Staircase regression_;
};

}  // namespace

void register_linear_gaussian() { register_bijection<LinearGaussian>("linear_gaussian"); }

}  // namespace nflows
