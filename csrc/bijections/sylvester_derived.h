// What a Sylvester flow derives from its parameters, Q, R^T and the m_i, and their adjoints (sylvester.cpp has the
// formulas); and the one function of a row that it adds to its ridges.
#pragma once

#include "bijections/ridge.h"
#include "core/once.h"
#include "linalg/orthonormal.h"

namespace nflows {

// m_i, from the two parameters of a diagonal entry.
template <class T>
NFLOWS_FN Steepness sylvester_steepness(const T* inner, const T* outer, Index at) {
  return Steepness(static_cast<double>(inner[at]) * outer[at]);
}

template <class T>
struct SylvesterDerive {
  OrthonormalColumns<T> basis;
  NFLOWS_FN void operator()(const T* v, const T* inner, const T* outer, T* room, T* q, T* r,
                            Ridge<T>* ridges) const {
    const Index m = basis.n_columns();
    basis.columns(v, room, q);
    for (Index i = 0; i < m * m; ++i) r[i] = outer[i];
    for (Index i = 0; i < m; ++i) {
      const Steepness by = sylvester_steepness(inner, outer, i * m + i);
      r[i * m + i] = static_cast<T>(r[i * m + i] * by.ratio());
      ridges[i] = Ridge<T>(by);
    }
  }
};

template <class T>
struct SylvesterDeriveBasisBackward {
  OrthonormalColumns<T> basis;
  NFLOWS_FN void operator()(const T* v, const T* q, T* dq, T* room, T* dv) const {
    basis.gradient(v, q, dq, room, dv);
  }
};

template <class T>
struct SylvesterDeriveBackward {
  Index m;
  NFLOWS_FN void operator()(const T* inner, const T* outer, const T* dm, T* dr, T* dinner, T* douter) const {
    for (Index i = 0; i < m; ++i) {
      const Index at = i * m + i;
      const Steepness by = sylvester_steepness(inner, outer, at);
      const T da = static_cast<T>(by.slope() * dm[i]);  // of a, whose two factors are parameters
      dinner[at] += da * outer[at];
      douter[at] += da * inner[at];
      const double raw = outer[at], lift = by.s * (by.s + Steepness::kLowest);
      dinner[at] += static_cast<T>(raw * raw * Steepness::kLowest / lift * dr[at]);
      dr[at] = static_cast<T>(by.slope() * dr[at]);
    }
    for (Index i = 0; i < m * m; ++i) douter[i] += dr[i];
  }
};

struct AddMultiple {
  int sign;
  template <class T, class From, class To>
  NFLOWS_FN void operator()(T factor, From from, To to) const {
    using R = typename From::Number;
    to.set(0, fma(R(static_cast<T>(sign) * factor), from[0], to[0]));
  }
};

}  // namespace nflows
