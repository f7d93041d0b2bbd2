// The kernels of a training step behind its pass: sums over blocks, Adam, and the step's record.
#pragma once

#include "cuda/kernels.h"
#include "train/adam.h"
#include "train/clipping.h"

namespace nflows {

inline constexpr Index kChunk = 1024;    // parameters that a block reduces and updates
inline constexpr Index kPartSums = 256;  // numbers of shared memory that a block adds up at once

// A step's own numbers, for the t that it will have.
template <class T>
struct StepNumbers {
  AdamStep<T> adam;
  Clipping<T> clipping;
};

struct ChunkSums {
  double squares, moments;
  bool within;  // whether the step stayed within the bound
};

// What all kernels of a step share.
template <class T>
struct TrainingState {
  Index n_params, n_gradient;  // n_gradient: with the adjoints of derived values
  Index n_blocks, n_chunks;    // of the pass; of the parameters
  T *gradients, *gradient;     // of each block, and their sum
  double* losses;              // of each block
  ChunkSums* sums;             // of each chunk
  T *params, *average, *first_moment, *second_moment;
  const bool* decays;             // of each parameter
  const StepNumbers<T>* numbers;  // from first_step on
  std::int64_t first_step;
  Progress* progress;
  double* step_losses;
  bool* step_applied;

  NFLOWS_KERNEL const StepNumbers<T>& now() const { return numbers[progress->steps - first_step]; }
  NFLOWS_KERNEL double loss() const {
    double sum = 0.0;
    for (Index b = 0; b < n_blocks; ++b) sum += losses[b];
    return sum;
  }

  // What becomes of the step: every block finds the same.
  struct Verdict {
    bool applied, moves;
    T scale;
  };
  NFLOWS_KERNEL Verdict verdict() const {
    const double loss = this->loss();
    double squares = 0.0, moments = 0.0;
    for (Index c = 0; c < n_chunks; ++c) squares += sums[c].squares, moments += sums[c].moments;
    const Clipping<T>& clipping = now().clipping;
    const bool finite = loss - loss == 0.0 && clipping.finite(squares);
    const bool moves = finite && !clipping.rounding(squares);
    return {finite, moves, moves ? clipping.scale(squares, moments) : T(0)};
  }
};

// gradient = the sum of the blocks' gradients, in the order of the blocks.
template <class T>
struct ReduceKernel {
  TrainingState<T> at;
  NFLOWS_KERNEL void operator()(const ThreadBlock& block) const {
    const Index first = block.index * kChunk;
    const Index n = at.n_gradient - first < kChunk ? at.n_gradient - first : kChunk;
    block.each(n, [&](Index i) {
      double sum = 0.0;
      for (Index b = 0; b < at.n_blocks; ++b) sum += at.gradients[b * at.n_gradient + first + i];
      at.gradient[first + i] = static_cast<T>(sum);
    });
  }
};

// Squares of the gradient and second moments, chunk by chunk.
template <class T>
struct NormKernel {
  TrainingState<T> at;
  static constexpr Index kShared = 2 * kPartSums * static_cast<Index>(sizeof(double));
  NFLOWS_KERNEL void operator()(const ThreadBlock& block) const {
    auto *squares = reinterpret_cast<double*>(block.shared), *moments = squares + kPartSums;
    const Index first = block.index * kChunk,
                end = first + kChunk < at.n_params ? first + kChunk : at.n_params;
    block.each(kPartSums, [&](Index part) {
      double s = 0.0, m = 0.0;
      for (Index i = first + part; i < end; i += kPartSums) {
        s += static_cast<double>(at.gradient[i]) * at.gradient[i];
        m += at.second_moment[i];
      }
      squares[part] = s;
      moments[part] = m;
    });
    for (Index half = kPartSums / 2; half > 0; half /= 2)
      block.each(half, [&](Index i) {
        squares[i] += squares[i + half];
        moments[i] += moments[i + half];
      });
    block.each(1, [&](Index) { at.sums[block.index] = {squares[0], moments[0], true}; });
  }
};

template <class T>
struct AdamKernel {
  TrainingState<T> at;
  static constexpr Index kShared = sizeof(typename TrainingState<T>::Verdict);
  NFLOWS_KERNEL void operator()(const ThreadBlock& block) const {
    auto& verdict = *reinterpret_cast<typename TrainingState<T>::Verdict*>(block.shared);
    block.each(1, [&](Index) { verdict = at.verdict(); });
    if (!verdict.moves) return;
    const AdamStep<T>& adam = at.now().adam;
    const Index first = block.index * kChunk, n = at.n_params - first < kChunk ? at.n_params - first : kChunk;
    block.each(n, [&](Index i) {
      const Index j = first + i;
      const bool within = adam.update(at.gradient[j] * verdict.scale, at.decays[j], at.params[j],
                                      at.average[j], at.first_moment[j], at.second_moment[j]);
      if (!within) at.sums[block.index].within = false;
    });
  }
};

// Writes the step down and goes on to the next one: one block.
template <class T>
struct RecordKernel {
  TrainingState<T> at;
  NFLOWS_KERNEL void operator()(const ThreadBlock& block) const {
    block.each(1, [&](Index) {
      Progress& progress = *at.progress;
      const auto verdict = at.verdict();
      bool applied = verdict.applied;
      for (Index c = 0; c < at.n_chunks && verdict.moves; ++c) applied = applied && at.sums[c].within;
      at.step_losses[progress.batch] = at.loss();
      at.step_applied[progress.batch] = applied;
      progress.steps += verdict.moves ? 1 : 0;
      ++progress.batch;
    });
  }
};

}  // namespace nflows
