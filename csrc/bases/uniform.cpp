// Uniform on a box: log p(z) = -sum_j log(high_j - low_j) within, -inf outside; the gradient is zero.
//
// The bounds are the spec's and are no parameters. They belong to the box.
#include <cmath>
#include <utility>

#include "bases/independent.h"
#include "bases/uniform_member.h"

namespace nflows {
namespace {

template <class T>
struct UniformFamily {
  static constexpr std::array<const char*, 0> names = {};

  UniformFamily(const Spec& spec, Index n_features) {
    const std::vector<double>&low = spec.reals("low"), &high = spec.reals("high");
    for (const auto& [field, bounds] : {std::pair{"low", &low}, std::pair{"high", &high}})
      check(static_cast<Index>(bounds->size()) == n_features, spec.name, ": ", field, " has ", bounds->size(),
            " entries for ", n_features, " features");
    for (Index j = 0; j < n_features; ++j) {
      check(std::isfinite(low[j]) && std::isfinite(high[j]) && T(low[j]) < T(high[j]), spec.name,
            ": low must be below high, finite and in the flow's precision; feature ", j, " has ", low[j],
            " and ", high[j]);
      const T from = static_cast<T>(low[j]), to = static_cast<T>(high[j]);  // the box as T has it
      boxes.push_back({from, to, -std::log(static_cast<double>(to) - static_cast<double>(from))});
    }
  }

  void start(T*) const {}
  using Member = UniformMember<T>;
  void derive(Index n, Made<Member> members) const {
    once(n, typename Member::Derive{}, Table(boxes.data(), 1, 1), members);
  }

  std::vector<Member> boxes;  // of every feature; there is nothing to derive
};

template <class T>
using Uniform = Independent<T, UniformFamily>;

}  // namespace

void register_uniform() { register_base<Uniform>("uniform"); }

}  // namespace nflows
