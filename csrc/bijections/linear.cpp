// Linear maps of all kinds, made of factors (linear_factors.h, reflections.h). Their scales exp(alpha) are bounded
// by e^12 either way, as free_scale.h says: none can become singular.
#include "bijections/inverse.h"
#include "bijections/linear_factors.h"
#include "bijections/reflections.h"
#include "bijections/sequence.h"
#include "linalg/gaussian_fit.h"
#include "linalg/moments.h"

namespace nflows {
namespace {

template <class T, class... Each>
std::vector<std::unique_ptr<Bijection<T>>> factors(Each... each) {
  std::vector<std::unique_ptr<Bijection<T>>> all;
  (all.push_back(std::move(each)), ...);
  return all;
}
template <class T>
auto shift(Index n) {
  return std::make_unique<Shift<T>>(n);
}
template <class T>
auto diagonal(Index n, bool shifted = false) {
  return std::make_unique<Diagonal<T>>(n, shifted);
}
template <class T>
auto triangle(Index n, bool lower, const char* name) {
  return std::make_unique<Triangle<T>>(n, lower, name);
}
template <class T>
auto rotation(const Spec& spec, Index n, const char* name) {
  return std::make_unique<Reflections<T>>(spec, n, name);
}

// Triangular, with a positive diagonal:
//
//   z = diag(exp(alpha)) (I + S) x + b        log|det| = sum_j alpha_j
//
// Parameters: shift b (D,), log_scale a (D,), triangle S, or S^T for the upper map, (D, D) strictly lower.
template <class T>
class LinearTriangular final : public Sequence<T> {
 public:
  LinearTriangular(const Spec& spec, Index n, Index)
      : Sequence<T>(factors<T>(triangle<T>(n, spec.flag("lower"), "triangle"), diagonal<T>(n, true)), {1, 0},
                    n) {}
};

// LU form (Glow, Kingma & Dhariwal 2018, sec. 3.2: their 1x1 convolution, on vectors):
//
//   z = P L diag(exp(alpha)) (I + V) x + b        log|det| = sum_j alpha_j
//
// P is a fixed permutation, (P v)_j = v_{order[j]}, L unit lower and V strictly upper triangular. The paper's U is
// diag(exp(alpha)) (I + V).
//
// Parameters: shift b (D,), log_scale a (D,), lower L - I (D, D) strict, upper V^T (D, D) strictly lower.
template <class T>
class LinearLU final : public Sequence<T> {
 public:
  LinearLU(const Spec& spec, Index n, Index)
      : Sequence<T>(factors<T>(triangle<T>(n, false, "upper"), diagonal<T>(n), triangle<T>(n, true, "lower"),
                               std::make_unique<Order<T>>(spec, n), shift<T>(n)),
                    {4, 1, 2, 0, 3}, n) {}
};

// QR form (Hoogeboom, van den Berg & Welling 2019: their 1x1 convolution, on vectors):
//
//   z = Q diag(exp(alpha)) (I + V) x + b        log|det| = sum_j alpha_j
//
// Q is a rotation and R = diag(exp(alpha)) (I + V) upper triangular: any matrix of positive determinant has this form.
//
// Parameters: shift b (D,), log_scale a (D,), upper V^T (D, D) strictly lower, vectors (K, D) of the reflections.
template <class T>
class LinearQR final : public Sequence<T> {
 public:
  LinearQR(const Spec& spec, Index n, Index)
      : Sequence<T>(factors<T>(triangle<T>(n, false, "upper"), diagonal<T>(n),
                               rotation<T>(spec, n, "vectors"), shift<T>(n)),
                    {3, 1, 0, 2}, n) {}
};

// The singular value decomposition (Zhang, Lei & Dhillon 2018: for weights of networks):
//
//   z = U diag(exp(alpha)) V^T x + b        log|det| = sum_j alpha_j
//
// U and V are rotations: the singular values are parameters, and so is the condition number of the map.
//
// Parameters: shift b (D,), log_scale a (D,), left (K, D) and right (K, D): the vectors of U and of V.
template <class T>
class LinearSVD final : public Sequence<T> {
 public:
  LinearSVD(const Spec& spec, Index n, Index)
      : Sequence<T>(factors<T>(std::make_unique<Inverse<T>>(rotation<T>(spec, n, "right")), diagonal<T>(n),
                               rotation<T>(spec, n, "left"), shift<T>(n)),
                    {3, 1, 2, 0}, n) {}
};

// ActNorm: every feature by itself, starting with what standardises it (Glow, Kingma & Dhariwal 2018, sec. 3.1):
//
//   z_j = (x_j - shift_j) exp(-alpha_j)        log|det| = -sum_j alpha_j
//
// Parameters: shift (D,), log_scale a (D,).
template <class T>
class ActNorm final : public Inverse<T> {
  // A feature that varies less than this is a degenerate direction: stretched by e^12 in one such layer after another,
  // its rounding errors would outgrow everything. It keeps its scale.
  static constexpr double kLeastVariance = 1e-6;

