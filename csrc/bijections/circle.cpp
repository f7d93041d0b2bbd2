#include "bijections/circle.h"

#include "bijections/feature.h"

namespace nflows {

std::vector<bool> circular_features(const Spec& spec, Index n_features) {
  std::vector<bool> circular(n_features, false);
  for (const Index j : spec.integers("circular")) {
    check(j >= 0 && j < n_features, spec.name, ": circular feature ", j, " is not one of ", n_features);
    circular[j] = true;
  }
  return circular;
}

std::vector<Index> first_rows(const std::vector<Index>& features, const std::vector<bool>& circular,
                              Index on_line, Index on_circle) {
  std::vector<Index> first{0};
  for (const Index j : features) first.push_back(first.back() + (circular[j] ? on_circle : on_line));
  return first;
}

template <class T>
void Angle<T>::forward(CircularSpline f, Panels<const T> x, Panels<const T> p, Panels<T> z,
                       Panels<double> log_det) {
  Feature<CircularSpline, T>::forward(f, x, p, z, log_det);
}

template <class T>
void Angle<T>::inverse(CircularSpline f, Panels<const T> z, Panels<const T> p, Panels<T> x,
                       Panels<double> log_det) {
  Feature<CircularSpline, T>::inverse(f, z, p, x, log_det);
}

template <class T>
void Angle<T>::backward(CircularSpline f, Panels<const T> x, Panels<const T> p, Panels<const T> dz,
                        Panels<const T> dlog_det, Panels<T> dx, Panels<T> dp) {
  Feature<CircularSpline, T>::backward(f, x, p, dz, dlog_det, dx, dp);
}

template <class T>
void Angle<T>::inverse_backward(CircularSpline f, Panels<const T> x, Panels<const T> p, Panels<const T> dx,
                                Panels<const T> dlog_det, Panels<T> dz, Panels<T> dp) {
  Feature<CircularSpline, T>::inverse_backward(f, x, p, dx, dlog_det, dz, dp);
}

template struct Angle<float>;
template struct Angle<double>;

}  // namespace nflows
