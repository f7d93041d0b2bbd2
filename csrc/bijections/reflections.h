// Rotations as products of Householder reflections (Tomczak & Welling 2016; Mhammedi et al. 2017).
//
//   z = Q x,   Q = H_1 H_2 ... H_K,   H_k = I - 2 u_k u_k^T,   u_k = v_k / |v_k|        log|det| = 0
//
// Q is orthogonal whatever the v_k are: its inverse is its transpose, the same reflections in the other order. K is even,
// so that Q is a rotation (det Q = 1) and may be the identity. A vector shorter than 1e-30 has no direction: its u is
// zero, and it reflects nothing.
//
// A reflection undoes itself, so backward keeps no values: it walks from y = Q x back to x. For one reflection, with
// c = u.y and b = u.dy,
//
//   x = y - 2 c u,    dx = dy - 2 b u,    dv = (2 / |v|) sum over rows of (c dy - b y)
//
// dL/du is -2 sum (u.x dy + b x), and dv its part orthogonal to u, divided by |v|. With x and u.x = -c put in, the
// part along u has gone by itself.
//
// Parameters: vectors v (K, D). Derived: u and 1 / |v|.
#pragma once

#include <cmath>

#include "bijections/bijection.h"
#include "simd/rows.h"

namespace nflows {

template <class T>
class Reflections final : public Bijection<T> {
  using R = Rows<T>;

 public:
  Reflections(const Spec& spec, Index n, Index) : Reflections(spec, n, "vectors") {}
  Reflections(const Spec& spec, Index n, const char* name)
      : n_(n), count_(spec.integer("n_reflections")), vectors_(this->params_, name, checked(spec) * n) {}

  // Random vectors, equal in pairs: Q = I, and every v_k has a gradient.
  void start(T* params, Rng& rng) const override {
    T* v = vectors_(params);
    for (Index k = 0; k < count_; k += 2, v += 2 * n_)
      for (Index j = 0; j < n_; ++j) v[j] = v[n_ + j] = static_cast<T>(rng.symmetric());
  }

  void derive(const T* params, std::byte* derived) const override {
    constexpr double kShortest = 1e-30;
    const T* v = vectors_(params);
    for (Index k = 0; k < count_; ++k, v += n_) {
      double squares = 0.0;
      for (Index j = 0; j < n_; ++j) squares += static_cast<double>(v[j]) * v[j];
      const T scale = squares < kShortest * kShortest ? T(0) : static_cast<T>(1.0 / std::sqrt(squares));
      per_length_(derived)[k] = scale;
      for (Index j = 0; j < n_; ++j) unit_(derived)[k * n_ + j] = v[j] * scale;
    }
  }

  void forward(Panels<const T> x, Panels<T> z, Panels<double>, const Pass<T>& pass) const override {
    copy_features(x, z, n_);
    for (Index k = count_ - 1; k >= 0; --k) reflect(unit_(pass.derived) + k * n_, z);
  }
  void backward(Panels<const T>, Panels<const T> z, Panels<const T> dz, Panels<T> dx, const Pass<T>& pass,
                const Gradients<T>& grads) const override {
    copy_features(z, value_(pass.scratch), n_);
    copy_features(dz, dx, n_);
    for (Index k = 0; k < count_; ++k) reflect_backward(k, dx, pass, grads);
  }
  void inverse(Panels<const T> z, Panels<T> x, Panels<double>, const Pass<T>& pass) const override {
    copy_features(z, x, n_);
    for (Index k = 0; k < count_; ++k) reflect(unit_(pass.derived) + k * n_, x);
  }
  void inverse_backward(Panels<const T>, Panels<const T> x, Panels<const T> dx, Panels<T> dz,
                        const Pass<T>& pass, const Gradients<T>& grads) const override {
    copy_features(x, value_(pass.scratch), n_);
    copy_features(dx, dz, n_);
    for (Index k = count_ - 1; k >= 0; --k) reflect_backward(k, dz, pass, grads);
  }

 private:
  Index checked(const Spec& spec) const {
    constexpr Index kMost = Index{1} << 20;
    check(count_ >= 0 && count_ <= kMost && count_ % 2 == 0, spec.name,
          ": n_reflections must be an even number from 0 to ", kMost, ", got ", count_);
    return count_;
  }

  // u.x of one panel.
  R along(const T* u, Panels<const T> x, Index panel) const {
    R total(T(0));
    for (Index j = 0; j < n_; ++j) total = fma(R(u[j]), R::load(x.lanes(panel, j)), total);
    return total;
  }

  void reflect(const T* u, Panels<T> x) const {
    for (Index p = 0; p < x.count; ++p) {
      const R twice = along(u, x, p) * T(2);
      for (Index j = 0; j < n_; ++j) (R::load(x.lanes(p, j)) - twice * u[j]).store(x.lanes(p, j));
    }
  }

  // The value and its adjoint dy, both in place.
  void reflect_backward(Index k, Panels<T> dy, const Pass<T>& pass, const Gradients<T>& grads) const {
    const T *u = unit_(pass.derived) + k * n_, per_length = per_length_(pass.derived)[k];
    T* dv = vectors_(grads.dparams) + k * n_;
    const Panels<T> y = value_(pass.scratch), value_along = along_(pass.scratch),
                    adjoint_along = value_along.feature(1);
    for (Index p = 0; p < y.count; ++p) {
      along(u, y, p).store(value_along.lanes(p, 0));
      along(u, dy, p).store(adjoint_along.lanes(p, 0));
    }
    for (Index j = 0; j < n_; ++j) {
      const T twice = 2 * u[j];
      R total(T(0));
      for (Index p = 0; p < y.count; ++p) {
        const R c = R::load(value_along.lanes(p, 0)), b = R::load(adjoint_along.lanes(p, 0));
        const R value = R::load(y.lanes(p, j)), adjoint = R::load(dy.lanes(p, j));
        total += c * adjoint - b * value;
        (value - c * twice).store(y.lanes(p, j));
        (adjoint - b * twice).store(dy.lanes(p, j));
      }
      dv[j] += 2 * per_length * sum(total);
    }
  }

  Index n_, count_;
  Numbers vectors_;
  Derived<T> unit_{this->derived_, count_ * n_}, per_length_{this->derived_, count_};
  Slots value_{this->scratch_, n_}, along_{this->scratch_, 2};
};

}  // namespace nflows
