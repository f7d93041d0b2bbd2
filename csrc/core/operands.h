// Operands: where each of n items of an operation finds its numbers, as views that own nothing.
//
//   In, Out   features of panels        Given, Sum    numbers that all rows share, and that rows are summed into
//   Total     a double per row          Table, Made   pointers to numbers
//
// simd/each.h says what functions get of them. Each is a pointer and a step; a Recorder (core/program.h) wants to know
// how much of the memory is an item's, too.
#pragma once

#include <typeinfo>

#include "core/panel.h"
#include "core/program.h"

namespace nflows {

template <class T>
struct In {
  Panels<const T> at;
  Index step = 1, size = 1;  // in slots: from item to item, and of an item
  explicit In(Panels<const T> panels, Index step_ = 1, Index size_ = 1)
      : at(panels), step(step_), size(size_) {}
};
template <class T>
In(Panels<T>, Index = 1, Index = 1) -> In<std::remove_const_t<T>>;

template <class T>
struct Out {
  Panels<T> at;
  Index step = 1, size = 1;
  explicit Out(Panels<T> panels, Index step_ = 1, Index size_ = 1) : at(panels), step(step_), size(size_) {}
};

struct Total {
  Panels<double> at;
};

template <class V>
struct Given {
  const V* at;  // or null: zero
  Index step = 1;
};
template <class V>
Given(const V*, Index = 1) -> Given<V>;

template <class T>
struct Sum {
  T* at;  // or null: nobody wants it
  Index step = 1;
};
template <class T>
Sum(T*, Index = 1) -> Sum<T>;

template <class V>
struct Table {
  const V* at;
  Index size, step = 0;  // in values: of an item, and from item to item
};
template <class V>
Table(const V*, Index, Index = 0) -> Table<V>;

template <class V>
struct Made {
  V* at;
  Index size, step = 0;
};
template <class V>
Made(V*, Index, Index = 0) -> Made<V>;

// ---- As a Recorder wants them

template <class V>
inline constexpr Index kBytes = static_cast<Index>(sizeof(V));

template <class T>
Operand operand(const In<T>& in) {
  return {in.at.data, in.step * kLanes * kBytes<T>, in.size * kLanes * kBytes<T>, Operand::kRead};
}
template <class T>
Operand operand(const Out<T>& out) {
  return {out.at.data, out.step * kLanes * kBytes<T>, out.size * kLanes * kBytes<T>, Operand::kWritten};
}
inline Operand operand(const Total& total) {
  return {total.at.data, 0, kLanes * kBytes<double>, Operand::kAddedTo};
}
template <class V>
Operand operand(const Given<V>& given) {
  return {given.at, given.step * kBytes<V>, kBytes<V>, Operand::kRead};
}
template <class T>
Operand operand(const Sum<T>& sum) {
  return {sum.at, sum.step * kBytes<T>, kBytes<T>, Operand::kAddedTo};
}
template <class V>
Operand operand(const Table<V>& table) {
  return {table.at, table.step * kBytes<V>, table.size * kBytes<V>, Operand::kRead};
}
template <class V>
Operand operand(const Made<V>& made) {
  return {made.at, made.step * kBytes<V>, made.size * kBytes<V>, Operand::kWritten};
}

// An operation: a function and the kinds of its operands.
template <class F, class... Args>
struct Op {
  static const char* name() { return typeid(Op).name(); }

  // Writes a step of it down, if this thread is recording.
  static bool recorded(Index n, const F& f, const Args&... args) {
    if constexpr (kRecords) return Recorder::any() && write(n, f, args...);
    return false;
  }

 private:
  // Rare, and apart from the loops that it stands beside.
  __attribute__((noinline, cold)) static bool write(Index n, F f, Args... args) {
    static_assert(std::is_trivially_copyable_v<F> && sizeof...(Args) <= Step::kMostViews);
    Recorder* recorder = Recorder::current();
    if (recorder == nullptr) return false;
    bool small = false;
    if constexpr (requires { f.is_small(); }) small = f.is_small();
    const Operand operands[] = {operand(args)...};
    recorder->step({name(), small}, &f, sizeof f, n, operands, sizeof...(Args));
    return true;
  }
};

}  // namespace nflows
