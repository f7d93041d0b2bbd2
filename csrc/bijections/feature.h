// One feature of a tile through a transformer: the four loops that every wiring is made of.
//
// All views start at the row in question: x.from(j) for feature j, p.from(i * n_params) for the i-th set of
// parameters.
#pragma once

#include "core/panel.h"
#include "simd/rows.h"
#include "transformers/transformer.h"

namespace nflows {

template <class Tr, class T>
struct Feature {
  using R = Rows<T>;
  static constexpr int k = Tr::n_params;

  struct Params {
    R at[k];
    Params(Panels<const T> p, Index panel) {
      for (int i = 0; i < k; ++i) at[i] = R::load(p.row(panel, i));
    }
  };

  static void forward(Panels<const T> x, Panels<const T> p, Panels<T> z, Panels<double> log_det) {
    for (Index i = 0; i < x.count; ++i) {
      const auto [value, log_slope] = Tr::forward(R::load(x.row(i, 0)), Params(p, i).at);
      value.store(z.row(i, 0));
      accumulate(log_det.row(i, 0), log_slope);
    }
  }

  static void inverse(Panels<const T> z, Panels<const T> p, Panels<T> x, Panels<double> log_det) {
    for (Index i = 0; i < z.count; ++i) {
      const auto [value, log_slope] = Tr::inverse(R::load(z.row(i, 0)), Params(p, i).at);
      value.store(x.row(i, 0));
      accumulate(log_det.row(i, 0), log_slope);
    }
  }

  // dx = d(loss)/dx and dp of z = f(x; p).
  static void backward(Panels<const T> x, Panels<const T> p, Panels<const T> dz, Panels<const T> dlog_det,
                       Panels<T> dx, Panels<T> dp) {
    for (Index i = 0; i < x.count; ++i)
      put(Tr::backward(R::load(x.row(i, 0)), Params(p, i).at, R::load(dz.row(i, 0)),
                       R::load(dlog_det.row(i, 0))),
          i, dx, dp);
  }

  // dz = d(loss)/dz and dp of x = f^-1(z; p), at the solution x.
  static void inverse_backward(Panels<const T> x, Panels<const T> p, Panels<const T> dx,
                               Panels<const T> dlog_det, Panels<T> dz, Panels<T> dp) {
    for (Index i = 0; i < x.count; ++i)
      put(pull_inverse<Tr>(R::load(x.row(i, 0)), Params(p, i).at, R::load(dx.row(i, 0)),
                           R::load(dlog_det.row(i, 0))),
          i, dz, dp);
  }

 private:
  static void put(const Pulled<R, k>& pulled, Index panel, Panels<T> dx, Panels<T> dp) {
    pulled.dx.store(dx.row(panel, 0));
    for (int i = 0; i < k; ++i) pulled.dp[i].store(dp.row(panel, i));
  }
};

// Sums and negatives of n neighbouring features.
template <class T>
void add_rows(Panels<const T> from, Panels<T> to, Index n) {
  for (Index p = 0; p < from.count; ++p)
    for (Index j = 0; j < n; ++j)
      (Rows<T>::load(to.row(p, j)) + Rows<T>::load(from.row(p, j))).store(to.row(p, j));
}

template <class T>
void negate_rows(Panels<const T> from, Panels<T> to, Index n) {
  for (Index p = 0; p < from.count; ++p)
    for (Index j = 0; j < n; ++j) (-Rows<T>::load(from.row(p, j))).store(to.row(p, j));
}

}  // namespace nflows
