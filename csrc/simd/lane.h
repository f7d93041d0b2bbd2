// The vocabulary of one lane: what pointwise formulas may say about a plain float or double.
//
// rows.h says the same words about sixteen lanes at a time. A formula written with them, as a template over
// R, is SIMD code for R = Rows<T> and the body of one CUDA thread for R = T. Nothing here or in math.h may
// need the standard library's maths: on a device there is none to call.
#pragma once

#include <cstdint>

// NFLOWS_FN: a formula, always a part of its caller. NFLOWS_PART: a piece of one that is long enough to be called, and
// so is compiled once, however many formulas it is a piece of.
#if defined(__CUDACC__)
#define NFLOWS_FN __host__ __device__ inline
#define NFLOWS_PART __host__ __device__ inline
#elif defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define NFLOWS_FN inline  // instrumented and inlined, a spline would take minutes to compile
#else
#define NFLOWS_FN inline __attribute__((always_inline))
#endif
#if !defined(__CUDACC__)
#define NFLOWS_PART inline __attribute__((noinline))
#endif

namespace nflows {

// The integer as wide as T: masks, exponents and mantissas of a T live in it. An integer is its own.
template <class T>
struct IntOf {
  using type = T;
};
template <>
struct IntOf<float> {
  using type = std::int32_t;
};
template <>
struct IntOf<double> {
  using type = std::int64_t;
};
template <class T>
using Int = typename IntOf<T>::type;

// The views of an R that formulas need: its scalar, its integer twin, the type of its comparisons.
template <class R>
struct LaneTraits {
  using Scalar = R;
  using Bits = Int<R>;
  using Mask = bool;
};
template <class R>
using ScalarOf = typename LaneTraits<R>::Scalar;
template <class R>
using BitsOf = typename LaneTraits<R>::Bits;
template <class R>
using MaskOf = typename LaneTraits<R>::Mask;

// Whether the scalar is a float: constants that depend on the precision ask this.
template <class R>
inline constexpr bool kSingle = sizeof(ScalarOf<R>) == sizeof(float);

// A constant of formulas, which they name in double.
template <class R>
NFLOWS_FN R scalar(double value) {
  return R(static_cast<ScalarOf<R>>(value));
}

NFLOWS_FN float select(bool m, float a, float b) { return m ? a : b; }
NFLOWS_FN double select(bool m, double a, double b) { return m ? a : b; }

NFLOWS_FN bool any(bool m) { return m; }

// a b + c, contracted to one rounding where the machine has the instruction. Formulas must stay accurate
// without it.
NFLOWS_FN float fma(float a, float b, float c) { return a * b + c; }
NFLOWS_FN double fma(double a, double b, double c) { return a * b + c; }

NFLOWS_FN float sqrt(float a) { return __builtin_sqrtf(a); }
NFLOWS_FN double sqrt(double a) { return __builtin_sqrt(a); }

// The bits of a number and back.
NFLOWS_FN std::int32_t to_bits(float a) {
  std::int32_t b;
  __builtin_memcpy(&b, &a, sizeof b);
  return b;
}
NFLOWS_FN std::int64_t to_bits(double a) {
  std::int64_t b;
  __builtin_memcpy(&b, &a, sizeof b);
  return b;
}
NFLOWS_FN float from_bits(std::int32_t b) {
  float a;
  __builtin_memcpy(&a, &b, sizeof a);
  return a;
}
NFLOWS_FN double from_bits(std::int64_t b) {
  double a;
  __builtin_memcpy(&a, &b, sizeof a);
  return a;
}

// Conversion by value, of |a| below 2^31 (float) or 2^51 (double).
NFLOWS_FN float to_real(std::int32_t a) { return static_cast<float>(a); }
NFLOWS_FN double to_real(std::int64_t a) { return static_cast<double>(a); }

// Doubles, whatever R is, and back.
NFLOWS_FN double widened(float a) { return a; }
NFLOWS_FN double widened(double a) { return a; }
template <class R>
NFLOWS_FN R narrowed(double a) {
  return static_cast<R>(a);
}

// ---- Written once for a lane and for rows of them

// min and max return the second argument when the first is NaN, and a NaN second argument always.
template <class R>
NFLOWS_FN R min(R a, R b) {
  return select(a < b, a, b);
}
template <class R>
NFLOWS_FN R max(R a, R b) {
  return select(a > b, a, b);
}

template <class R>
NFLOWS_FN R abs(R a) {
  using I = Int<ScalarOf<R>>;
  constexpr I kMagnitude = static_cast<I>(~(std::uint64_t{1} << (8 * sizeof(I) - 1)));
  return from_bits(to_bits(a) & BitsOf<R>(kMagnitude));
}

// |a| with the sign of s.
template <class R>
NFLOWS_FN R copysign(R a, R s) {
  using I = Int<ScalarOf<R>>;
  constexpr I kSign = static_cast<I>(std::uint64_t{1} << (8 * sizeof(I) - 1));
  return from_bits((to_bits(a) & BitsOf<R>(static_cast<I>(~kSign))) | (to_bits(s) & BitsOf<R>(kSign)));
}

}  // namespace nflows
