// Activations of the conditioners: value and backward, as pointwise formulas.
//
// `backward(d, z, a)` is d da/dz, the adjoint of the pre-activation z from the adjoint d of the value a = value(z).
// Where it follows from a alone (kKeepsInput false), nets do not keep z for the backward pass.
#pragma once

#include <string>

#include "core/check.h"
#include "simd/math.h"

namespace nflows {

struct Relu {
  static constexpr bool kKeepsInput = false;
  template <class R>
  static NFLOWS_FN R value(R z) {
    return max(z, R(0));
  }
  template <class R>
  static NFLOWS_FN R backward(R d, R, R a) {
    return select(a > R(0), d, R(0));
  }
};

struct Tanh {
  static constexpr bool kKeepsInput = false;
  template <class R>
  static NFLOWS_FN R value(R z) {
    return tanh(z);
  }
  template <class R>
  static NFLOWS_FN R backward(R d, R, R a) {
    return d * (R(1) - a * a);
  }
};

// z sigmoid(z), Elfwing et al. 2018. Its slope does not follow from its value, which is not monotone.
struct Silu {
  static constexpr bool kKeepsInput = true;
  template <class R>
  static NFLOWS_FN R value(R z) {
    return z * sigmoid(z);
  }
  template <class R>
  static NFLOWS_FN R backward(R d, R z, R a) {
    const R s = sigmoid(z);
    return d * (s + a * (R(1) - s));
  }
};

// z for z > 0, exp(z) - 1 below, Clevert et al. 2016.
struct Elu {
  static constexpr bool kKeepsInput = false;
  template <class R>
  static NFLOWS_FN R value(R z) {
    return select(z > R(0), z, expm1(min(z, R(0))));
  }
  template <class R>
  static NFLOWS_FN R backward(R d, R, R a) {
    return select(a > R(0), d, fma(d, a, d));
  }
};

// The same as functions of a row (simd/each.h). Adjoints of values become those of pre-activations.
template <class A>
struct Activate {
  template <class Z, class Value>
  NFLOWS_FN void operator()(Z z, Value value) const {
    value.set(0, A::value(z[0]));
  }
};
template <class A>
struct ActivateBackward {
  template <class Z, class Value, class D>
  NFLOWS_FN void operator()(Z z, Value value, D adjoint) const {
    adjoint.set(0, A::backward(adjoint[0], z[0], value[0]));
  }
};

enum class Activation { kRelu, kTanh, kSilu, kElu };

inline Activation activation_from(const std::string& name) {
  if (name == "relu") return Activation::kRelu;
  if (name == "tanh") return Activation::kTanh;
  if (name == "silu") return Activation::kSilu;
  if (name == "elu") return Activation::kElu;
  fail("unknown activation '", name, "'; known: elu, relu, silu, tanh");
}

// use(A{}) for the activation's own type A: the choice is made once per layer, outside the loops.
template <class Use>
auto with_activation(Activation activation, const Use& use) {
  switch (activation) {
    case Activation::kTanh:
      return use(Tanh{});
    case Activation::kSilu:
      return use(Silu{});
    case Activation::kElu:
      return use(Elu{});
    case Activation::kRelu:
      break;
  }
  return use(Relu{});
}

}  // namespace nflows
