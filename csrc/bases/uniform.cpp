// Uniform on a box: log p(z) = -sum_j log(high_j - low_j) within, -inf outside; the gradient is zero.
//
// The bounds are the spec's and are no parameters. They belong to the box.
#include <cmath>
#include <utility>

#include "bases/independent.h"
#include "simd/math.h"

namespace nflows {
namespace {

template <class T>
struct UniformFamily {
  static constexpr std::array<const char*, 0> names = {};

  UniformFamily(const Spec& spec, Index n_features) : low(spec.reals("low")), high(spec.reals("high")) {
    for (const auto& [field, bounds] : {std::pair{"low", &low}, std::pair{"high", &high}})
      check(static_cast<Index>(bounds->size()) == n_features, spec.name, ": ", field, " has ", bounds->size(),
            " entries for ", n_features, " features");
    for (Index j = 0; j < n_features; ++j)
      check(std::isfinite(low[j]) && std::isfinite(high[j]) && T(low[j]) < T(high[j]), spec.name,
            ": low must be below high, finite and in the flow's precision; feature ", j, " has ", low[j],
            " and ", high[j]);
  }

  struct Member {
    using R = Rows<T>;
    T low, high;
    double normaliser;

    NFLOWS_FN R log_prob(R z) const {
      const R zero = z - z;  // or NaN
      return select((z < low) | (z > high), R(-LogConstants<T>::kInfinity), zero);
    }
    NFLOWS_FN R backward(R z, R g, R*) const { return (z - z) * g; }
  };

  void start(T*) const {}
  Member member(Index j, const T*) const {
    const T from = static_cast<T>(low[j]), to = static_cast<T>(high[j]);  // of the box as T has it
    return {from, to, -std::log(static_cast<double>(to) - static_cast<double>(from))};
  }

  std::vector<double> low, high;
};

template <class T>
using Uniform = Independent<T, UniformFamily>;

}  // namespace

void register_uniform() { register_base<Uniform>("uniform"); }

}  // namespace nflows
