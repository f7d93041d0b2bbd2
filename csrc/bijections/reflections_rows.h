// A Householder reflection's functions of a row, and its derived values (reflections.h has the formulas).
#pragma once

#include "core/once.h"
#include "simd/each.h"

namespace nflows {

// u and 1 / |v| of one vector.
template <class T>
struct DeriveReflection {
  Index n;
  NFLOWS_FN void operator()(const T* v, T* unit, T* per_length) const {
    constexpr double kShortest = 1e-30;
    double squares = 0.0;
    for (Index j = 0; j < n; ++j) squares += static_cast<double>(v[j]) * v[j];
    const T scale = squares < kShortest * kShortest ? T(0) : static_cast<T>(1.0 / sqrt(squares));
    *per_length = scale;
    for (Index j = 0; j < n; ++j) unit[j] = v[j] * scale;
  }
};

// u.x of a row.
struct Along {
  Index n;
  template <class T, class X>
  NFLOWS_FN auto of(const T* u, X x) const {
    using R = typename X::Number;
    R total(T(0));
    for (Index j = 0; j < n; ++j) total = fma(R(u[j]), x[j], total);
    return total;
  }
  template <class T, class X, class Y>
  NFLOWS_FN void operator()(const T* u, X x, Y along) const {
    along.set(0, of(u, x));
  }
};

struct Reflect {
  Index n;
  template <class T, class X>
  NFLOWS_FN void operator()(const T* u, X x) const {
    const auto twice = Along{n}.of(u, x) * T(2);
    for (Index j = 0; j < n; ++j) x.set(j, x[j] - twice * u[j]);
  }
};

// A feature of the value and of its adjoint, both in place, given c and b.
struct ReflectBackward {
  template <class T, class C, class Y, class D, class DV>
  NFLOWS_FN void operator()(T u, T per_length, C along, Y y, D dy, DV&& dv) const {
    const T twice = 2 * u;
    const auto c = along[0], b = along[1], value = y[0], adjoint = dy[0];
    dv.add(c * adjoint - b * value);
    dv.times(2 * per_length);
    y.set(0, value - c * twice);
    dy.set(0, adjoint - b * twice);
  }
};

}  // namespace nflows
