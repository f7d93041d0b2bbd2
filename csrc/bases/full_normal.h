// The full normal's own functions (full_normal.cpp has the formulas).
#pragma once

#include "bases/normal.h"

namespace nflows {

// A feature of u: its location is zero.
template <class T>
struct ScaleDerive {
  NFLOWS_FN void operator()(const T* a, NormalFeature<T>* made) const { *made = {T(0), *a}; }
};

struct Centre {
  template <class T, class Z, class C>
  NFLOWS_FN void operator()(T loc, Z z, C centred) const {
    centred.set(0, z[0] - loc);
  }
};

// dloc = -sum dz
struct SubtractSum {
  template <class DZ, class D>
  NFLOWS_FN void operator()(DZ dz, D&& dloc) const {
    dloc.add(dz[0]);
    dloc.times(-1);
  }
};

}  // namespace nflows
