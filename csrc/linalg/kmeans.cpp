#include "linalg/kmeans.h"

#include <algorithm>
#include <limits>

namespace nflows {
namespace {

inline constexpr Index kMostRows = 4096;  // more of them move no centre by an amount that matters
inline constexpr int kIterations = 20;

// The rows of positive weight, row after row.
struct Data {
  Index n;
  std::vector<double> rows, weights;

  Index size() const { return static_cast<Index>(weights.size()); }

  double distance(Index row, const double* centre) const {
    double total = 0.0;
    for (Index j = 0; j < n; ++j) {
      const double d = rows[row * n + j] - centre[j];
      total += d * d;
    }
    return total;
  }
};

template <class T>
Data data_of(Panels<const T> x, Index n, const double* weights) {
  std::vector<Index> lanes;
  for (Index i = 0; i < x.count * kLanes; ++i)
    if (weights[i] > 0.0) lanes.push_back(i);
  const Index size = std::min<Index>(kMostRows, lanes.size());
  Data data{n, {}, {}};
  for (Index r = 0; r < size; ++r) {
    const Index i = lanes[r * lanes.size() / size];
    for (Index j = 0; j < n; ++j)
      data.rows.push_back(static_cast<double>(x.lanes(i / kLanes, j)[i % kLanes]));
    data.weights.push_back(weights[i]);
  }
  return data;
}

// A row with a probability in proportion to `mass`.
Index draw(const std::vector<double>& mass, Rng& rng) {
  double total = 0.0;
  for (const double m : mass) total += m;
  double left = 0.5 * (rng.symmetric() + 1.0) * total;
  for (Index r = 0; r < static_cast<Index>(mass.size()); ++r)
    if ((left -= mass[r]) < 0.0) return r;
  return static_cast<Index>(mass.size()) - 1;
}

std::vector<double> seeds(const Data& data, Index k, Rng& rng) {
  std::vector<double> centres, mass = data.weights,
                               nearest(data.size(), std::numeric_limits<double>::infinity());
  for (Index c = 0; c < k; ++c) {
    const Index chosen = draw(mass, rng);
    const double* row = data.rows.data() + chosen * data.n;
    centres.insert(centres.end(), row, row + data.n);
    double total = 0.0;
    for (Index r = 0; r < data.size(); ++r) {
      nearest[r] = std::min(nearest[r], data.distance(r, centres.data() + c * data.n));
      mass[r] = data.weights[r] * nearest[r];
      total += mass[r];
    }
    if (total == 0.0) mass = data.weights;  // fewer different rows than centres
  }
  return centres;
}

Index nearest_centre(const Data& data, Index row, const std::vector<double>& centres, Index k) {
  Index best = 0;
  double least = std::numeric_limits<double>::infinity();
  for (Index c = 0; c < k; ++c) {
    const double d = data.distance(row, centres.data() + c * data.n);
    if (d < least) {
      least = d;
      best = c;
    }
  }
  return best;
}

}  // namespace

template <class T>
Clusters kmeans(Panels<const T> x, Index n, const double* weights, Index k, Rng& rng) {
  const Data data = data_of(x, n, weights);
  Clusters found{{}, seeds(data, k, rng), {}};
  std::vector<Index> cluster(data.size(), -1);
  for (int iteration = 0; iteration < kIterations; ++iteration) {
    bool moved = false;
    std::vector<double> weight(k, 0.0), mean(k * n, 0.0);
    for (Index r = 0; r < data.size(); ++r) {
      const Index c = nearest_centre(data, r, found.centre, k);
      moved |= c != cluster[r];
      cluster[r] = c;
      weight[c] += data.weights[r];
      for (Index j = 0; j < n; ++j) mean[c * n + j] += data.weights[r] * data.rows[r * n + j];
    }
    for (Index c = 0; c < k; ++c)  // a centre without rows stays where it is
      for (Index j = 0; j < n && weight[c] > 0.0; ++j) found.centre[c * n + j] = mean[c * n + j] / weight[c];
    if (!moved) break;
  }

  double total = 0.0;
  found.share.assign(k, 0.0);
  found.variance.assign(k * n, 0.0);
  for (Index r = 0; r < data.size(); ++r) {
    const Index c = cluster[r];
    total += data.weights[r];
    found.share[c] += data.weights[r];
    for (Index j = 0; j < n; ++j) {
      const double d = data.rows[r * n + j] - found.centre[c * n + j];
      found.variance[c * n + j] += data.weights[r] * d * d;
    }
  }
  for (Index c = 0; c < k; ++c) {
    for (Index j = 0; j < n && found.share[c] > 0.0; ++j) found.variance[c * n + j] /= found.share[c];
    found.share[c] /= total;
  }
  return found;
}

template Clusters kmeans<float>(Panels<const float>, Index, const double*, Index, Rng&);
template Clusters kmeans<double>(Panels<const double>, Index, const double*, Index, Rng&);

}  // namespace nflows
