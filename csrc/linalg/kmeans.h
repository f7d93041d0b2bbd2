// Clusters of data rows in panels, in double: what mixtures start from.
//
// Centres are seeded by k-means++ (Arthur, Vassilvitskii 2007), each at a row drawn with a probability in proportion to
// its weight and to its squared distance from the centres before it; then Lloyd's iterations.
#pragma once

#include <vector>

#include "core/panel.h"
#include "core/rng.h"

namespace nflows {

struct Clusters {
  std::vector<double> share;     // (k,)    of the weight; sums to 1
  std::vector<double> centre;    // (k, n)  row-major
  std::vector<double> variance;  // (k, n)  of every feature within the cluster
};

// `weights` holds one number per lane, zero for lanes beyond the data. Of many rows, an even selection is looked at.
template <class T>
Clusters kmeans(Panels<const T> x, Index n_features, const double* weights, Index k, Rng& rng);

}  // namespace nflows
