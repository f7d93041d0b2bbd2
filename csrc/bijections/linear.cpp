// Linear maps of all kinds as sequences of factors (linear_factors.h, reflections.h). Their scales exp(alpha) are bounded
// by e^12 either way, as free_scale.h says: none can become singular.
#include "bijections/inverse.h"
#include "bijections/linear_factors.h"
#include "bijections/reflections.h"
#include "bijections/sequence.h"

namespace nflows {
namespace {

template <class T, class... Each>
std::vector<std::unique_ptr<Bijection<T>>> factors(Each... each) {
  std::vector<std::unique_ptr<Bijection<T>>> all;
  (all.push_back(std::move(each)), ...);
  return all;
}
template <class T>
auto shift(Index n) {
  return std::make_unique<Shift<T>>(n);
}
template <class T>
auto diagonal(Index n, bool shifted = false) {
  return std::make_unique<Diagonal<T>>(n, shifted);
}
template <class T>
auto triangle(Index n, bool lower, const char* name) {
  return std::make_unique<Triangle<T>>(n, lower, name);
}
template <class T>
auto rotation(const Spec& spec, Index n, const char* name) {
  return std::make_unique<Reflections<T>>(spec, n, name);
}

// Triangular, with a positive diagonal:
//
//   z = diag(exp(alpha)) (I + S) x + b        log|det| = sum_j alpha_j
//
// Parameters: shift b (D,), log_scale a (D,), triangle S, or S^T for the upper map, (D, D) strictly lower.
template <class T>
class LinearTriangular final : public Sequence<T> {
 public:
  LinearTriangular(const Spec& spec, Index n, Index)
      : Sequence<T>(factors<T>(triangle<T>(n, spec.flag("lower"), "triangle"), diagonal<T>(n, true)), {1, 0},
                    n) {}
};

// LU form (Glow, Kingma & Dhariwal 2018, sec. 3.2: their 1x1 convolution, on vectors):
//
//   z = P L diag(exp(alpha)) (I + V) x + b        log|det| = sum_j alpha_j
//
// P is a fixed permutation, (P v)_j = v_{order[j]}, L unit lower and V strictly upper triangular. The paper's U is
// diag(exp(alpha)) (I + V).
//
// Parameters: shift b (D,), log_scale a (D,), lower L - I (D, D) strict, upper V^T (D, D) strictly lower.
template <class T>
class LinearLU final : public Sequence<T> {
 public:
  LinearLU(const Spec& spec, Index n, Index)
      : Sequence<T>(factors<T>(triangle<T>(n, false, "upper"), diagonal<T>(n), triangle<T>(n, true, "lower"),
                               std::make_unique<Order<T>>(spec, n), shift<T>(n)),
                    {4, 1, 2, 0, 3}, n) {}
};

// QR form (Hoogeboom, van den Berg & Welling 2019: their 1x1 convolution, on vectors):
//
//   z = Q diag(exp(alpha)) (I + V) x + b        log|det| = sum_j alpha_j
//
// Q is a rotation and R = diag(exp(alpha)) (I + V) upper triangular: any matrix of positive determinant has this form.
//
// Parameters: shift b (D,), log_scale a (D,), upper V^T (D, D) strictly lower, vectors (K, D) of the reflections.
template <class T>
class LinearQR final : public Sequence<T> {
 public:
  LinearQR(const Spec& spec, Index n, Index)
      : Sequence<T>(factors<T>(triangle<T>(n, false, "upper"), diagonal<T>(n),
                               rotation<T>(spec, n, "vectors"), shift<T>(n)),
                    {3, 1, 0, 2}, n) {}
};

// The singular value decomposition (Zhang, Lei & Dhillon 2018: for weights of networks):
//
//   z = U diag(exp(alpha)) V^T x + b        log|det| = sum_j alpha_j
//
// U and V are rotations: the singular values are parameters, and so is the condition number of the map.
//
// Parameters: shift b (D,), log_scale a (D,), left (K, D) and right (K, D): the vectors of U and of V.
template <class T>
class LinearSVD final : public Sequence<T> {
 public:
  LinearSVD(const Spec& spec, Index n, Index)
      : Sequence<T>(factors<T>(std::make_unique<Inverse<T>>(rotation<T>(spec, n, "right")), diagonal<T>(n),
                               rotation<T>(spec, n, "left"), shift<T>(n)),
                    {3, 1, 2, 0}, n) {}
};

}  // namespace

void register_inverse() { register_bijection<Inverse>("inverse"); }
void register_permutation() { register_bijection<Order>("permutation"); }
void register_householder() { register_bijection<Reflections>("householder"); }
void register_linear() {
  register_bijection<LinearTriangular>("linear_triangular");
  register_bijection<LinearLU>("linear_lu");
  register_bijection<LinearQR>("linear_qr");
  register_bijection<LinearSVD>("linear_svd");
}

}  // namespace nflows
