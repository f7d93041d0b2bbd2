// Unit triangular matrices L = I + S over panels: apply, solve, transposes and the gradient of S.
//
// S is strictly lower triangular, stored whole, (n, n) row-major with zeros on and above the diagonal: a
// Staircase whose row i ends at column i. An upper triangular factor is the transpose of a stored lower one.
// log|det L| = 0: scales live in vectors of their own. Solving costs what applying costs, row by row in the
// order of dependence.
#pragma once

#include <vector>

#include "linalg/products.h"

namespace nflows {

template <class T>
class UnitLower {
 public:
  explicit UnitLower(Index n);

  Index n_params() const { return strict_.size(); }

  // y = L x, y = L^T x; y must not be x.
  void apply(const T* s, Panels<const T> x, Panels<T> y) const;
  void apply_transposed(const T* s, Panels<const T> x, Panels<T> y) const;

  // x <- L^-1 x, x <- L^-T x, in place.
  void solve(const T* s, Panels<T> x) const;
  void solve_transposed(const T* s, Panels<T> x) const;

  // ds += strict lower part of dy x^T, the gradient of y = L x; scratch as for weight_gradient.
  void gradient(Panels<const T> dy, Panels<const T> x, Panels<T> scratch, T* ds) const;

 private:
  Staircase strict_;
};

// The Cholesky factor of a symmetric (n, n) row-major matrix: a = m m^T, m lower triangular. The diagonal of a
// is positive; a pivot below `floor` times its own is raised to it: a direction without spread gets a small one instead
// of a zero.
std::vector<double> cholesky(std::vector<double> a, Index n, double floor);

// The inverse of a lower triangular (n, n) row-major matrix with a nonzero diagonal.
std::vector<double> invert_lower(const std::vector<double>& m, Index n);

}  // namespace nflows
