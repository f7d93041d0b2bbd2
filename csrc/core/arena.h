// Arena: one aligned, zeroed block. The only owner of working memory; everything else is a view into it.
#pragma once

#if defined(__linux__)
#include <sys/mman.h>
#endif

#include <algorithm>
#include <cstdlib>
#include <memory>
#include <new>

#include "core/panel.h"

namespace nflows {

// A cache line, and the widest vector register.
inline constexpr std::size_t kAlignment = 64;

// Large blocks ask for huge pages: columns of a wide matrix meet a page per row, more than the TLB holds, and small
// pages fall into the outer caches at random, now well, now badly.
inline constexpr std::size_t kHugePage = std::size_t{1} << 21, kLarge = kHugePage / 8;

template <class T>
class Arena {
 public:
  Arena() = default;
  explicit Arena(Index size) : size_(size) {
    const std::size_t wanted = std::max(static_cast<std::size_t>(size) * sizeof(T), kAlignment);
    const std::size_t alignment = wanted >= kLarge ? kHugePage : kAlignment;
    const std::size_t bytes = (wanted + alignment - 1) / alignment * alignment;
    data_.reset(static_cast<T*>(std::aligned_alloc(alignment, bytes)));
    if (!data_) throw std::bad_alloc();
#if defined(__linux__)
    if (alignment == kHugePage)
      madvise(data_.get(), bytes, MADV_HUGEPAGE);  // advice, which the system may decline
#endif
    std::fill_n(data_.get(), size, T(0));
  }

  T* data() { return data_.get(); }
  const T* data() const { return data_.get(); }
  Index size() const { return size_; }
  T* begin() { return data(); }
  T* end() { return data() + size_; }

 private:
  struct Free {
    void operator()(T* p) const { std::free(p); }
  };
  std::unique_ptr<T, Free> data_;
  Index size_ = 0;
};

}  // namespace nflows
