// The kernels of a training step behind its pass: sums over blocks, Adam, and the step's record.
#pragma once

#include "cuda/kernels.h"
#include "train/adam.h"
#include "train/clipping.h"

namespace nflows {

// Numbers that a block reduces and updates: neighbours for its threads. Of `all`, those of one block.
inline constexpr Index kChunk = 256;
struct Chunk {
  Index first, n;
  NFLOWS_KERNEL Chunk(const ThreadBlock& block, Index all)
      : first(block.index * kChunk), n(all - first < kChunk ? all - first : kChunk) {}
};

// Sums of a block, of terms that its threads have: in shared memory, always in the same tree.
inline constexpr Index kSumThreads = 256;
inline constexpr Index kSumBytes = 2 * kSumThreads * static_cast<Index>(sizeof(double));

struct TwoSums {
  double first, second;
};

// Of the first and the second of term(i), i < n. What the shared memory held is lost.
template <class Term>
NFLOWS_KERNEL TwoSums sums_of(const ThreadBlock& block, Index n, const Term& term) {
  auto* sums = reinterpret_cast<TwoSums*>(block.shared);
  block.each(kSumThreads, [&](Index part) {
    TwoSums own{0.0, 0.0};
    for (Index i = part; i < n; i += kSumThreads) {
      const TwoSums more = term(i);
      own.first += more.first;
      own.second += more.second;
    }
    sums[part] = own;
  });
  for (Index half = kSumThreads / 2; half > 0; half /= 2)
    block.each(half, [&](Index i) {
      sums[i].first += sums[i + half].first;
      sums[i].second += sums[i + half].second;
    });
  const TwoSums total = sums[0];
  block.each(0, [](Index) {});  // all have it before the memory is used again
  return total;
}

// A step's own numbers, for the t that it will have.
template <class T>
struct StepNumbers {
  AdamStep<T> adam;
  Clipping<T> clipping;
};

struct ChunkSums {
  TwoSums of;   // squares of the gradient, second moments
  bool within;  // whether the step stayed within the bound
};

// What becomes of a step.
template <class T>
struct Verdict {
  bool applied, moves;
  T scale;
  double loss;
};

// What all kernels of a step share.
template <class T>
struct TrainingState {
  Index n_params, n_blocks, n_chunks;  // n_blocks: of the pass; n_chunks: of the parameters
  const T* gradient;                   // the sum of the blocks'
  const double* losses;                // of each block
  ChunkSums* sums;                     // of each chunk
  T *params, *average, *first_moment, *second_moment;
  const bool* decays;             // of each parameter
  const StepNumbers<T>* numbers;  // from first_step on
  std::int64_t first_step;
  Progress* progress;
  double* step_losses;
  bool* step_applied;
  Verdict<T>* verdict;

  NFLOWS_KERNEL const StepNumbers<T>& now() const { return numbers[progress->steps - first_step]; }
};

// sum = the sum of the blocks' gradients, of n numbers each, in the order of the blocks.
template <class T>
struct ReduceKernel {
  Index n, n_blocks;
  const T* gradients;
  T* sum;

  NFLOWS_KERNEL void operator()(const ThreadBlock& block) const {
    const Chunk chunk(block, n);
    block.each(chunk.n, [&](Index i) {
      const Index j = chunk.first + i;
      double total = 0.0;
      for (Index b = 0; b < n_blocks; ++b) total += gradients[b * n + j];
      sum[j] = static_cast<T>(total);
    });
  }
};

// Squares of the gradient and second moments, chunk by chunk.
template <class T>
struct NormKernel {
  TrainingState<T> at;
  NFLOWS_KERNEL void operator()(const ThreadBlock& block) const {
    const Chunk chunk(block, at.n_params);
    const TwoSums sums = sums_of(block, chunk.n, [&](Index i) {
      const double g = at.gradient[chunk.first + i];
      return TwoSums{g * g, static_cast<double>(at.second_moment[chunk.first + i])};
    });
    block.each(1, [&](Index) { at.sums[block.index] = {sums, true}; });
  }
};

// Every block comes to the same verdict; the first one writes it down.
template <class T>
struct AdamKernel {
  TrainingState<T> at;
  NFLOWS_KERNEL void operator()(const ThreadBlock& block) const {
    const Verdict<T> verdict = this->verdict(block);
    if (block.index == 0) block.each(1, [&](Index) { *at.verdict = verdict; });
    if (!verdict.moves) return;
    const AdamStep<T>& adam = at.now().adam;
    const Chunk chunk(block, at.n_params);
    block.each(chunk.n, [&](Index i) {
      const Index j = chunk.first + i;
      const bool within = adam.update(at.gradient[j] * verdict.scale, at.decays[j], at.params[j],
                                      at.average[j], at.first_moment[j], at.second_moment[j]);
      if (!within) at.sums[block.index].within = false;
    });
  }

 private:
  NFLOWS_KERNEL Verdict<T> verdict(const ThreadBlock& block) const {
    const double loss =
        sums_of(block, at.n_blocks, [&](Index b) { return TwoSums{at.losses[b], 0.0}; }).first;
    const auto [squares, moments] = sums_of(block, at.n_chunks, [&](Index c) { return at.sums[c].of; });
    const Clipping<T>& clipping = at.now().clipping;
    const bool finite = loss - loss == 0.0 && clipping.finite(squares);
    const bool moves = finite && !clipping.rounding(squares);
    return {finite, moves, moves ? clipping.scale(squares, moments) : T(0), loss};
  }
};

// Writes the step down and goes on to the next one: one block.
template <class T>
struct RecordKernel {
  TrainingState<T> at;
  NFLOWS_KERNEL void operator()(const ThreadBlock& block) const {
    const Verdict<T> verdict = *at.verdict;
    const double beyond = sums_of(block, verdict.moves ? at.n_chunks : 0, [&](Index c) {
                            return TwoSums{at.sums[c].within ? 0.0 : 1.0, 0.0};
                          }).first;
    block.each(1, [&](Index) {
      Progress& progress = *at.progress;
      at.step_losses[progress.batch] = verdict.loss;
      at.step_applied[progress.batch] = verdict.applied && beyond == 0.0;
      progress.steps += verdict.moves ? 1 : 0;
      ++progress.batch;
    });
  }
};

}  // namespace nflows
