// Features on a circle: angles in radians, of which x and x + 2 pi are the same.
//
// Any wiring may have some. Nets see them as sin x and cos x, and they move by a circular spline in place of the
// wiring's transformer (transformers/circular_spline.h). Then densities are periodic in them and as smooth at pi as
// anywhere.
#pragma once

#include <vector>

#include "core/panel.h"
#include "core/spec.h"
#include "transformers/circular_spline.h"

namespace nflows {

// Which of n features the spec's field `circular` names.
std::vector<bool> circular_features(const Spec& spec, Index n_features);

// The first row of each of `features`, and their number, where one takes so many rows on a line and on a circle.
std::vector<Index> first_rows(const std::vector<Index>& features, const std::vector<bool>& circular,
                              Index on_line, Index on_circle);

// The four loops of feature.h for angles, compiled once for all wirings.
template <class T>
struct Angle {
  static void forward(CircularSpline f, Panels<const T> x, Panels<const T> p, Panels<T> z,
                      Panels<double> log_det);
  static void inverse(CircularSpline f, Panels<const T> z, Panels<const T> p, Panels<T> x,
                      Panels<double> log_det);
  static void backward(CircularSpline f, Panels<const T> x, Panels<const T> p, Panels<const T> dz,
                       Panels<const T> dlog_det, Panels<T> dx, Panels<T> dp);
  static void inverse_backward(CircularSpline f, Panels<const T> x, Panels<const T> p, Panels<const T> dx,
                               Panels<const T> dlog_det, Panels<T> dz, Panels<T> dp);
};

}  // namespace nflows
