// ThreadBlock: the threads that work on one tile together. Everything that runs on a device is written against it:
//
//   block.each(n, [&](Index i) { ... });   // all i < n, in any order and at the same time; then they wait for each other
//
// On a device these are the threads of a CUDA block; in the host build, which tests run, plain loops. So what one each
// leaves in memory is there for the next, and nothing else passes from one to the other.
#pragma once

#include "core/index.h"

#if defined(__CUDACC__)
#define NFLOWS_KERNEL __device__ inline
#define NFLOWS_DEVICE __device__
#else
#define NFLOWS_KERNEL inline
#define NFLOWS_DEVICE
#endif

namespace nflows {

struct ThreadBlock {
  Index index, count;  // of the blocks that were launched
  std::byte* shared;   // memory of this block's own

#if defined(__CUDACC__)
  template <class F>
  __device__ void each(Index n, const F& f) const {
    for (Index i = threadIdx.x; i < n; i += blockDim.x) f(i);
    __syncthreads();
  }
#else
  // Backwards: what must not depend on the order would rather hold in the usual one by chance.
  template <class F>
  void each(Index n, const F& f) const {
    for (Index i = n - 1; i >= 0; --i) f(i);
  }
#endif
};

}  // namespace nflows
