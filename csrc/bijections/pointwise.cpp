// All pointwise maps: exp, softplus, sigmoid, leaky ReLU, a given affine map. `inverse` makes log, logit and the
// inverse of softplus of them.
#include "bijections/pointwise.h"

namespace nflows {
namespace {

// z = exp(x), held just beyond the largest value that a sequence passes on (bijections/sequence.cpp).
template <class T>
struct Exp {
  static constexpr Image<T> image = kPositive<T>;
  static constexpr T kFar = kSingle<T> ? T(35) : T(231);
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

}  // namespace

void register_pointwise() {
  register_map<Exp>("exp");
  register_map<Softplus>("softplus");
  register_map<Sigmoid>("sigmoid");
  register_map<LeakyRelu>("leaky_relu");
  register_map<FixedAffine>("fixed_affine");
}

}  // namespace nflows
