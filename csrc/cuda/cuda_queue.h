// The queue of a CUDA device (host_queue.h says what a queue is): a stream, its memory, launches and graphs.
#pragma once

#include <cuda_runtime.h>

#include <cstdint>
#include <new>
#include <stdexcept>
#include <string>
#include <utility>

#include "cuda/thread_block.h"

namespace nflows {

inline constexpr int kThreads = 256;  // of a block

class CudaOutOfMemory : public std::bad_alloc {
 public:
  const char* what() const noexcept override { return "cuda: out of memory on the device"; }
};

inline void cuda_check(cudaError_t status, const char* what) {
  if (status == cudaSuccess) return;
  cudaGetLastError();  // forgets it, if it can be forgotten
  if (status == cudaErrorMemoryAllocation) throw CudaOutOfMemory();
  throw std::runtime_error(std::string("cuda: ") + what + ": " + cudaGetErrorString(status));
}

// Dynamic shared memory is the whole of a block's.
template <class Kernel>
__global__ void __launch_bounds__(kThreads) run_kernel(const __grid_constant__ Kernel kernel) {
  extern __shared__ __align__(16) std::byte shared[];
  kernel(ThreadBlock{blockIdx.x, gridDim.x, shared});
}

class CudaQueue {
 public:
  static constexpr const char* kName = "cuda";

  CudaQueue() {
    keep_memory();
    cuda_check(cudaStreamCreateWithFlags(&stream_, cudaStreamNonBlocking), "creating a stream");
  }
  ~CudaQueue() { cudaStreamDestroy(stream_); }
  CudaQueue(const CudaQueue&) = delete;
  CudaQueue& operator=(const CudaQueue&) = delete;

  static void check_usable() {
    int n = 0;
    const cudaError_t status = cudaGetDeviceCount(&n);
    if (status == cudaSuccess && n > 0) return;
    cudaGetLastError();
    throw std::runtime_error(
        std::string("cuda: no device can be used here: ") +
        (n == 0 && status == cudaSuccess ? "there is none" : cudaGetErrorString(status)));
  }
  static Index multiprocessors() { return attribute(cudaDevAttrMultiProcessorCount); }
  static Index shared_limit() { return attribute(cudaDevAttrMaxSharedMemoryPerBlockOptin); }

  // Memory of this queue: it is given back in the queue's order.
  template <class V>
  class Buffer {
   public:
    Buffer() = default;
    Buffer(CudaQueue& queue, Index n) : size_(n), stream_(queue.stream_) {
      const std::size_t bytes = static_cast<std::size_t>(n > 0 ? n : 1) * sizeof(V);
      cuda_check(cudaMallocAsync(reinterpret_cast<void**>(&data_), bytes, stream_), "allocating memory");
    }
    Buffer(Buffer&& other) noexcept { *this = std::move(other); }
    Buffer& operator=(Buffer&& other) noexcept {
      std::swap(data_, other.data_);
      std::swap(size_, other.size_);
      std::swap(stream_, other.stream_);
      return *this;
    }
    ~Buffer() {
      if (data_ != nullptr) cudaFreeAsync(data_, stream_);
    }
    V* data() const { return data_; }
    Index size() const { return size_; }

   private:
    V* data_ = nullptr;
    Index size_ = 0;
    cudaStream_t stream_ = nullptr;
  };

  template <class V>
  void upload(V* to, const V* from, Index n) {
    copy(to, from, n, cudaMemcpyHostToDevice);
  }
  template <class V>
  void download(V* to, const V* from, Index n) {
    copy(to, from, n, cudaMemcpyDeviceToHost);
  }
  template <class V>
  void zero(V* at, Index n) {
    cuda_check(cudaMemsetAsync(at, 0, static_cast<std::size_t>(n) * sizeof(V), stream_), "setting memory");
  }

  template <class Kernel>
  void launch(Index n_blocks, Index shared, const Kernel& kernel) {
    static_assert(sizeof(Kernel) <= 4096);
    // The limit is the kernel's, whoever launches it: always the same, so that threads do not change each other's.
    if (shared > (Index{48} << 10))
      cuda_check(cudaFuncSetAttribute(run_kernel<Kernel>, cudaFuncAttributeMaxDynamicSharedMemorySize,
                                      static_cast<int>(shared_limit())),
                 "asking for shared memory");
    run_kernel<<<static_cast<unsigned>(n_blocks), kThreads, static_cast<std::size_t>(shared), stream_>>>(
        kernel);
    cuda_check(cudaGetLastError(), "launching a kernel");
  }

  // The same launches n times: captured once, as a graph. Kernels may be loaded meanwhile: the stream is nobody else's.
  template <class Launches>
  void repeat(Index n, const Launches& launches) {
    Graph graph;
    cuda_check(cudaStreamBeginCapture(stream_, cudaStreamCaptureModeRelaxed), "capturing launches");
    try {
      launches();
    } catch (...) {
      cudaStreamEndCapture(stream_, &graph.graph);
      cudaGetLastError();  // which may be the capture's, and nobody else's
      throw;
    }
    cuda_check(cudaStreamEndCapture(stream_, &graph.graph), "capturing launches");
    cuda_check(cudaGraphInstantiate(&graph.ready, graph.graph, 0), "making a graph");
    for (Index i = 0; i < n; ++i) cuda_check(cudaGraphLaunch(graph.ready, stream_), "launching a graph");
    wait();
  }

  void wait() { cuda_check(cudaStreamSynchronize(stream_), "waiting"); }

 private:
  struct Graph {
    cudaGraph_t graph = nullptr;
    cudaGraphExec_t ready = nullptr;
    ~Graph() {
      if (ready != nullptr) cudaGraphExecDestroy(ready);
      if (graph != nullptr) cudaGraphDestroy(graph);
    }
  };

  // Memory that was given back stays with the process, of which every call wants the same again.
  static void keep_memory() {
    static const bool kept = [] {
      int device = 0;
      cudaMemPool_t pool = nullptr;
      std::uint64_t all = ~std::uint64_t{0};
      cuda_check(cudaGetDevice(&device), "asking for the device");
      cuda_check(cudaDeviceGetDefaultMemPool(&pool, device), "asking for the device's memory");
      cuda_check(cudaMemPoolSetAttribute(pool, cudaMemPoolAttrReleaseThreshold, &all), "keeping memory");
      return true;
    }();
    (void)kept;
  }

  static Index attribute(cudaDeviceAttr which) {
    int device = 0, value = 0;
    cuda_check(cudaGetDevice(&device), "asking for the device");
    cuda_check(cudaDeviceGetAttribute(&value, which, device), "asking for an attribute");
    return value;
  }
  template <class V>
  void copy(V* to, const V* from, Index n, cudaMemcpyKind kind) {
    if (n > 0)
      cuda_check(cudaMemcpyAsync(to, from, static_cast<std::size_t>(n) * sizeof(V), kind, stream_),
                 "copying");
  }

  cudaStream_t stream_ = nullptr;
};

}  // namespace nflows
