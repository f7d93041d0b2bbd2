// Rows<T>: one feature of sixteen data rows.
//
// Sixteen floats are one AVX-512 register, two AVX2 registers or four SSE/NEON ones; doubles take twice as
// many. The compiler's vector extension says all of it, so this header names a register's width and no
// instruction. A Rows is held as several native vectors, not as one wide one: GCC keeps the former in
// registers and spills the latter.
#pragma once

#include <type_traits>

#include "core/panel.h"
#include "simd/lane.h"

namespace nflows {

#if defined(__AVX512F__)
inline constexpr int kRegisterBytes = 64;
#elif defined(__AVX__)
inline constexpr int kRegisterBytes = 32;
#else
inline constexpr int kRegisterBytes = 16;
#endif

template <class T>
struct NativeOf {
  typedef T type __attribute__((vector_size(kRegisterBytes)));
};
template <class T>
using Native = typename NativeOf<T>::type;
template <class T>
inline constexpr int kNativeLanes = kRegisterBytes / static_cast<int>(sizeof(T));

template <class T>
NFLOWS_FN Native<T> load_native(const T* p) {
  Native<T> v;
  __builtin_memcpy(&v, p, sizeof v);
  return v;
}
template <class T>
NFLOWS_FN void store_native(T* p, Native<T> v) {
  __builtin_memcpy(p, &v, sizeof v);
}
template <class T>
NFLOWS_FN Native<T> broadcast_native(T a) {
  return a - Native<T>{};
}

// a in its first n lanes, zero in the others.
template <class T>
NFLOWS_FN Native<T> first_lanes(Native<T> a, Index n) {
  static constexpr Int<T> kLane[kLanes] = {0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15};
  Native<Int<T>> lane;
  __builtin_memcpy(&lane, kLane, sizeof lane);
  return lane < broadcast_native(static_cast<Int<T>>(n)) ? a : Native<T>{};
}

// The statement for every part i = 0 .. count - 1, each a constant: without a loop that GCC has to unroll first, parts are
// registers from the start, and formulas compile in half the time.
#define NFLOWS_PART_AT(at, count, ...) \
  if constexpr (at < (count)) {        \
    constexpr int i = at;              \
    __VA_ARGS__;                       \
  }
#define NFLOWS_PARTS(count, ...)        \
  NFLOWS_PART_AT(0, count, __VA_ARGS__) \
  NFLOWS_PART_AT(1, count, __VA_ARGS__) \
  NFLOWS_PART_AT(2, count, __VA_ARGS__) \
  NFLOWS_PART_AT(3, count, __VA_ARGS__) \
  NFLOWS_PART_AT(4, count, __VA_ARGS__) \
  NFLOWS_PART_AT(5, count, __VA_ARGS__) \
  NFLOWS_PART_AT(6, count, __VA_ARGS__) \
  NFLOWS_PART_AT(7, count, __VA_ARGS__)

template <class T>
struct Rows {
  static constexpr int kParts = kLanes / kNativeLanes<T>;
  Native<T> part[kParts];

  Rows() = default;
  NFLOWS_FN Rows(T a) {  // NOLINT(google-explicit-constructor): formulas mix rows and constants
    NFLOWS_PARTS(kParts, part[i] = broadcast_native(a))
  }

