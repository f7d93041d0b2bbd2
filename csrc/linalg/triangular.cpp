#include "linalg/triangular.h"

#include <algorithm>
#include <cmath>

#include "core/copy.h"

namespace nflows {
namespace {

Staircase strictly_lower(Index n) {
  std::vector<Index> row_end(n);
  for (Index i = 0; i < n; ++i) row_end[i] = i;
  return Staircase::steps(std::move(row_end), n);
}

}  // namespace

template <class T>
UnitLower<T>::UnitLower(Index n) : strict_(strictly_lower(n)) {}

template <class T>
void UnitLower<T>::apply(const T* s, Panels<const T> x, Panels<T> y) const {
  copy_features(x, y, strict_.rows);
  forward_product(strict_, s, nullptr, x, y, 0, strict_.rows, Into::kAdd);
}

template <class T>
void UnitLower<T>::apply_transposed(const T* s, Panels<const T> x, Panels<T> y) const {
  copy_features(x, y, strict_.rows);
  data_gradient(strict_, s, x, y, 0, strict_.cols, Into::kAdd);
}

template <class T>
void UnitLower<T>::solve(const T* s, Panels<T> x) const {
  for (Index i = 1; i < strict_.rows; ++i)
    forward_product(strict_, s, nullptr, x, x, i, i + 1, Into::kSubtract);
}

template <class T>
void UnitLower<T>::solve_transposed(const T* s, Panels<T> x) const {
  for (Index i = strict_.rows - 2; i >= 0; --i) data_gradient(strict_, s, x, x, i, i + 1, Into::kSubtract);
}

template <class T>
void UnitLower<T>::gradient(Panels<const T> dy, Panels<const T> x, Panels<T> scratch, T* ds) const {
  weight_gradient(strict_, dy, x, scratch, ds);
}

template class UnitLower<float>;
template class UnitLower<double>;

std::vector<double> cholesky(std::vector<double> a, Index n, double floor) {
  for (Index j = 0; j < n; ++j) {
    const double diagonal = a[j * n + j];
    double pivot = diagonal;
    for (Index k = 0; k < j; ++k) pivot -= a[j * n + k] * a[j * n + k];
    const double root = std::sqrt(std::max(pivot, floor * diagonal));
    a[j * n + j] = root;
    for (Index i = j + 1; i < n; ++i) {
      double v = a[i * n + j];
      for (Index k = 0; k < j; ++k) v -= a[i * n + k] * a[j * n + k];
      a[i * n + j] = v / root;
      a[j * n + i] = 0.0;
    }
  }
  return a;
}

std::vector<double> invert_lower(const std::vector<double>& m, Index n) {
  std::vector<double> inverse(m.size(), 0.0);
  for (Index i = 0; i < n; ++i) {
    double* row = &inverse[i * n];
    for (Index k = 0; k < i; ++k)
      for (Index j = 0; j <= k; ++j) row[j] -= m[i * n + k] * inverse[k * n + j];
    for (Index j = 0; j < i; ++j) row[j] /= m[i * n + i];
    row[i] = 1.0 / m[i * n + i];
  }
  return inverse;
}

}  // namespace nflows
