// The multilayer perceptron as a Net: full rectangles, one degree.
#include "nets/net.h"

namespace nflows {

template <class T>
Net<T> mlp(Index n_inputs, const Hidden& hidden, Index n_outputs) {
  std::vector<Index> widths;
  if (n_inputs > 0) widths = hidden.units;
  widths.push_back(n_outputs);

  std::vector<Staircase> masks;
  std::vector<std::vector<Index>> starts;
  for (Index cols = n_inputs; const Index rows : widths) {
    masks.push_back(Staircase::full(rows, cols));
    starts.push_back({0, rows});
    cols = rows;
  }
  return Net<T>(std::move(masks), std::move(starts), hidden);
}

template Net<float> mlp<float>(Index, const Hidden&, Index);
template Net<double> mlp<double>(Index, const Hidden&, Index);

}  // namespace nflows
