// Queue: a device's memory and the order of its work. This one is the host's own, which the ordinary tests run: launches
// are loops over blocks. cuda_queue.h has the other.
#pragma once

#include <algorithm>
#include <cstdlib>
#include <cstring>
#include <memory>
#include <new>
#include <stdexcept>

#include "cuda/thread_block.h"

namespace nflows {

class HostOutOfMemory : public std::bad_alloc {
 public:
  const char* what() const noexcept override { return "host device: out of memory"; }
};

class HostQueue {
 public:
  static constexpr const char* kName = "host";

  // What the device is like, so that tests meet every way of laying out work: few multiprocessors, little shared memory.
  static Index multiprocessors() { return 3; }
  static Index shared_limit() { return 24 << 10; }
  static void check_usable() {}

  // A device's memory holds anything at first. NaN, here: who reads before writing is found out.
  static constexpr int kUnset = 0xff;

  // The largest piece of memory, as tests set it.
  static Index memory_limit() {
    const char* limit = std::getenv("NFLOWS_NP_HOST_DEVICE_BYTES");
    return limit == nullptr ? Index{1} << 40 : std::atoll(limit);
  }

  template <class V>
  class Buffer {
   public:
    Buffer() = default;
    Buffer(HostQueue& queue, Index n) : Buffer(n) { queue.check_not_repeating(); }
    explicit Buffer(Index n) : size_(n) {
      if (n * static_cast<Index>(sizeof(V)) > memory_limit()) throw HostOutOfMemory();
      data_ = std::make_unique<Line[]>(static_cast<std::size_t>(lines(n)));
      std::memset(data_.get(), kUnset, static_cast<std::size_t>(lines(n)) * sizeof(Line));
    }
    V* data() const { return reinterpret_cast<V*>(data_.get()); }
    Index size() const { return size_; }

   private:
    struct alignas(64) Line {
      std::byte bytes[64];
    };
    static Index lines(Index n) { return n * static_cast<Index>(sizeof(V)) / 64 + 1; }
    Index size_ = 0;
    std::unique_ptr<Line[]> data_;
  };

  template <class V>
  void upload(V* to, const V* from, Index n) {
    check_not_repeating();
    std::copy_n(from, n, to);
  }
  template <class V>
  void download(V* to, const V* from, Index n) {
    check_not_repeating();
    std::copy_n(from, n, to);
  }
  template <class V>
  void zero(V* at, Index n) {
    std::memset(static_cast<void*>(at), 0, static_cast<std::size_t>(n) * sizeof(V));
  }

  template <class Kernel>
  void launch(Index n_blocks, Index shared, const Kernel& kernel) {
    if (n_blocks < 1 || shared > shared_limit()) throw std::logic_error("host device: no such launch");
    for (Index b = 0; b < n_blocks; ++b) {
      const Buffer<std::byte> own(shared);
      kernel(ThreadBlock{b, n_blocks, own.data()});
    }
  }

  // The same launches n times.
  template <class Launches>
  void repeat(Index n, const Launches& launches) {
    const Repeating now(repeating_);
    for (Index i = 0; i < n; ++i) launches();
  }

  void wait() { check_not_repeating(); }

 private:
  // A device captures launches before it repeats them, and nothing else is allowed meanwhile.
  void check_not_repeating() const {
    if (repeating_) throw std::logic_error("host device: only launches can be repeated");
  }

  struct Repeating {
    bool& flag;
    explicit Repeating(bool& of) : flag(of) { flag = true; }
    ~Repeating() { flag = false; }
  };

  bool repeating_ = false;
};

}  // namespace nflows
