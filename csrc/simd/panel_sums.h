// Sums, shifts, negatives and fillings of n neighbouring features of a tile.
#pragma once

#include "core/copy.h"
#include "simd/each.h"

namespace nflows {

struct Add {
  template <class From, class To>
  NFLOWS_FN void operator()(From from, To to) const {
    to.set(0, to[0] + from[0]);
  }
};
template <class T>
void add_features(Read<T> from, Panels<T> to, Index n) {
  each(n, Add{}, In<T>(from), Out(to));
}

// Adds sign shift_j to feature j.
struct AddShift {
  int sign;
  template <class T, class To>
  NFLOWS_FN void operator()(T shift, To to) const {
    to.set(0, to[0] + static_cast<T>(sign) * shift);
  }
};
template <class T>
void add_shift(const T* shift, int sign, Panels<T> x, Index n) {
  each(n, AddShift{sign}, Given(shift), Out(x));
}

struct Negate {
  template <class From, class To>
  NFLOWS_FN void operator()(From from, To to) const {
    to.set(0, -from[0]);
  }
};
template <class T>
void negate_features(Read<T> from, Panels<T> to, Index n) {
  each(n, Negate{}, In<T>(from), Out(to));
}

// A number for all rows.
struct Put {
  template <class T, class To>
  NFLOWS_FN void operator()(T value, To to) const {
    to.set(0, typename To::Number(value));
  }
};

}  // namespace nflows
