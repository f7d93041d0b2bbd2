// Weighted mean and covariance of data rows in panels, in double: what data-dependent starts are made of.
#pragma once

#include <vector>

#include "core/panel.h"

namespace nflows {

struct Moments {
  std::vector<double> mean;        // (n,)
  std::vector<double> covariance;  // (n, n) row-major, divided by the sum of weights
};

// `weights` holds one number per lane, zero for lanes beyond the data.
template <class T>
Moments moments(Panels<const T> x, Index n_features, const double* weights);

}  // namespace nflows
