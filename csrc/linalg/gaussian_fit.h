// A Gaussian fitted to data rows: the mean, and a covariance that is positive definite however few the rows are.
//
//   Sigma = (r + 1) / (r - 1) diag(s) ((1 - rho) R + rho I) diag(s)
//
// with the weighted standard deviations s and correlations R of r rows, (sum w)^2 / sum w^2 of them where they have
// weights. Shrinking correlations leaves columns their own units. The factor makes variances those of a row to come:
// the unbiased variance, and that of the mean. The shrinkage rho is a mean of several: what Ledoit and Wolf (2004, "A
// well-conditioned estimator for large-dimensional covariance matrices", J. Multivariate Anal. 88) estimate for R, a
// half and a tenth of it, 0, which is maximum likelihood, 1, independent columns, and what is halfway there. Each
// counts by the likelihood of every row by the fit to all others, as models do in Bayes' rule: where columns nearly
// depend on each other, the least shrinkage is too much, and the squared distance that Ledoit and Wolf minimise is
// blind to it; and the best of some on a handful of rows is chance. Of fewer than five rows for each column, 0 and the
// tenth are not tried; of fewer than three rows, columns are independent.
#pragma once

#include <vector>

#include "core/panel.h"

namespace nflows {

struct GaussianFit {
  Index n;
  std::vector<double> mean;    // (n,)
  std::vector<double> factor;  // M, (n, n) row-major, lower triangular: Sigma = M M^T
  std::vector<double> white;   // M^-1

  // M^-1 = diag(1 / scale) L with L unit lower triangular: each column regressed on those before it.
  double scale(Index i) const { return factor[i * n + i]; }
  double lower(Index i, Index j) const { return white[i * n + j] * factor[i * n + i]; }
};

// `weights` holds one number per lane, zero for lanes beyond the data. A direction whose conditional variance is below
// 1e-7 (float) or 1e-9 (double) of its column's counts as collinear and keeps this share; a column's own is at least
// 1e-6.
template <class T>
GaussianFit fit_gaussian(Panels<const T> x, Index n_features, const double* weights);

}  // namespace nflows
