#include "linalg/moments.h"

namespace nflows {

template <class T>
Moments moments(Panels<const T> x, Index n, const double* weights) {
  Moments m{std::vector<double>(n, 0.0), std::vector<double>(n * n, 0.0)};
  double total = 0.0;
  for (Index p = 0; p < x.count; ++p)
    for (int l = 0; l < kLanes; ++l) {
      const double w = weights[p * kLanes + l];
      total += w;
      for (Index i = 0; i < n; ++i) m.mean[i] += w * static_cast<double>(x.lanes(p, i)[l]);
    }
  for (double& mean : m.mean) mean /= total;

  std::vector<double> centred(n);
  for (Index p = 0; p < x.count; ++p)
    for (int l = 0; l < kLanes; ++l) {
      const double w = weights[p * kLanes + l] / total;
      if (w == 0.0) continue;
      for (Index i = 0; i < n; ++i) centred[i] = static_cast<double>(x.lanes(p, i)[l]) - m.mean[i];
      for (Index i = 0; i < n; ++i)
        for (Index j = 0; j <= i; ++j) m.covariance[i * n + j] += w * centred[i] * centred[j];
    }
  for (Index i = 0; i < n; ++i)
    for (Index j = 0; j < i; ++j) m.covariance[j * n + i] = m.covariance[i * n + j];
  return m;
}

template Moments moments<float>(Panels<const float>, Index, const double*);
template Moments moments<double>(Panels<const double>, Index, const double*);

}  // namespace nflows
