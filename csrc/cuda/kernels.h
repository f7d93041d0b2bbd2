// The kernels: what all blocks of a launch do, for any ThreadBlock. A kernel is plain numbers and pointers of the device.
//
// A pass is one kernel for any chain of layers: a block takes a tile of rows through the program's steps, so that what
// layers hand to each other stays in shared memory and a step costs a barrier, not a launch. Which functions a kernel can
// call is fixed when it is linked, and its registers with them: so there is one for each formula, and one for all.
#pragma once

#include "cuda/group.h"
#include "flow/tile_program.h"
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
  TilePlaces places;
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
  NFLOWS_FN Index slot_bytes() const { return places.n_slots * lanes * static_cast<Index>(sizeof(T)); }
};

// Groups: those that the flow may have.
template <class T, class... Groups>
struct PassKernel {
  PassArguments<T> at;

  NFLOWS_KERNEL void operator()(const ThreadBlock& block) const {
    Batch rows = at.batch;
    if (at.progress != nullptr) {
      rows.first = at.progress->batch * at.batch_size;
      rows.n = at.batch.n - rows.first < at.batch_size ? at.batch.n - rows.first : at.batch_size;
    }
    auto* total = reinterpret_cast<double*>(block.shared);
    auto* parts = total + at.lanes;
    std::byte* room = at.slots != nullptr ? at.slots + block.index * at.slot_bytes()
                                          : reinterpret_cast<std::byte*>(parts + at.n_parts);
    T* own = at.gradient == nullptr ? nullptr : at.gradient + block.index * at.n_gradient;
    Tile tile{block, at.log_lanes, at.lanes, {}, parts, at.n_parts};
    tile.set(Space::kSlots, room);
    tile.set(Space::kTotals, total);
    tile.set(Space::kParams, at.params);
    tile.set(Space::kDerived, at.derived);
    tile.set(Space::kGradient, own);
    tile.set(Space::kConstants, at.program.constants);
    if (own != nullptr) block.each(at.n_gradient, [&](Index i) { own[i] = T(0); });
    if (at.losses != nullptr) block.each(1, [&](Index) { at.losses[block.index] = 0.0; });
    for (Index first = block.index * at.lanes; first < rows.n; first += block.count * at.lanes)
      one(tile, reinterpret_cast<T*>(room), total, rows, first);
  }

 private:
  NFLOWS_KERNEL double weight(const Batch& rows, Index i) const {
    return (at.weights != nullptr ? at.weights[rows.row(i)] : 1.0) / static_cast<double>(rows.n);
  }

  NFLOWS_KERNEL void one(const Tile& tile, T* slot, double* total, const Batch& rows, Index first) const {
    const ThreadBlock& block = tile.block;
    // use(j, lane, i): feature j of the tile's rows, row i of the batch, which may be beyond it
    const auto each_of = [&](Index n, const auto& use) {
      tile.each(n, [&](Index j, Index lane) { use(j, lane, first + lane); });
    };
    const auto load = [&](Index to, const RowsOf<const T>& from) {
      each_of(from.n, [&](Index j, Index lane, Index i) {
        slot[(to + j) * at.lanes + lane] = i < rows.n ? from.at(rows.row(i), j) : T(0);
      });
    };
    load(at.places.x, at.x);
    load(at.places.context, at.context);
    if (at.dout.data != nullptr) load(at.places.dout, at.dout);
    each_of(1, [&](Index, Index lane, Index i) {
      total[lane] = 0.0;
      const bool there = i < rows.n;
      T adjoint = T(0);
      if (there && at.trains) adjoint = static_cast<T>(-weight(rows, i));
      if (there && at.dlog_det != nullptr) adjoint = at.dlog_det[rows.row(i)];
      slot[at.places.dlog_det * at.lanes + lane] = adjoint;
    });
    each_of(at.context.n,
            [&](Index j, Index lane, Index) { slot[(at.places.dcontext + j) * at.lanes + lane] = T(0); });

    for (Index s = 0; s < at.program.n_steps; ++s) {
      const Step& step = at.program.steps[s];
      int group = step.op / kGroupSize;
      (void)((group-- == 0 && (PassGroup<T, Groups>::run(tile, step, step.op % kGroupSize), true)) || ...);
    }

    if (at.totals != nullptr)
      each_of(1, [&](Index, Index lane, Index i) {
        if (i < rows.n) at.totals[rows.row(i)] = total[lane];
      });
    const auto store = [&](Index from, const RowsOf<T>& to) {
      each_of(to.n, [&](Index j, Index lane, Index i) {
        if (i < rows.n) to.at(rows.row(i), j) = slot[(from + j) * at.lanes + lane];
      });
    };
    if (at.out.data != nullptr) store(at.places.out, at.out);
    if (at.dcontext.data != nullptr) store(at.places.dcontext, at.dcontext);
    if (at.losses != nullptr)
      block.each(1, [&](Index) {
        for (Index lane = 0; lane < at.lanes && first + lane < rows.n; ++lane)
          if (const double w = weight(rows, first + lane); w != 0.0)
            at.losses[block.index] -= w * total[lane];
      });
  }
};

}  // namespace nflows
