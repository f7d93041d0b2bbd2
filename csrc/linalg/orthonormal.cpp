#include "linalg/orthonormal.h"

#include <algorithm>

#include "simd/lane.h"

namespace nflows {

// normal = v / |v|; returns 1 / |v|, or zero for both where |v| is next to nothing.
template <class T>
T OrthonormalColumns<T>::unit(const T* v, T* normal) const {
  double square = 0.0;
  for (Index i = 0; i < n_; ++i) square += static_cast<double>(v[i]) * v[i];
  const double per_length = square < 1e-60 ? 0.0 : 1.0 / sqrt(square);
  for (Index i = 0; i < n_; ++i) normal[i] = static_cast<T>(v[i] * per_length);
  return static_cast<T>(per_length);
}

// along = normal^T matrix
template <class T>
void OrthonormalColumns<T>::project(const T* normal, const T* matrix, T* along) const {
  std::fill_n(along, m_, T(0));
  for (Index i = 0; i < n_; ++i)
    for (Index j = 0; j < m_; ++j) along[j] += normal[i] * matrix[i * m_ + j];
}

// matrix <- H matrix
template <class T>
void OrthonormalColumns<T>::reflect(const T* normal, const T* along, T* matrix) const {
  for (Index i = 0; i < n_; ++i)
    for (Index j = 0; j < m_; ++j) matrix[i * m_ + j] -= 2 * normal[i] * along[j];
}

template <class T>
void OrthonormalColumns<T>::columns(const T* v, T* scratch, T* q) const {
  T *normal = scratch, *along = normal + n_;
  std::fill_n(q, n_ * m_, T(0));
  for (Index j = 0; j < m_; ++j) q[j * m_ + j] = T(1);
  for (Index k = m_ - 1; k >= 0; --k) {
    unit(v + k * n_, normal);
    project(normal, q, along);
    reflect(normal, along, q);
  }
}

// Factor by factor from the left: with P = H_{k+1} ... E and dL/d(H_k P) = G,
//
//   dL/dP = H_k G      dL/dn = -2 (G P^T + P G^T) n      dL/dv = (I - n n^T) dL/dn / |v|
//
// A reflection is its own inverse: P is H_k times what it was for k - 1, at first Q.
template <class T>
void OrthonormalColumns<T>::gradient(const T* v, const T* q, T* g, T* scratch, T* dv) const {
  T *p = scratch, *normal = p + n_ * m_, *dnormal = normal + n_, *p_along = dnormal + n_,
    *g_along = p_along + m_;
  std::copy_n(q, n_ * m_, p);
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

template class OrthonormalColumns<float>;
template class OrthonormalColumns<double>;

}  // namespace nflows
