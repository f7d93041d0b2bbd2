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

#include "bijections/bijection.h"
#include "bijections/reflections_rows.h"
#include "core/copy.h"

namespace nflows {

template <class T>
class Reflections final : public Bijection<T> {
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
    once(count_, DeriveReflection<T>{n_}, Table(vectors_(params), n_, n_), Made(unit_(derived), n_, n_),
         Made(per_length_(derived), 1, 1));
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

  void reflect(const T* u, Panels<T> x) const { each(1, Reflect{n_}, Table(u, n_), Out(x, 1, n_)); }

  void reflect_backward(Index k, Panels<T> dy, const Pass<T>& pass, const Gradients<T>& grads) const {
    const T* u = unit_(pass.derived) + k * n_;
    const Panels<T> y = value_(pass.scratch), along = along_(pass.scratch);
    each(1, Along{n_}, Table(u, n_), In(y, 1, n_), Out(along));
    each(1, Along{n_}, Table(u, n_), In(dy, 1, n_), Out(along.feature(1)));
    each(n_, ReflectBackward{}, Given(u), Given(per_length_(pass.derived) + k, 0), In(along, 0, 2), Out(y),
         Out(dy), Sum(vectors_(grads.dparams) + k * n_));
  }

  Index n_, count_;
  Numbers vectors_;
  Derived<T> unit_{this->derived_, count_ * n_}, per_length_{this->derived_, count_};
  Slots value_{this->scratch_, n_}, along_{this->scratch_, 2};
};

}  // namespace nflows
