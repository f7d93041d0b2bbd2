// The kernels: what all blocks of a launch do, for any ThreadBlock. A kernel is plain numbers and pointers of the device.
//
// A pass is one kernel for any chain of layers: a block takes a tile of rows through the program's steps, so that what
// layers hand to each other stays in shared memory and a step costs a barrier, not a launch. Which functions a kernel can
// call is fixed when it is linked, and its registers with them: so there is one for each formula, and one for all.
#pragma once

#include "cuda/group.h"
#include "simd/counter_noise.h"
#include "simd/lane.h"

namespace nflows {

// A program as the device has it.
struct LoadedProgram {
  const Step* steps = nullptr;
  Index n_steps = 0;
  const std::byte* constants = nullptr;
};

// Panels of rows on the device, or of what belongs to them: (n_panels, n, 16).
template <class V>
struct RowsOf {
  V* data = nullptr;
  Index n = 0;  // features
  NFLOWS_KERNEL V& at(Index row, Index feature) const {
    return data[(row / kLanes * n + feature) * kLanes + row % kLanes];
  }
};

// Which rows a batch takes: places first .. first + n - 1 of `order`, or of the table where there is none.
struct Batch {
  const std::int64_t* order = nullptr;
  Index first = 0, n = 0;
  NFLOWS_KERNEL Index row(Index i) const { return order != nullptr ? order[first + i] : first + i; }
};

// The counters of training, which live on the device: steps follow each other there without the host.
struct Progress {
  Index batch;         // of this call of train
  std::int64_t steps;  // Adam's t
};

// Rows of noise, each a thread's.
template <class T>
struct NoiseKernel {
  CounterNoise noise;
  Index first, n, n_features;  // rows, from the first one of the stream on
  T* panels;

  NFLOWS_KERNEL void operator()(const ThreadBlock& block) const {
    const CounterNoise own{noise.key, noise.first_row + static_cast<std::uint64_t>(first)};
    for (Index from = block.index * kTogether; from < n; from += block.count * kTogether)
      block.each(n - from < kTogether ? n - from : kTogether, [&](Index i) {
        const Index row = from + i;
        counter_normals(own, row, n_features, panels + row / kLanes * n_features * kLanes);
      });
  }
  static constexpr Index kTogether = 256;
};

// Derived values, or what their adjoints give to the gradient: one block.
template <class T>
struct DeriveKernel {
  LoadedProgram program;
  const T* params;
  std::byte* derived;
  T* gradient;

  NFLOWS_KERNEL void operator()(const ThreadBlock& block) const {
    Tile tile{block, 0, 1, {}, nullptr, 0};
    tile.set(Space::kParams, params);
    tile.set(Space::kDerived, derived);
    tile.set(Space::kGradient, gradient);
    tile.set(Space::kConstants, program.constants);
    for (Index s = 0; s < program.n_steps; ++s)
      DeriveGroup<T>::run(tile, program.steps[s], program.steps[s].op);
  }
};

// A pass over rows, tile by tile: what it is about.
template <class T>
struct PassArguments {
  LoadedProgram program;
  Index n_slots, x_slot, context_slot, dlog_det_slot, dout_slot, out_slot, dcontext_slot;
  int log_lanes;         // of the rows of a tile
  Index lanes, n_parts;  // 2^log_lanes; room for parts
  const T* params;
  const std::byte* derived;

  // The rows, and what is asked of them.
  RowsOf<const T> x, context, dout;
  const T* dlog_det = nullptr;      // of each row, or
  const double* weights = nullptr;  // of the loss, or null: all 1
  bool trains = false;              // the loss is the weighted mean over the batch
  Batch batch;
  Index batch_size = 0;
  const Progress* progress = nullptr;  // or null; training's batch is that one's

  // What is left: where pointers are not null.
  RowsOf<T> out, dcontext;
  double* totals = nullptr;
  T* gradient = nullptr;  // n_gradient numbers a block
  Index n_gradient = 0;
  double* losses = nullptr;    // a number a block
  std::byte* slots = nullptr;  // room of slot_bytes() a block, or null: shared memory