 public:
  ActNorm(const Spec&, Index n, Index) : Inverse<T>(diagonal<T>(n, true)), n_(n) {}

  bool starts_from_data() const override { return true; }
  void start_from_data(const Sample<T>& sample, Rng&, T* params) const override {
    const Moments m = moments(sample.rows, n_, sample.weights);
    T *shift = this->params_["shift"](params), *log_scale = this->params_["log_scale"](params);
    for (Index j = 0; j < n_; ++j) {
      const double variance = m.covariance[j * n_ + j];
      shift[j] = static_cast<T>(m.mean[j]);
      log_scale[j] = variance < kLeastVariance
                         ? T(0)
                         : static_cast<T>(unbounded(0.5 * std::log(variance), kFreeScaleBound));
    }
  }

 private:
  Index n_;
};

// Linear Gaussian autoregressive: every feature is a linear regression on the context and on the features before it,
// with Gaussian noise.
//
//   z = exp(-alpha) (L x - C c - b)        L unit lower triangular, c the context
//   log|det| = -sum_j alpha_j
//
// that is x_i | x_{<i}, c ~ N(b_i + (C c)_i - sum_{j<i} L_ij x_j, exp(2 alpha_i)). Any Gaussian has this form (its
// covariance's Cholesky factor), so the start from data is the Gaussian fit itself (linalg/gaussian_fit.h). Presets begin
// with it.
//
// Parameters: shift b (D,), log_scale a (D,), lower L - I (D, D) strict, context C (D, n_context).
template <class T>
class LinearGaussian final : public Sequence<T> {
 public:
  LinearGaussian(const Spec&, Index n, Index n_context)
      : Sequence<T>(factors<T>(triangle<T>(n, true, "lower"), std::make_unique<Regression<T>>(n, n_context),
                               std::make_unique<Inverse<T>>(diagonal<T>(n, true))),
                    {2, 0, 1}, n),
        n_(n),
        n_context_(n_context) {}

  bool starts_from_data() const override { return true; }

  // Of (c, x) together: the last rows of L are those of x, -C and L side by side.
  void start_from_data(const Sample<T>& sample, Rng&, T* params) const override {
    const Index q = n_context_, n = q + n_;
    Arena<T> room(sample.rows.count * n * kLanes);
    const Panels<T> both = dense_panels(room.data(), n, sample.rows.count);
    copy_features(sample.context, both, q);
    copy_features(sample.rows, both.feature(q), n_);
    const GaussianFit fit = fit_gaussian<T>(both, n, sample.weights);
    T *shift = this->params_["shift"](params), *log_scale = this->params_["log_scale"](params),
      *lower = this->params_["lower"](params), *context = this->params_["context"](params);
    for (Index i = 0; i < n_; ++i) {
      double intercept = fit.mean[q + i];
      for (Index j = 0; j < q + i; ++j) {
        const double l = fit.lower(q + i, j);
        intercept += l * fit.mean[j];
        if (j < q)
          context[i * q + j] = static_cast<T>(-l);
        else
          lower[i * n_ + j - q] = static_cast<T>(l);
      }
      shift[i] = static_cast<T>(intercept);
      log_scale[i] = static_cast<T>(unbounded(std::log(fit.scale(q + i)), kFreeScaleBound));
    }
  }

 private:
  Index n_, n_context_;
};

}  // namespace

void register_linear() {
  register_bijection<Inverse>("inverse");
  register_bijection<Order>("permutation");
  register_bijection<Reflections>("householder");
  register_bijection<ActNorm>("actnorm");
  register_bijection<LinearGaussian>("linear_gaussian");
  register_bijection<LinearTriangular>("linear_triangular");
  register_bijection<LinearLU>("linear_lu");
  register_bijection<LinearQR>("linear_qr");
  register_bijection<LinearSVD>("linear_svd");
}

}  // namespace nflows
