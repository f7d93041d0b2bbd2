// Products of Householder reflections over panels: apply, transpose, and the gradients of both.
//
//   Q = H_1 H_2 ... H_K        H_k = I - 2 u_k u_k^T,  u_k = v_k / |v_k|
//
// Q is orthogonal whatever the v_k are: its inverse is its transpose, the same reflections in the other order, and
// log|det Q| = 0. K is even, so that Q is a rotation (det Q = 1) and may be the identity. A vector shorter than 1e-30
// has no direction: its u is zero, and it reflects nothing.
//
// A reflection undoes itself, so a pull keeps no values: it walks from y = Q x back to x. For one reflection, with
// c = u.y and b = u.dy,
//
//   x = y - 2 c u,    dx = dy - 2 b u,    dv = (2 / |v|) sum over rows of (c dy - b y)
//
// dL/du is -2 sum (u.x dy + b x), and dv its part orthogonal to u, divided by |v|. With x and u.x = -c put in, the
// part along u has gone by itself.
//
// v is (K, n) row-major.
#pragma once

#include <cmath>

#include "core/rng.h"
#include "core/spec.h"
#include "simd/rows.h"

namespace nflows {

template <class T>
class Householder {
  using R = Rows<T>;

 public:
  Householder(const Spec& spec, Index n) : count_(spec.integer("n_reflections")), n_(n) {
    constexpr Index kMost = Index{1} << 20;
    check(count_ >= 0 && count_ <= kMost && count_ % 2 == 0, spec.name,
          ": n_reflections must be an even number from 0 to ", kMost, ", got ", count_);
  }

  Index n_params() const { return count_ * n_; }
  static constexpr Index kScratch = 2;  // panel rows that a pull overwrites

  // Random vectors, equal in pairs: Q = I, and every v_k has a gradient.
  void start(T* v, Rng& rng) const {
    for (Index k = 0; k < count_; k += 2, v += 2 * n_)
      for (Index j = 0; j < n_; ++j) v[j] = v[n_ + j] = static_cast<T>(rng.symmetric());
  }

  // x <- Q x, x <- Q^T x, in place.
  void apply(const T* v, Panels<T> x) const {
    for (Index k = count_ - 1; k >= 0; --k) reflect(v + k * n_, x);
  }
  void apply_transposed(const T* v, Panels<T> x) const {
    for (Index k = 0; k < count_; ++k) reflect(v + k * n_, x);
  }

  // Of y = Q x and of y = Q^T x: y and dy become x and dx, dv is added to.
  void pull(const T* v, Panels<T> y, Panels<T> dy, Panels<T> scratch, T* dv) const {
    for (Index k = 0; k < count_; ++k) pull_reflection(v + k * n_, y, dy, scratch, dv + k * n_);
  }
  void pull_transposed(const T* v, Panels<T> y, Panels<T> dy, Panels<T> scratch, T* dv) const {
    for (Index k = count_ - 1; k >= 0; --k) pull_reflection(v + k * n_, y, dy, scratch, dv + k * n_);
  }

 private:
  // What makes v a unit vector: 1 / |v|.
  T unit_scale(const T* v) const {
    constexpr double kShortest = 1e-30;
    double squares = 0.0;
    for (Index j = 0; j < n_; ++j) squares += static_cast<double>(v[j]) * v[j];
    return squares < kShortest * kShortest ? T(0) : static_cast<T>(1.0 / std::sqrt(squares));
  }

  // u.x of one panel.
  R along(const T* v, T unit, Panels<T> x, Index panel) const {
    R total(T(0));
    for (Index j = 0; j < n_; ++j) total = fma(R(v[j] * unit), R::load(x.lanes(panel, j)), total);
    return total;
  }

  void reflect(const T* v, Panels<T> x) const {
    const T unit = unit_scale(v);
    for (Index p = 0; p < x.count; ++p) {
      const R twice = along(v, unit, x, p) * T(2);
      for (Index j = 0; j < n_; ++j) (R::load(x.lanes(p, j)) - twice * (v[j] * unit)).store(x.lanes(p, j));
    }
  }

  void pull_reflection(const T* v, Panels<T> y, Panels<T> dy, Panels<T> scratch, T* dv) const {
    const T unit = unit_scale(v);
    for (Index p = 0; p < y.count; ++p) {
      along(v, unit, y, p).store(scratch.lanes(p, 0));
      along(v, unit, dy, p).store(scratch.lanes(p, 1));
    }
    for (Index j = 0; j < n_; ++j) {
      const T twice = 2 * (v[j] * unit);
      R total(T(0));
      for (Index p = 0; p < y.count; ++p) {
        const R c = R::load(scratch.lanes(p, 0)), b = R::load(scratch.lanes(p, 1));
        const R value = R::load(y.lanes(p, j)), adjoint = R::load(dy.lanes(p, j));
        total += c * adjoint - b * value;
        (value - c * twice).store(y.lanes(p, j));
        (adjoint - b * twice).store(dy.lanes(p, j));
      }
      dv[j] += 2 * unit * sum(total);
    }
  }

  Index count_, n_;
};

}  // namespace nflows
