// Matrices with orthonormal columns as products of Householder reflections.
//
//   Q = H_0 H_1 ... H_{m-1} E,  H_k = I - 2 n_k n_k^T,  n_k = v_k / |v_k|
//
// E is the first m columns of the identity, Q is (n, m) row-major, and the free numbers are the v_k, (m, n). Every
// such Q is reached by some v, and no v leads out of them; v_k = 0 stands for H_k = I.
#pragma once

#include "core/index.h"
#include "simd/lane.h"

namespace nflows {

template <class T>
class OrthonormalColumns {
 public:
  OrthonormalColumns(Index n, Index m) : n_(n), m_(m) {}

  NFLOWS_FN Index n_columns() const { return m_; }
  Index n_scratch() const { return n_ * m_ + 2 * n_ + 2 * m_; }  // numbers

  // Writes Q.
  NFLOWS_PART void columns(const T* v, T* scratch, T* q) const {
    T *normal = scratch, *along = normal + n_;
    for (Index i = 0; i < n_ * m_; ++i) q[i] = T(0);
    for (Index j = 0; j < m_; ++j) q[j * m_ + j] = T(1);
    for (Index k = m_ - 1; k >= 0; --k) {
      unit(v + k * n_, normal);
      project(normal, q, along);
      reflect(normal, along, q);
    }
  }

  // dv += the gradient by v, given Q and its adjoint, g at first, which is overwritten. Factor by factor from the left:
  // with P = H_{k+1} ... E and dL/d(H_k P) = G,
  //
  //   dL/dP = H_k G      dL/dn = -2 (G P^T + P G^T) n      dL/dv = (I - n n^T) dL/dn / |v|
  //
  // A reflection is its own inverse: P is H_k times what it was for k - 1, at first Q.
  NFLOWS_PART void gradient(const T* v, const T* q, T* g, T* scratch, T* dv) const {
    T *p = scratch, *normal = p + n_ * m_, *dnormal = normal + n_, *p_along = dnormal + n_,
      *g_along = p_along + m_;
    for (Index i = 0; i < n_ * m_; ++i) p[i] = q[i];
    for (Index k = 0; k < m_; ++k) {
      const T per_length = unit(v + k * n_, normal);
      project(normal, p, p_along);
      reflect(normal, p_along, p);
      project(normal, p, p_along);
      project(normal, g, g_along);
      T radial = 0;
      for (Index i = 0; i < n_; ++i) {
        T total = 0;
        for (Index j = 0; j < m_; ++j) total += g[i * m_ + j] * p_along[j] + p[i * m_ + j] * g_along[j];
        dnormal[i] = -2 * total;
        radial += dnormal[i] * normal[i];
      }
      for (Index i = 0; i < n_; ++i) dv[k * n_ + i] += (dnormal[i] - radial * normal[i]) * per_length;
      reflect(normal, g_along, g);
    }
  }

 private:
  // normal = v / |v|; returns 1 / |v|, or zero for both where |v| is next to nothing.
  NFLOWS_FN T unit(const T* v, T* normal) const {
    double square = 0.0;
    for (Index i = 0; i < n_; ++i) square += static_cast<double>(v[i]) * v[i];
    const double per_length = square < 1e-60 ? 0.0 : 1.0 / sqrt(square);
    for (Index i = 0; i < n_; ++i) normal[i] = static_cast<T>(v[i] * per_length);
    return static_cast<T>(per_length);
  }

  // along = normal^T matrix
  NFLOWS_FN void project(const T* normal, const T* matrix, T* along) const {
    for (Index j = 0; j < m_; ++j) along[j] = T(0);
    for (Index i = 0; i < n_; ++i)
      for (Index j = 0; j < m_; ++j) along[j] += normal[i] * matrix[i * m_ + j];
  }

  // matrix <- H matrix
  NFLOWS_FN void reflect(const T* normal, const T* along, T* matrix) const {
    for (Index i = 0; i < n_; ++i)
      for (Index j = 0; j < m_; ++j) matrix[i * m_ + j] -= 2 * normal[i] * along[j];
  }

  Index n_, m_;
};

}  // namespace nflows
