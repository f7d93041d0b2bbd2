// Pointwise maps: fixed increasing functions of one number, z_j = f(x_j), without parameters to learn. All of them: exp,
// softplus, sigmoid, leaky ReLU, a given affine map.
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

#include "core/spec.h"
#include "simd/each.h"
#include "simd/math.h"

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

// z = exp(x), held just beyond the largest value that a sequence passes on (bijections/sequence.cpp).
template <class T>
struct Exp {
  static constexpr Image<T> image = kPositive<T>;
  static constexpr T kFar = kSingle<T> ? T(35) : T(231);
  Exp() = default;
  Exp(const Spec&, Index, Index) {}

  template <class R>
  NFLOWS_FN R value(R x) const {
    return exp(min(R(kFar), x));
  }
  template <class R>
  NFLOWS_FN R inverse(R z) const {
    return log(z);
  }
  template <class R>
  NFLOWS_FN R log_slope(R x) const {
    return min(R(kFar), x);
  }
  template <class R>
  NFLOWS_FN R curvature(R) const {
    return R(1);
  }
};

// z = log(1 + exp(x)); f' = sigmoid(x), and z + log(1 - exp(-z)) is its inverse without overflow.
template <class T>
struct Softplus {
  static constexpr Image<T> image = kPositive<T>;
  Softplus() = default;
  Softplus(const Spec&, Index, Index) {}

  template <class R>
  NFLOWS_FN R value(R x) const {
    return softplus(x);
  }
  template <class R>
  NFLOWS_FN R inverse(R z) const {
    return z + log(-expm1(-z));
  }
  template <class R>
  NFLOWS_FN R log_slope(R x) const {
    return -softplus(-x);
  }
  template <class R>
  NFLOWS_FN R curvature(R x) const {
    return sigmoid(-x);
  }
};

// z = 1 / (1 + exp(-x)); f' = z (1 - z), log f' = -|x| - 2 log(1 + exp(-|x|)).
template <class T>
struct Sigmoid {
  static constexpr Image<T> image = kUnitInterval<T>;
  Sigmoid() = default;
  Sigmoid(const Spec&, Index, Index) {}

  template <class R>
  NFLOWS_FN R value(R x) const {
    return sigmoid(x);
  }
  template <class R>
  NFLOWS_FN R inverse(R z) const {
    return log(z) - log1p(-z);
  }
  template <class R>
  NFLOWS_FN R log_slope(R x) const {
    const R a = abs(x);
    return -fma(softplus(-a), R(2), a);
  }
  template <class R>
  NFLOWS_FN R curvature(R x) const {
    return -tanh(x * R(T(0.5)));
  }
};

// z = x above zero, a x below.
template <class T>
struct LeakyRelu {
  static constexpr Image<T> image = kWholeLine<T>;
  T slope, log_slope_below;
  LeakyRelu() = default;
  LeakyRelu(const Spec& spec, Index, Index)
      : slope(static_cast<T>(spec.real("negative_slope"))), log_slope_below(log(slope)) {
    check(slope >= T(1e-6) && slope <= T(1e6), spec.name, ": negative_slope must be from 1e-6 to 1e6, got ",
          spec.real("negative_slope"));
  }

  template <class R>
  NFLOWS_FN R value(R x) const {
    return select(x > R(0), x, x * slope);
  }
  template <class R>
  NFLOWS_FN R inverse(R z) const {
    return select(z > R(0), z, z / slope);
  }
  template <class R>
  NFLOWS_FN R log_slope(R x) const {
    return select(x > R(0), R(0), R(log_slope_below));
  }
  template <class R>
  NFLOWS_FN R curvature(R) const {
    return R(0);
  }
};

// z = (x - loc) / scale, each feature with its own.
template <class T>
struct FixedAffine {
  static constexpr Image<T> image = kWholeLine<T>;
  T loc, scale, log_scale;
  FixedAffine() = default;
  FixedAffine(const Spec& spec, Index feature, Index n_features)
      : loc(at(spec, "loc", feature, n_features)),
        scale(at(spec, "scale", feature, n_features)),
        log_scale(log(scale)) {
    check(abs(loc) <= T(1e30), spec.name, ": loc must be between -1e30 and 1e30, got ", loc);
    check(scale >= T(1e-30) && scale <= T(1e30), spec.name, ": scale must be from 1e-30 to 1e30, got ",
          scale);
  }

  template <class R>
  NFLOWS_FN R value(R x) const {
    return (x - loc) / scale;
  }
  template <class R>
  NFLOWS_FN R inverse(R z) const {
    return fma(z, R(scale), R(loc));
  }
  template <class R>
  NFLOWS_FN R log_slope(R) const {
    return R(-log_scale);
  }
  template <class R>
  NFLOWS_FN R curvature(R) const {
    return R(0);
  }

 private:
  static T at(const Spec& spec, const char* field, Index feature, Index n_features) {
    const std::vector<double>& values = spec.reals(field);
    check(static_cast<Index>(values.size()) == n_features, spec.name, ": ", field, " has ", values.size(),
          " entries for ", n_features, " features");
    return static_cast<T>(values[feature]);
  }
};

// The passes of a map, row by row.
struct PointwiseForward {
  template <class Map, class X, class Z, class L>
  NFLOWS_FN void operator()(Map map, X x, Z z, L log_det) const {
    const auto at = x[0];
    z.set(0, map.value(at));
    log_det.add(map.log_slope(at));
  }
};

struct PointwiseBackward {
  template <class Map, class X, class D, class L, class DX>
  NFLOWS_FN void operator()(Map map, X x, D dz, L dlog_det, DX dx) const {
    const auto at = x[0], bend = map.curvature(at) * dlog_det[0];
    dx.set(0, fma(dz[0], exp(map.log_slope(at)), bend));
  }
};

template <class Map, class R>
NFLOWS_FN R inside_image(R z) {
  constexpr auto image = Map::image;
  return max(R(image.first), min(R(image.last), z));
}

struct PointwiseInverse {
  template <class Map, class Z, class X, class L>
  NFLOWS_FN void operator()(Map map, Z z, X x, L log_det) const {
    using R = typename Z::Number;
    constexpr auto image = Map::image;
    const R at = z[0], value = map.inverse(inside_image<Map>(at));
    x.set(0, value);
    const auto outside = (at < image.low) | (at > image.high);
    log_det.add(select(outside, R(-kInfinity<ScalarOf<R>>), -map.log_slope(value)));
  }
};

struct PointwiseInverseBackward {
  template <class Map, class Z, class X, class D, class L, class DZ>
  NFLOWS_FN void operator()(Map map, Z z, X x, D dx, L dlog_det, DZ dz) const {
    using R = typename Z::Number;
    const R at = z[0], value = x[0];
    const R bend = map.curvature(value) * dlog_det[0];
    const R adjoint = (dx[0] - bend) * exp(-map.log_slope(value));
    dz.set(0, select(inside_image<Map>(at) == at, adjoint, R(0)));
  }
};

}  // namespace nflows
