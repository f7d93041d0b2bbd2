// Linear maps that start by standardising what they see: ActNorm column by column, LinearGaussian all columns together
// and by the context.
#include "bijections/inverse.h"
#include "bijections/linear_factors.h"
#include "bijections/sequence.h"
#include "linalg/moments.h"

namespace nflows {
namespace {

// ActNorm (Glow, Kingma & Dhariwal 2018, sec. 3.1):
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
  ActNorm(const Spec&, Index n, Index) : Inverse<T>(std::make_unique<Diagonal<T>>(n, true)), n_(n) {}

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
// covariance's Cholesky factor), so the start from data is the Gaussian fit itself: z is white. Presets begin with it.
//
// Parameters: shift b (D,), log_scale a (D,), lower L - I (D, D) strict, context C (D, n_context).
template <class T>
class LinearGaussian final : public Sequence<T> {
  // A direction whose conditional variance is below this share of its variance counts as collinear and keeps this share.
  static constexpr double kVarianceFloor = 1e-6;

 public:
  LinearGaussian(const Spec&, Index n, Index n_context)
      : Sequence<T>(factors(n, n_context), {2, 0, 1}, n), n_(n), n_context_(n_context) {}

  bool starts_from_data() const override { return true; }

  // Of (c, x) together: covariance = M M^T, whose inverse factor is diag(1 / M_ii) times a unit lower triangle; its last
  // rows are those of x, -C and L side by side.
  void start_from_data(const Sample<T>& sample, Rng&, T* params) const override {
    const Index q = n_context_, n = q + n_;
    Arena<T> room(sample.rows.count * n * kLanes);
    const Panels<T> both = dense_panels(room.data(), n, sample.rows.count);
    copy_features(sample.context, both, q);
    copy_features(sample.rows, both.feature(q), n_);
    const Moments m = moments<T>(both, n, sample.weights);
    const std::vector<double> factor = cholesky(m.covariance, n, kVarianceFloor),
                              white = invert_lower(factor, n);
    T *shift = this->params_["shift"](params), *log_scale = this->params_["log_scale"](params),
      *lower = this->params_["lower"](params), *context = this->params_["context"](params);
    for (Index i = 0; i < n_; ++i) {
      const double scale = factor[(q + i) * n + q + i], *row = &white[(q + i) * n];
      double intercept = m.mean[q + i];
      for (Index j = 0; j < q + i; ++j) {
        const double l = row[j] * scale;
        intercept += l * m.mean[j];
        if (j < q)
          context[i * q + j] = static_cast<T>(-l);
        else
          lower[i * n_ + j - q] = static_cast<T>(l);
      }
      shift[i] = static_cast<T>(intercept);
      log_scale[i] = static_cast<T>(unbounded(std::log(scale), kFreeScaleBound));
    }
  }

 private:
  static typename Sequence<T>::Factors factors(Index n, Index n_context) {
    typename Sequence<T>::Factors all;
    all.push_back(std::make_unique<Triangle<T>>(n, true, "lower"));
    all.push_back(std::make_unique<Regression<T>>(n, n_context));
    all.push_back(std::make_unique<Inverse<T>>(std::make_unique<Diagonal<T>>(n, true)));
    return all;
  }

  Index n_, n_context_;
};

}  // namespace

void register_standardising() {
  register_bijection<ActNorm>("actnorm");
  register_bijection<LinearGaussian>("linear_gaussian");
}

}  // namespace nflows
