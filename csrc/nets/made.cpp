// The masked autoencoder for distribution estimation (MADE, Germain et al. 2015) as a Net.
//
// A hidden unit of degree m sees the context, x_0 .. x_{m-1} and hidden units of degree <= m; the outputs of
// feature i see hidden units of degree <= i. Degrees are sorted, so all masks are staircases, and spread evenly
// over 1 .. D-1, as far as steps of several units allow: tiles of the products then straddle few of them. Degree 0,
// units that see the context alone, exists where there is a context.
#include <algorithm>

#include "nets/net.h"

namespace nflows {

std::vector<Index> made_degrees(Index n_units, Index n_features, bool has_context) {
  const Index lowest = has_context ? 0 : 1, n_degrees = n_features - lowest;
  Index step = 8;  // units; a divisor of every tile where each degree can have as many
  while (step > 1 && step * n_degrees > n_units) step /= 2;
  std::vector<Index> first(n_features + 1, 0);
  for (Index d = 0; d <= n_features; ++d) {
    const Index below = std::clamp<Index>(d - lowest, 0, n_degrees);  // degrees lower than d
    const Index steps = (below * n_units + step * n_degrees - 1) / (step * n_degrees);
    first[d] = std::min(steps * step, n_units);
  }
  return first;
}

Staircase mask_by_degree(const std::vector<Index>& first, const std::vector<Index>& visible, Index cols) {
  std::vector<Index> row_end;
  for (std::size_t d = 0; d + 1 < first.size(); ++d)
    row_end.insert(row_end.end(), first[d + 1] - first[d], visible[d]);
  return Staircase::steps(std::move(row_end), cols);
}

template <class T>
Net<T> made(Index n_context, const std::vector<Index>& inputs, const Hidden& hidden,
            const std::vector<Index>& outputs) {
  const Index n_features = static_cast<Index>(inputs.size()) - 1;
  // With one feature and no context no unit sees anything: the hidden layers go and the last bias stays, beside a
  // column of masked weights for each input.
  const bool constant = n_context == 0 && n_features == 1;

  // How many columns a unit of degree d sees in the layer below; at first the inputs.
  std::vector<Index> visible(n_features);
  for (Index d = 0; d < n_features; ++d) visible[d] = n_context + inputs[d];
  Index cols = n_context + inputs[n_features];

  std::vector<Staircase> masks;
  std::vector<std::vector<Index>> starts;
  for (const Index n_units : constant ? std::vector<Index>{} : hidden.units) {
    const std::vector<Index> first = made_degrees(n_units, n_features, n_context > 0);
    masks.push_back(mask_by_degree(first, visible, cols));
    for (Index d = 0; d < n_features; ++d) visible[d] = first[d + 1];
    cols = n_units;
    starts.push_back(first);
  }

  masks.push_back(mask_by_degree(outputs, visible, cols));
  starts.push_back(outputs);
  return Net<T>(std::move(masks), std::move(starts), hidden);
}

template Net<float> made<float>(Index, const std::vector<Index>&, const Hidden&, const std::vector<Index>&);
template Net<double> made<double>(Index, const std::vector<Index>&, const Hidden&, const std::vector<Index>&);

}  // namespace nflows
