// each: the one loop over rows. A function of a row, applied to n items (features, mostly) of all rows of a tile:
//
//   struct Shrink {
//     template <class In, class Out, class T>
//     NFLOWS_FN void operator()(In x, T factor, Out y) const { y.set(0, x[0] * factor); }
//   };
//   each(n, Shrink{}, In{x}, Given{factors}, Out{y});
//
// What an operand (core/operands.h) hands to the function, for its item:
//
//   In      x[i], the row's number i slots on           Given   the value
//   Out     y.set(i, v), and y[i] as above              Sum     s.add(v), over rows; s.times(factor), of the whole sum
//   Total   t.add(v), in double; t.constant(c)          Table   the pointer
//
// Where a Recorder stands, the loop is written down instead (core/program.h): a device calls the same function with one
// row a thread. Functions are therefore plain structs at namespace level, and know a row's numbers as R alone: Rows<T>
// here, T there.
#pragma once

#include "core/operands.h"
#include "simd/lane.h"

#if !defined(__CUDACC__)  // a device has cuda/replay.h in place of this loop

#include "simd/rows.h"

namespace nflows {

// How many slots a double per row takes.
template <class T>
inline constexpr Index kWideSlots = sizeof(double) / sizeof(T);

template <class T>
struct InLanes {
  using Number = Rows<T>;
  using Wide = Rows<double>;
  const T* first;
  NFLOWS_FN Rows<T> operator[](Index i) const { return Rows<T>::load(first + i * kLanes); }
  // A double that was kept between two functions.
  NFLOWS_FN Rows<double> wide() const { return Rows<double>::load(reinterpret_cast<const double*>(first)); }
};
template <class T>
struct OutLanes {
  using Number = Rows<T>;
  T* first;
  NFLOWS_FN Rows<T> operator[](Index i) const { return Rows<T>::load(first + i * kLanes); }
  NFLOWS_FN void set(Index i, Rows<T> value) const { value.store(first + i * kLanes); }
  NFLOWS_FN void set_wide(Rows<double> value) const { value.store(reinterpret_cast<double*>(first)); }
};
struct TotalLanes {
  double* first;
  template <class T>
  NFLOWS_FN void add(Rows<T> value) const {
    accumulate(first, value);
  }
  NFLOWS_FN void constant(double value) const { accumulate(first, Rows<double>(value)); }
};
template <class T>
struct SumLanes {
  Rows<T> total{T(0)};
  T factor = T(1);
  NFLOWS_FN void add(Rows<T> value) { total += value; }
  NFLOWS_FN void times(T value) { factor = value; }
};

// What a function gets of an operand, for item j and panel p, and how many panels the operand has. A Sum's lanes are the
// item's: they are made before its panels and added up after them.
template <class T>
NFLOWS_FN InLanes<T> lanes_of(const In<T>& in, Index j, Index p) {
  return {in.at.lanes(p, j * in.step)};
}
template <class T>
NFLOWS_FN OutLanes<T> lanes_of(const Out<T>& out, Index j, Index p) {
  return {out.at.lanes(p, j * out.step)};
}
NFLOWS_FN TotalLanes lanes_of(const Total& total, Index, Index p) { return {total.at.lanes(p, 0)}; }
template <class V>
NFLOWS_FN V lanes_of(const Given<V>& given, Index j, Index) {
  return given.at == nullptr ? V() : given.at[j * given.step];
}
template <class V>
NFLOWS_FN const V* lanes_of(const Table<V>& table, Index j, Index) {
  return table.at + j * table.step;
}

template <class A>
NFLOWS_FN Index panels_of(const A& operand) {
  if constexpr (requires { operand.at.count; })
    return operand.at.count;
  else
    return 0;
}

template <class A>
struct ItemOf {  // most operands have nothing of the kind
  NFLOWS_FN auto lanes(const A& operand, Index j, Index p) { return lanes_of(operand, j, p); }
  NFLOWS_FN void finish(const A&, Index) {}
  static constexpr bool kSums = false;
};
template <class T>
struct ItemOf<Sum<T>> {
  SumLanes<T> own;
  NFLOWS_FN SumLanes<T>& lanes(const Sum<T>&, Index, Index) { return own; }
  NFLOWS_FN void finish(const Sum<T>& to, Index j) {
    if (to.at != nullptr) to.at[j * to.step] += sum(own.total) * own.factor;
  }
  static constexpr bool kSums = true;
};

// Everything by value: through references, every store would make the compiler read views and constants anew.
template <class F, class... Args>
void each_item(Index n, F f, Args... args) {
  const Index n_panels = std::max({panels_of(args)...});
  if constexpr ((ItemOf<Args>::kSums || ...)) {
    for (Index j = 0; j < n; ++j)
      [&](ItemOf<Args>... item) {
        for (Index p = 0; p < n_panels; ++p) f(item.lanes(args, j, p)...);
        (item.finish(args, j), ...);
      }(ItemOf<Args>{}...);
  } else {
    for (Index p = 0; p < n_panels; ++p)
      for (Index j = 0; j < n; ++j) f(lanes_of(args, j, p)...);
  }
}

template <class F, class... Args>
void each(Index n, const F& f, const Args&... args) {
  if (!Op<F, Args...>::recorded(n, f, args...)) each_item(n, f, args...);
}

}  // namespace nflows

#endif
