// Matrices with orthonormal columns as products of Householder reflections.
//
//   Q = H_0 H_1 ... H_{m-1} E,  H_k = I - 2 n_k n_k^T,  n_k = v_k / |v_k|
//
// E is the first m columns of the identity, Q is (n, m) row-major, and the free numbers are the v_k, (m, n). Every
// such Q is reached by some v, and no v leads out of them; v_k = 0 stands for H_k = I.
#pragma once

#include "core/panel.h"

namespace nflows {

template <class T>
class OrthonormalColumns {
 public:
  OrthonormalColumns(Index n, Index m) : n_(n), m_(m) {}

  Index n_params() const { return n_ * m_; }
  Index n_scratch() const { return n_ * m_ + 2 * n_ + 2 * m_; }  // numbers

  // Writes Q.
  void columns(const T* v, T* scratch, T* q) const;

  // dv += the gradient by v, given Q and its adjoint dq, which is overwritten.
  void gradient(const T* v, const T* q, T* dq, T* scratch, T* dv) const;

 private:
  T unit(const T* v, T* normal) const;
  void project(const T* normal, const T* matrix, T* along) const;
  void reflect(const T* normal, const T* along, T* matrix) const;

  Index n_, m_;
};

}  // namespace nflows
