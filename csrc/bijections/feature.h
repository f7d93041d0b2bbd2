// One feature of a tile through a transformer: the four loops that every wiring is made of.
//
// All views start at the row in question: x.from(j) for feature j, p from the first of its
// parameters on. Transformers come by value, lest their options be read again after every store.
#pragma once

#include "core/panel.h"
#include "simd/rows.h"
#include "transformers/transformer.h"

namespace nflows {

// The parameters of one panel's feature, and their adjoints.
template <class T>
struct ParamRows {
  const T* first;
  NFLOWS_FN Rows<T> operator[](int i) const { return Rows<T>::load(first + i * kLanes); }
};
template <class T>
struct AdjointRows {
  T* first;
  NFLOWS_FN void set(int i, Rows<T> value) const { value.store(first + i * kLanes); }
};

template <class Tr, class T>
struct Feature {
  using R = Rows<T>;
  using Params = ParamRows<T>;
  using Adjoints = AdjointRows<T>;

  static void forward(Tr f, Panels<const T> x, Panels<const T> p, Panels<T> z, Panels<double> log_det) {
    for (Index i = 0; i < x.count; ++i) {
      const auto [value, log_slope] = f.forward(R::load(x.row(i, 0)), Params{p.row(i, 0)});
      value.store(z.row(i, 0));
      accumulate(log_det.row(i, 0), log_slope);
    }
  }

  static void inverse(Tr f, Panels<const T> z, Panels<const T> p, Panels<T> x, Panels<double> log_det) {
    for (Index i = 0; i < z.count; ++i) {
      const auto [value, log_slope] = f.inverse(R::load(z.row(i, 0)), Params{p.row(i, 0)});
      value.store(x.row(i, 0));
      accumulate(log_det.row(i, 0), log_slope);
    }
  }

  // dx = d(loss)/dx and dp of z = f(x; p).
  static void backward(Tr f, Panels<const T> x, Panels<const T> p, Panels<const T> dz,
                       Panels<const T> dlog_det, Panels<T> dx, Panels<T> dp) {
    for (Index i = 0; i < x.count; ++i)
      f.backward(R::load(x.row(i, 0)), Params{p.row(i, 0)}, R::load(dz.row(i, 0)),
                 R::load(dlog_det.row(i, 0)), Adjoints{dp.row(i, 0)})
          .store(dx.row(i, 0));
  }

  // dz = d(loss)/dz and dp of x = f^-1(z; p), at the solution x.
  static void inverse_backward(Tr f, Panels<const T> x, Panels<const T> p, Panels<const T> dx,
                               Panels<const T> dlog_det, Panels<T> dz, Panels<T> dp) {
    for (Index i = 0; i < x.count; ++i)
      pull_inverse(f, R::load(x.row(i, 0)), Params{p.row(i, 0)}, R::load(dx.row(i, 0)),
                   R::load(dlog_det.row(i, 0)), Adjoints{dp.row(i, 0)})
          .store(dz.row(i, 0));
  }
};

}  // namespace nflows
