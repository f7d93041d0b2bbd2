#include "linalg/gaussian_fit.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include "linalg/moments.h"
#include "linalg/triangular.h"

namespace nflows {
namespace {

// Of a direction, as a share of its column's variance: what is left of it in a T is no rounding.
template <class T>
constexpr double kVarianceFloor = sizeof(T) == sizeof(float) ? 1e-7 : 1e-9;
constexpr double kLeastVariance = 1e-6;  // of a column

// Fewer rows than this say nothing of correlations: any two agree on all of them.
constexpr double kFewestRows = 3.0;

// Fewer rows than this for each feature cannot say whether less shrinkage than Ledoit and Wolf's would do.
constexpr double kRowsPerFeature = 5.0;

// How many rows the weights come to: (sum w)^2 / sum w^2.
double count_rows(Index n_panels, const double* weights) {
  double total = 0.0, squares = 0.0;
  for (Index i = 0; i < n_panels * kLanes; ++i) total += weights[i], squares += weights[i] * weights[i];
  return total * total / squares;
}

// Ledoit and Wolf's rho for the correlations R: beta / delta, where delta is the squared distance of R from I and beta
// what chance alone makes of it,
//
//   delta = |R|^2 - n,   beta = (E |y|^4 - |R|^2) / rows,   y the standardised row, |.| the Frobenius norm.
template <class T>
double ledoit_wolf(Panels<const T> x, const Moments& m, const double* weights, double rows) {
  const Index n = std::ssize(m.mean);
  double total = 0.0, fourth = 0.0, norm = 0.0;
  for (Index p = 0; p < x.count; ++p)
    for (int l = 0; l < kLanes; ++l) {
      const double w = weights[p * kLanes + l];
      if (w == 0.0) continue;
      double length = 0.0;
      for (Index i = 0; i < n; ++i) {
        const double centred = static_cast<double>(x.lanes(p, i)[l]) - m.mean[i], v = m.covariance[i * n + i];
        if (v > 0.0) length += centred * centred / v;
      }
      total += w;
      fourth += w * length * length;
    }
  for (Index i = 0; i < n; ++i)
    for (Index j = 0; j < n; ++j) {
      const double c = m.covariance[i * n + j], v = m.covariance[i * n + i] * m.covariance[j * n + j];
      if (v > 0.0) norm += c * c / v;
    }
  const double delta = norm - static_cast<double>(n);
  const double beta = (fourth / total - norm) / rows;
  return beta >= delta ? 1.0 : std::max(beta, 0.0) / delta;
}

// The factor from a variance of some rows to that of a row to come around their mean.
double predictive(double rows) { return rows > 1.0 ? (rows + 1.0) / (rows - 1.0) : 1.0; }

template <class T>
GaussianFit shrunk(Moments m, double rho, double inflation = 1.0) {
  const Index n = std::ssize(m.mean);
  for (Index i = 0; i < n; ++i)
    for (Index j = 0; j < n; ++j) m.covariance[i * n + j] *= inflation * (i == j ? 1.0 : 1.0 - rho);
  for (Index i = 0; i < n; ++i) m.covariance[i * n + i] = std::max(m.covariance[i * n + i], kLeastVariance);
  GaussianFit fit{n, std::move(m.mean), cholesky(std::move(m.covariance), n, kVarianceFloor<T>), {}};
  fit.white = invert_lower(fit.factor, n);
  return fit;
}

// The negative log-likelihood of each row by the fit to all others, their weighted mean, up to a constant. Without row i,
// of which s is the share of the weight and d the deviation from the mean,
//
//   Sigma_i = (Sigma - b d d^T) / (1 - s),  b = (1 - rho) s / (1 - s),    x_i - mean_i = d / (1 - s)
//
// so that q = d^T Sigma^-1 d is all that has to be known of a row (Hoffbeck and Landgrebe 1996, "Covariance matrix
// estimation and classification with limited training data", IEEE PAMI 18). The scales s of Sigma count as known.
template <class T>
double leave_one_out(const GaussianFit& fit, double rho, Panels<const T> x, const double* weights) {
  const Index n = fit.n;
  double total = 0.0, loss = 0.0, log_scales = 0.0;
  for (Index i = 0; i < n; ++i) log_scales += std::log(fit.scale(i));
  for (Index i = 0; i < x.count * kLanes; ++i) total += weights[i];
  std::vector<double> d(n * kLanes);
  for (Index p = 0; p < x.count; ++p) {
    for (Index i = 0; i < n; ++i)
      for (int l = 0; l < kLanes; ++l)
        d[i * kLanes + l] = static_cast<double>(x.lanes(p, i)[l]) - fit.mean[i];
    double q[kLanes] = {};
    for (Index i = 0; i < n; ++i) {
      double u[kLanes] = {};
      for (Index j = 0; j <= i; ++j)
        for (int l = 0; l < kLanes; ++l) u[l] += fit.white[i * n + j] * d[j * kLanes + l];
      for (int l = 0; l < kLanes; ++l) q[l] += u[l] * u[l];
    }
    for (int l = 0; l < kLanes; ++l) {
      const double s = weights[p * kLanes + l] / total, rest = 1.0 - s;
      if (s == 0.0 || rest <= 0.0) continue;
      const double left = 1.0 - (1.0 - rho) * s / rest * q[l];  // |Sigma_i| over |Sigma|, but for 1 - s
      if (left <= 0.0) return std::numeric_limits<double>::infinity();
      loss += s * 0.5 * (q[l] / (rest * left) + std::log(left) - static_cast<double>(n) * std::log(rest));
    }
  }
  return loss + log_scales;
}

}  // namespace

template <class T>
GaussianFit fit_gaussian(Panels<const T> x, Index n, const double* weights) {
  const Moments m = moments(x, n, weights);
  const double rows = count_rows(x.count, weights), inflation = predictive(rows);
  if (n == 1 || rows < kFewestRows) return shrunk<T>(m, 1.0, inflation);
  const double least = ledoit_wolf(x, m, weights, rows);
  std::vector<double> candidates = {least, 0.5 * least, 0.5 * (1.0 + least), 1.0};
  if (rows >= kRowsPerFeature * static_cast<double>(n))
    candidates.insert(candidates.end(), {0.1 * least, 0.0});
  std::vector<double> losses;
  for (const double rho : candidates) losses.push_back(leave_one_out(shrunk<T>(m, rho), rho, x, weights));
  const double lowest = *std::min_element(losses.begin(), losses.end());
  if (std::isinf(lowest)) return shrunk<T>(m, least, inflation);
  double total = 0.0, sum = 0.0;
  for (size_t k = 0; k < candidates.size(); ++k) {
    const double likelihood = std::exp(rows * (lowest - losses[k]));
    total += likelihood;
    sum += likelihood * candidates[k];
  }
  return shrunk<T>(m, sum / total, inflation);
}

template GaussianFit fit_gaussian(Panels<const float>, Index, const double*);
template GaussianFit fit_gaussian(Panels<const double>, Index, const double*);

}  // namespace nflows
