// Pointwise maps: fixed increasing functions of one number, z_j = f(x_j), without parameters to learn.
//
// A map is a class template over T, made from (spec, feature, n_features), with
//
//   static constexpr Image<T> image;            // the values f takes
//   template <class R> R value(R x) const;      // f(x)
//   template <class R> R inverse(R z) const;    // f^-1(z), z inside the image
//   template <class R> R log_slope(R x) const;  // l(x) = log f'(x)
//   template <class R> R curvature(R x) const;  // dl/dx = f''(x) / f'(x)
//
// written over R as transformers are. Slopes are exp(l), and l falls to minus a large number where f levels off:
// forward, a row far out has a finite, hopeless log-density.
//
// Backwards f^-1 is only defined inside the image, (0, inf) for exp and softplus, (0, 1) for sigmoid. The rule outside
// it, one for all maps: f^-1 is taken at the nearest number that the image holds, without a gradient, and the log-det
// is -inf, for no row of data comes from there. The ends themselves, 0 and 1, are what tiny and nearly-1 values round
// to: they count as the numbers next to them, and their log-det is finite.
#pragma once

#include <limits>
#include <vector>

#include "bijections/bijection.h"
#include "simd/math.h"
#include "simd/rows.h"

namespace nflows {

// The open interval (low, high), and the first and last numbers inside it at which inverses are taken.
template <class T>
struct Image {
  T low, high, first, last;
};
template <class T>
inline constexpr T kInfinity = std::numeric_limits<T>::infinity();
template <class T>
inline constexpr Image<T> kWholeLine{-kInfinity<T>, kInfinity<T>, std::numeric_limits<T>::lowest(),
                                     std::numeric_limits<T>::max()};
template <class T>
inline constexpr Image<T> kPositive{0, kInfinity<T>, std::numeric_limits<T>::min(),
                                    std::numeric_limits<T>::max()};
template <class T>
inline constexpr Image<T> kUnitInterval{0, 1, std::numeric_limits<T>::min(),
                                        1 - std::numeric_limits<T>::epsilon() / 2};

template <class T, class Map>
class Pointwise final : public Bijection<T> {
  using R = Rows<T>;

 public:
  Pointwise(const Spec& spec, Index n_features, Index) {
    for (Index j = 0; j < n_features; ++j) maps_.emplace_back(spec, j, n_features);
  }

  void forward(Panels<const T> x, Panels<T> z, Panels<double> log_det, const Pass<T>&) const override {
    for_numbers(x, [=](Map map, Index p, Index j) {
      const R at = R::load(x.lanes(p, j));
      map.value(at).store(z.lanes(p, j));
      accumulate(log_det.lanes(p, 0), map.log_slope(at));
    });
  }

  void backward(Panels<const T> x, Panels<const T>, Panels<const T> dz, Panels<T> dx, const Pass<T>&,
                const Gradients<T>& grads) const override {
    const Panels<const T> dlog_det = grads.dlog_det;
    for_numbers(x, [=](Map map, Index p, Index j) {
      const R at = R::load(x.lanes(p, j)), bend = map.curvature(at) * R::load(dlog_det.lanes(p, 0));
      fma(R::load(dz.lanes(p, j)), exp(map.log_slope(at)), bend).store(dx.lanes(p, j));
    });
  }

  void inverse(Panels<const T> z, Panels<T> x, Panels<double> log_det, const Pass<T>&) const override {
    for_numbers(z, [=](Map map, Index p, Index j) {
      const R at = R::load(z.lanes(p, j)), value = map.inverse(inside(at));
      value.store(x.lanes(p, j));
      const auto outside = (at < Map::image.low) | (at > Map::image.high);
      accumulate(log_det.lanes(p, 0), select(outside, R(-kInfinity<T>), -map.log_slope(value)));
    });
  }

  void inverse_backward(Panels<const T> z, Panels<const T> x, Panels<const T> dx, Panels<T> dz,
                        const Pass<T>&, const Gradients<T>& grads) const override {
    const Panels<const T> dlog_det = grads.dlog_det;
    for_numbers(z, [=](Map map, Index p, Index j) {
      const R at = R::load(z.lanes(p, j)), value = R::load(x.lanes(p, j));
      const R bend = map.curvature(value) * R::load(dlog_det.lanes(p, 0));
      const R adjoint = (R::load(dx.lanes(p, j)) - bend) * exp(-map.log_slope(value));
      select(inside(at) == at, adjoint, R(T(0))).store(dz.lanes(p, j));
    });
  }

 private:
  static R inside(R z) { return max(R(Map::image.first), min(R(Map::image.last), z)); }

  template <class Use>
  void for_numbers(Panels<const T> x, Use use) const {
    for (Index p = 0; p < x.count; ++p)
      for (Index j = 0; j < static_cast<Index>(maps_.size()); ++j) use(maps_[j], p, j);
  }

  std::vector<Map> maps_;  // one per feature
};

// Enters a map's bijection, for float and double.
template <template <class> class Map>
struct PointwiseOf {
  template <class T>
  using Layer = Pointwise<T, Map<T>>;
};
template <template <class> class Map>
void register_map(const std::string& name) {
  register_bijection<PointwiseOf<Map>::template Layer>(name);
}

}  // namespace nflows
