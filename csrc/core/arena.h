// Arena: one aligned, zeroed block. The only owner of working memory; everything else is a view into it.
#pragma once

#include <algorithm>
#include <cstdlib>
#include <memory>
#include <new>

#include "core/panel.h"

namespace nflows {

// A cache line, and the widest vector register.
inline constexpr std::size_t kAlignment = 64;

template <class T>
class Arena {
 public:
  Arena() = default;
  explicit Arena(Index size) : size_(size) {
    const std::size_t bytes =
        (static_cast<std::size_t>(size) * sizeof(T) + kAlignment - 1) / kAlignment * kAlignment;
    data_.reset(static_cast<T*>(std::aligned_alloc(kAlignment, std::max(bytes, kAlignment))));
    if (!data_) throw std::bad_alloc();
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
