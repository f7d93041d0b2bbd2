// A step of a program (core/program.h), carried out by a block for the rows of its tile.
#pragma once

#include <utility>

#include "core/once.h"
#include "core/program.h"
#include "cuda/row.h"
#include "cuda/tile.h"

namespace nflows {

// ---- Operands of a row: what the function gets, and the part that it adds, if it is one that adds

template <class A>
struct RowOperand;

// One that adds nothing.
template <class Own>
struct PlainOperand {
  static constexpr bool kAdds = false;
  Own own;
  NFLOWS_KERNEL Own get() { return own; }
  NFLOWS_KERNEL void finish() {}
};
template <class T>
struct RowOperand<In<T>> : PlainOperand<InRow<T>> {
  NFLOWS_KERNEL RowOperand(const Tile& tile, const View& view, Index j, Index lane, double*)
      : PlainOperand<InRow<T>>{{tile.at<T>(view, j), tile.lanes, lane}} {}
};
template <class T>
struct RowOperand<Out<T>> : PlainOperand<OutRow<T>> {
  NFLOWS_KERNEL RowOperand(const Tile& tile, const View& view, Index j, Index lane, double*)
      : PlainOperand<OutRow<T>>{{tile.at<T>(view, j), tile.lanes, lane}} {}
};
template <class V>
struct RowOperand<Given<V>> : PlainOperand<V> {
  NFLOWS_KERNEL RowOperand(const Tile& tile, const View& view, Index j, Index, double*)
      : PlainOperand<V>{view.space == Space::kNothing ? V() : *tile.at<const V>(view, j)} {}
};
template <class V>
struct RowOperand<Table<V>> : PlainOperand<const V*> {
  NFLOWS_KERNEL RowOperand(const Tile& tile, const View& view, Index j, Index, double*)
      : PlainOperand<const V*>{tile.at<const V>(view, j)} {}
};
template <>
struct RowOperand<Total> {
  static constexpr bool kAdds = true;
  TotalRow own;
  NFLOWS_KERNEL RowOperand(const Tile&, const View&, Index, Index, double* part) : own{part} { *part = 0.0; }
  NFLOWS_KERNEL TotalRow get() { return own; }
  NFLOWS_KERNEL void finish() {}
};
template <class T>
struct RowOperand<Sum<T>> {
  static constexpr bool kAdds = true;
  SumRow<T> own;
  double* part;
  NFLOWS_KERNEL RowOperand(const Tile&, const View&, Index, Index, double* part_) : part(part_) {}
  NFLOWS_KERNEL SumRow<T>& get() { return own; }
  NFLOWS_KERNEL void finish() { *part = own.total * own.factor; }
};

// Adds the parts of an operand up, for `n` items from the first one on: parts[item][lane].
template <class A>
struct AddUp {
  static NFLOWS_KERNEL void run(const Tile&, const View&, Index, Index, const double*) {}
};
template <>
struct AddUp<Total> {  // a row's items in their order
  static NFLOWS_KERNEL void run(const Tile& tile, const View& view, Index, Index n, const double* parts) {
    double* total = tile.at<double>(view, 0);
    tile.block.each(tile.lanes, [&](Index lane) {
      double sum = total[lane];
      for (Index j = 0; j < n; ++j) sum += parts[j * tile.lanes + lane];
      total[lane] = sum;
    });
  }
};
template <class T>
struct AddUp<Sum<T>> {  // an item's rows in their order
  static NFLOWS_KERNEL void run(const Tile& tile, const View& view, Index first, Index n,
                                const double* parts) {
    if (view.space == Space::kNothing) return;
    tile.block.each(n, [&](Index j) {
      double sum = 0.0;
      for (Index lane = 0; lane < tile.lanes; ++lane) sum += parts[j * tile.lanes + lane];
      *tile.at<T>(view, first + j) += static_cast<T>(sum);
    });
  }
};

// ---- Operations

template <class Operation>
struct Replay;

template <class F, class... Args>
struct Replay<Op<F, Args...>> {
  static constexpr int kAdders = (0 + ... + (RowOperand<Args>::kAdds ? 1 : 0));

  static NFLOWS_KERNEL void run(const Tile& tile, const Step& step) {
    run(tile, step, std::index_sequence_for<Args...>{});
  }

 private:
  // The place of operand i among those that add.
  static constexpr int place(int i) {
    constexpr bool adds[] = {RowOperand<Args>::kAdds...};
    int n = 0;
    for (int k = 0; k < i; ++k) n += adds[k] ? 1 : 0;
    return n;
  }
  template <int i>
  static constexpr int kPlace = place(i);

  template <std::size_t... i>
  static NFLOWS_KERNEL void run(const Tile& tile, const Step& step, std::index_sequence<i...>) {
    const F& f = tile.function<F>(step);
    Index chunk = step.n;
    if constexpr (kAdders > 0) chunk = tile.n_parts / (kAdders * tile.lanes);
    for (Index first = 0; first < step.n; first += chunk) {
      const Index n = first + chunk < step.n ? chunk : step.n - first, room = chunk * tile.lanes;
      tile.each(n, [&](Index item, Index lane) {
        const Index j = first + item, at = item * tile.lanes + lane;
        row(f, RowOperand<Args>(tile, step.views[i], j, lane, tile.parts + kPlace<i> * room + at)...);
      });
      (AddUp<Args>::run(tile, step.views[i], first, n, tile.parts + kPlace<i> * room), ...);
    }
  }

  template <class... Operands>
  static NFLOWS_KERNEL void row(const F& f, Operands... operands) {
    f(operands.get()...);
    (operands.finish(), ...);
  }
};

// Functions of numbers that belong to no row (core/once.h).
template <class Operation>
struct ReplayOnce;

template <class F, class... Args>
struct ReplayOnce<Op<F, Args...>> {
  static NFLOWS_KERNEL void run(const Tile& tile, const Step& step) {
    run(tile, step, std::index_sequence_for<Args...>{});
  }

 private:
  template <std::size_t... i>
  static NFLOWS_KERNEL void run(const Tile& tile, const Step& step, std::index_sequence<i...>) {
    const F& f = tile.function<F>(step);
    tile.block.each(step.n, [&](Index j) {
      f(tile.at<std::remove_pointer_t<decltype(std::declval<Args>().at)>>(step.views[i], j)...);
    });
  }
};

}  // namespace nflows
