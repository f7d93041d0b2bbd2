#include "transformers/shown.h"

#include "simd/math.h"
#include "simd/rows.h"

namespace nflows {
namespace {

template <class T>
inline constexpr T kPerBend = T(0.1);  // 1 / c

}  // namespace

template <class T>
void ShownNumber<T>::show(Panels<const T> x, Panels<T> u) {
  using R = Rows<T>;
  for (Index p = 0; p < x.count; ++p) {
    const R value = R::load(x.lanes(p, 0));
    (value / fma(abs(value), R(kPerBend<T>), R(1))).store(u.lanes(p, 0));
  }
}

// du/dx = (1 - |u| / c)^2
template <class T>
void ShownNumber<T>::show_backward(Panels<const T> u, Panels<T> du) {
  using R = Rows<T>;
  for (Index p = 0; p < du.count; ++p) {
    const R left = R(1) - abs(R::load(u.lanes(p, 0))) * kPerBend<T>;
    (R::load(du.lanes(p, 0)) * (left * left)).store(du.lanes(p, 0));
  }
}

template <class T>
void ShownAngle<T>::show(Panels<const T> x, Panels<T> u) {
  using R = Rows<T>;
  for (Index p = 0; p < x.count; ++p) {
    const R angle = R::load(x.lanes(p, 0));
    sin(angle).store(u.lanes(p, 0));
    cos(angle).store(u.lanes(p, 1));
  }
}

template <class T>
void ShownAngle<T>::show_backward(Panels<const T> u, Panels<T> du) {
  using R = Rows<T>;
  for (Index p = 0; p < du.count; ++p) {
    const R sine = R::load(u.lanes(p, 0)), cosine = R::load(u.lanes(p, 1));
    (R::load(du.lanes(p, 0)) * cosine - R::load(du.lanes(p, 1)) * sine).store(du.lanes(p, 0));
  }
}

template struct ShownNumber<float>;
template struct ShownNumber<double>;
template struct ShownAngle<float>;
template struct ShownAngle<double>;

}  // namespace nflows