  static NFLOWS_FN Rows load(const T* p) {
    Rows r;
    NFLOWS_PARTS(kParts, r.part[i] = load_native(p + i * kNativeLanes<T>))
    return r;
  }
  NFLOWS_FN void store(T* p) const { NFLOWS_PARTS(kParts, store_native(p + i * kNativeLanes<T>, part[i])) }
};

template <class T>
struct LaneTraits<Rows<T>> {
  using Scalar = T;
  using Bits = Rows<Int<T>>;
  using Mask = Rows<Int<T>>;  // all ones or all zeros in each lane
};

// ---- Arithmetic, comparisons and bits, part by part

#define NFLOWS_ROWS_BINARY(op)                                          \
  template <class T>                                                    \
  NFLOWS_FN Rows<T> operator op(Rows<T> a, Rows<T> b) {                 \
    Rows<T> r;                                                          \
    NFLOWS_PARTS(Rows<T>::kParts, r.part[i] = a.part[i] op b.part[i])   \
    return r;                                                           \
  }                                                                     \
  template <class T>                                                    \
  NFLOWS_FN Rows<T> operator op(Rows<T> a, std::type_identity_t<T> b) { \
    return a op Rows<T>(b);                                             \
  }                                                                     \
  template <class T>                                                    \
  NFLOWS_FN Rows<T> operator op(std::type_identity_t<T> a, Rows<T> b) { \
    return Rows<T>(a) op b;                                             \
  }
NFLOWS_ROWS_BINARY(+)
NFLOWS_ROWS_BINARY(-)
NFLOWS_ROWS_BINARY(*)
NFLOWS_ROWS_BINARY(/)
NFLOWS_ROWS_BINARY(&)
NFLOWS_ROWS_BINARY(|)
NFLOWS_ROWS_BINARY(^)
#undef NFLOWS_ROWS_BINARY

#define NFLOWS_ROWS_COMPARE(op)                                                         \
  template <class T>                                                                    \
  NFLOWS_FN MaskOf<Rows<T>> operator op(Rows<T> a, Rows<T> b) {                         \
    MaskOf<Rows<T>> r;                                                                  \
    NFLOWS_PARTS(Rows<T>::kParts, r.part[i] = (Native<Int<T>>)(a.part[i] op b.part[i])) \
    return r;                                                                           \
  }                                                                                     \
  template <class T>                                                                    \
  NFLOWS_FN MaskOf<Rows<T>> operator op(Rows<T> a, std::type_identity_t<T> b) {         \
    return a op Rows<T>(b);                                                             \
  }
NFLOWS_ROWS_COMPARE(<)
NFLOWS_ROWS_COMPARE(<=)
NFLOWS_ROWS_COMPARE(>)
NFLOWS_ROWS_COMPARE(>=)
NFLOWS_ROWS_COMPARE(==)
NFLOWS_ROWS_COMPARE(!=)
#undef NFLOWS_ROWS_COMPARE

template <class T>
NFLOWS_FN Rows<T> operator-(Rows<T> a) {
  Rows<T> r;
  NFLOWS_PARTS(Rows<T>::kParts, r.part[i] = -a.part[i])
  return r;
}
template <class T>
NFLOWS_FN Rows<T> operator~(Rows<T> a) {
  Rows<T> r;
  NFLOWS_PARTS(Rows<T>::kParts, r.part[i] = ~a.part[i])
  return r;
}
template <class T>
NFLOWS_FN Rows<T> operator<<(Rows<T> a, int n) {
  Rows<T> r;
  NFLOWS_PARTS(Rows<T>::kParts, r.part[i] = a.part[i] << n)
  return r;
}
template <class T>
NFLOWS_FN Rows<T> operator>>(Rows<T> a, int n) {  // arithmetic: the sign is kept
  Rows<T> r;
  NFLOWS_PARTS(Rows<T>::kParts, r.part[i] = a.part[i] >> n)
  return r;
}
template <class T>
NFLOWS_FN Rows<T>& operator+=(Rows<T>& a, Rows<T> b) {
  return a = a + b;
}
template <class T>
NFLOWS_FN Rows<T>& operator-=(Rows<T>& a, Rows<T> b) {
  return a = a - b;
}
template <class T>
NFLOWS_FN Rows<T>& operator*=(Rows<T>& a, Rows<T> b) {
  return a = a * b;
}

template <class T>
NFLOWS_FN Rows<T> select(Rows<Int<T>> m, Rows<T> a, Rows<T> b) {
  Rows<T> r;
  NFLOWS_PARTS(Rows<T>::kParts, r.part[i] = m.part[i] ? a.part[i] : b.part[i])
  return r;
}

// Whether a mask holds in any lane. For loops that end when no lane needs them; what a lane gets must not depend on it.
template <class I>
NFLOWS_FN bool any(Rows<I> m) {
  Native<I> all{};
  NFLOWS_PARTS(Rows<I>::kParts, all |= m.part[i])
  I found = 0;
  for (int l = 0; l < kNativeLanes<I>; ++l) found |= all[l];
  return found != 0;
}

// min and max of lane.h. GCC sees one instruction in a < b ? a : b, but not if it knows that a or b is
// constant: then it compares and blends, which costs exp a fifth of its speed. So it is not told.
template <class V>
NFLOWS_FN V untold(V v) {
#if defined(__x86_64__) && !defined(__clang__)
  asm("" : "+v"(v));
#endif
  return v;
}
template <class T>
NFLOWS_FN Rows<T> min(Rows<T> a, Rows<T> b) {
  Rows<T> r;
  NFLOWS_PARTS(Rows<T>::kParts, const Native<T> u = untold(a.part[i]), v = untold(b.part[i]);
               r.part[i] = u < v ? u : v)
  return r;
}
template <class T>
NFLOWS_FN Rows<T> max(Rows<T> a, Rows<T> b) {
  Rows<T> r;
  NFLOWS_PARTS(Rows<T>::kParts, const Native<T> u = untold(a.part[i]), v = untold(b.part[i]);
               r.part[i] = u > v ? u : v)
  return r;
}
template <class T>
NFLOWS_FN Rows<T> fma(Rows<T> a, Rows<T> b, Rows<T> c) {
  return a * b + c;
}
template <class T>
NFLOWS_FN Rows<T> sqrt(Rows<T> a) {
  Rows<T> r;
  NFLOWS_PARTS(Rows<T>::kParts,
               for (int l = 0; l < kNativeLanes<T>; ++l) r.part[i][l] = sqrt(T(a.part[i][l])))
  return r;
}

template <class T>
NFLOWS_FN Rows<Int<T>> to_bits(Rows<T> a) {
  Rows<Int<T>> r;
  NFLOWS_PARTS(Rows<T>::kParts, r.part[i] = (Native<Int<T>>)(a.part[i]))
  return r;
}
NFLOWS_FN Rows<float> from_bits(Rows<std::int32_t> a) {
  Rows<float> r;
  NFLOWS_PARTS(Rows<float>::kParts, r.part[i] = (Native<float>)(a.part[i]))
  return r;
}
NFLOWS_FN Rows<double> from_bits(Rows<std::int64_t> a) {
  Rows<double> r;
  NFLOWS_PARTS(Rows<double>::kParts, r.part[i] = (Native<double>)(a.part[i]))
  return r;
}
NFLOWS_FN Rows<float> to_real(Rows<std::int32_t> a) {
  Rows<float> r;
  NFLOWS_PARTS(Rows<float>::kParts, r.part[i] = __builtin_convertvector(a.part[i], Native<float>))
  return r;
}
// Below AVX-512 no instruction converts 64-bit integers. Adding 1.5 * 2^52 aligns the integer with the mantissa's low
// bits, which is exact for |a| < 2^51.
NFLOWS_FN Rows<double> to_real(Rows<std::int64_t> a) {
  constexpr std::int64_t kMagicBits = 0x4338000000000000;
  return from_bits(a + Rows<std::int64_t>(kMagicBits)) - 0x1.8p52;
}

// ---- Sums of rows

// The sum over the sixteen lanes, halving: the order is the same for every T and every instruction set.
template <class T>
NFLOWS_FN T sum(Rows<T> a) {
  T lane[kLanes];
  a.store(lane);
#pragma GCC unroll 4
  for (int half = kLanes / 2; half > 0; half /= 2)
    for (int l = 0; l < half; ++l) lane[l] += lane[l + half];
  return lane[0];
}

// ---- Doubles of rows, whatever T is: log-determinants are sums of many terms

template <class T>
NFLOWS_FN Rows<double> widened(Rows<T> a) {
  if constexpr (sizeof(T) == sizeof(double)) {
    return a;
  } else {
    constexpr int kHalf = kNativeLanes<T> / 2;
    typedef T HalfVector __attribute__((vector_size(kRegisterBytes / 2)));
    static_assert(kHalf == kNativeLanes<double>);
    Rows<double> r;
    NFLOWS_PARTS(Rows<double>::kParts, HalfVector half;
                 __builtin_memcpy(&half, reinterpret_cast<const char*>(&a) + i * sizeof half, sizeof half);
                 r.part[i] = __builtin_convertvector(half, Native<double>))
    return r;
  }
}

template <class R>
NFLOWS_FN R narrowed(Rows<double> a) {
  using T = ScalarOf<R>;
  if constexpr (sizeof(T) == sizeof(double)) {
    return a;
  } else {
    typedef T HalfVector __attribute__((vector_size(kRegisterBytes / 2)));
    R r;
    NFLOWS_PARTS(Rows<double>::kParts, const HalfVector half = __builtin_convertvector(a.part[i], HalfVector);
                 __builtin_memcpy(reinterpret_cast<char*>(&r) + i * sizeof half, &half, sizeof half))
    return r;
  }
}

// total[16] += a
template <class T>
NFLOWS_FN void accumulate(double* total, Rows<T> a) {
  if constexpr (sizeof(T) == sizeof(double)) {
    (Rows<double>::load(total) + a).store(total);
  } else {
    constexpr int kHalf = kNativeLanes<T> / 2;
    typedef T HalfVector __attribute__((vector_size(kRegisterBytes / 2)));
    NFLOWS_PARTS(2 * Rows<T>::kParts, HalfVector half; double* at = total + i * kHalf;
                 __builtin_memcpy(&half, reinterpret_cast<const char*>(&a) + i * sizeof half, sizeof half);
                 store_native(at, load_native(at) + __builtin_convertvector(half, Native<double>)))
  }
}

}  // namespace nflows
