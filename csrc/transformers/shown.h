// What a net sees of a feature: a number bent to +-10, or an angle's sine and cosine (transformer.h says why).
#pragma once

#include "core/panel.h"

namespace nflows {

template <class T>
struct ShownNumber {
  static constexpr Index n_seen = 1;
  static void show(Panels<const T> x, Panels<T> u);
  static void show_backward(Panels<const T> u, Panels<T> du);
};

template <class T>
struct ShownAngle {
  static constexpr Index n_seen = 2;
  static void show(Panels<const T> x, Panels<T> u);
  static void show_backward(Panels<const T> u, Panels<T> du);
};

}  // namespace nflows