  // Bytes of shared memory: [totals | parts | slots].
  Index shared() const {
    const Index doubles = lanes + n_parts;
    return doubles * static_cast<Index>(sizeof(double)) + (slots == nullptr ? slot_bytes() : 0);
  }
  NFLOWS_FN Index slot_bytes() const { return n_slots * lanes * static_cast<Index>(sizeof(T)); }
};

// Groups: those that the flow may have.
template <class T, class... Groups>
struct PassKernel : PassArguments<T> {
  using A = PassArguments<T>;
  using A::batch, A::batch_size, A::context, A::context_slot, A::dcontext, A::dcontext_slot, A::derived,
      A::dlog_det, A::dlog_det_slot, A::dout, A::dout_slot, A::gradient, A::lanes, A::log_lanes, A::losses,
      A::n_gradient, A::n_parts, A::out, A::out_slot, A::params, A::program, A::progress, A::slot_bytes,
      A::slots, A::totals, A::trains, A::weights, A::x, A::x_slot;

  NFLOWS_KERNEL void operator()(const ThreadBlock& block) const {
    Batch rows = batch;
    if (progress != nullptr) {
      rows.first = progress->batch * batch_size;
      rows.n = batch.n - rows.first < batch_size ? batch.n - rows.first : batch_size;
    }
    auto* total = reinterpret_cast<double*>(block.shared);
    auto* parts = total + lanes;
    std::byte* room =
        slots != nullptr ? slots + block.index * slot_bytes() : reinterpret_cast<std::byte*>(parts + n_parts);
    T* own = gradient == nullptr ? nullptr : gradient + block.index * n_gradient;
    Tile tile{block, log_lanes, lanes, {}, parts, n_parts};
    tile.set(Space::kSlots, room);
    tile.set(Space::kTotals, total);
    tile.set(Space::kParams, params);
    tile.set(Space::kDerived, derived);
    tile.set(Space::kGradient, own);
    tile.set(Space::kConstants, program.constants);
    if (own != nullptr) block.each(n_gradient, [&](Index i) { own[i] = T(0); });
    if (losses != nullptr) block.each(1, [&](Index) { losses[block.index] = 0.0; });
    for (Index first = block.index * lanes; first < rows.n; first += block.count * lanes)
      one(tile, reinterpret_cast<T*>(room), total, rows, first);
  }

 private:
  NFLOWS_KERNEL double weight(const Batch& rows, Index i) const {
    return (weights != nullptr ? weights[rows.row(i)] : 1.0) / static_cast<double>(rows.n);
  }

  NFLOWS_KERNEL void one(const Tile& tile, T* slot, double* total, const Batch& rows, Index first) const {
    const ThreadBlock& block = tile.block;
    // use(j, lane, i): feature j of the tile's rows, row i of the batch, which may be beyond it
    const auto each_of = [&](Index n, const auto& use) {
      tile.each(n, [&](Index j, Index lane) { use(j, lane, first + lane); });
    };
    const auto load = [&](Index to, const RowsOf<const T>& from) {
      each_of(from.n, [&](Index j, Index lane, Index i) {
        slot[(to + j) * lanes + lane] = i < rows.n ? from.at(rows.row(i), j) : T(0);
      });
    };
    load(x_slot, x);
    load(context_slot, context);
    if (dout.data != nullptr) load(dout_slot, dout);
    each_of(1, [&](Index, Index lane, Index i) {
      total[lane] = 0.0;
      const bool there = i < rows.n;
      T adjoint = T(0);
      if (there && trains) adjoint = static_cast<T>(-weight(rows, i));
      if (there && dlog_det != nullptr) adjoint = dlog_det[rows.row(i)];
      slot[dlog_det_slot * lanes + lane] = adjoint;
    });
    each_of(context.n, [&](Index j, Index lane, Index) { slot[(dcontext_slot + j) * lanes + lane] = T(0); });

    for (Index s = 0; s < program.n_steps; ++s) {
      const Step& step = program.steps[s];
      int group = step.op / kGroupSize;
      (void)((group-- == 0 && (PassGroup<T, Groups>::run(tile, step, step.op % kGroupSize), true)) || ...);
    }

    if (totals != nullptr)
      each_of(1, [&](Index, Index lane, Index i) {
        if (i < rows.n) totals[rows.row(i)] = total[lane];
      });
    const auto store = [&](Index from, const RowsOf<T>& to) {
      each_of(to.n, [&](Index j, Index lane, Index i) {
        if (i < rows.n) to.at(rows.row(i), j) = slot[(from + j) * lanes + lane];
      });
    };
    if (out.data != nullptr) store(out_slot, out);
    if (dcontext.data != nullptr) store(dcontext_slot, dcontext);
    if (losses != nullptr)
      block.each(1, [&](Index) {
        for (Index lane = 0; lane < lanes && first + lane < rows.n; ++lane)
          if (const double w = weight(rows, first + lane); w != 0.0) losses[block.index] -= w * total[lane];
      });
  }
};

}  // namespace nflows
