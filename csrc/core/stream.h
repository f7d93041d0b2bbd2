// Streams: panels made, or taken away, a tile at a time by whoever owns the rows.
//
// A table need not lie in panels before the engine starts, nor a result stay in them when it ends. Its owner hands
// over a function that moves a few panels to or from a dense piece of memory, and the thread that works on those
// panels calls it: they are still in its cache, no second array of the table's size is made, and the moving is
// shared out as the work is. `Stream` is plain data, for it comes from other modules (Cython's), in a capsule;
// Source and Sink are what the engine reads and writes, a stream or an array of panels.
#pragma once

#include "core/panel.h"

namespace nflows {

inline constexpr char kStreamName[] = "nflows_np.stream";  // of the capsules

struct Stream {
  // Moves panels [first, first + count), (count, n_features, 16) numbers, to or from `panels`. Called without the
  // GIL and from several threads; must not throw.
  void (*move)(void* owner, Index first, Index count, void* panels);
  void* owner;
  Index n_rows, n_features;
  int itemsize;   // of a number
  bool in_order;  // the panels come first to last, each once, and no two calls at a time
};

template <class T>
class Source {
 public:
  Source(const T* dense, Index n_features, Index n_panels)
      : dense_(dense_panels(dense, n_features, n_panels)), n_features_(n_features) {}
  explicit Source(const Stream& stream) : stream_(&stream), n_features_(stream.n_features) {}

  bool in_order() const { return stream_ != nullptr && stream_->in_order; }

  // Panels [first, first + count): where they lie, or in `room`.
  Panels<const T> read(Index first, Index count, T* room) const {
    if (stream_ == nullptr) return dense_.slice(first, count);
    stream_->move(stream_->owner, first, count, room);
    return dense_panels<const T>(room, n_features_, count);
  }

 private:
  const Stream* stream_ = nullptr;
  Panels<const T> dense_;
  Index n_features_;
};

template <class T>
class Sink {
 public:
  Sink(T* dense, Index n_features, Index n_panels)
      : dense_(dense_panels(dense, n_features, n_panels)), n_features_(n_features) {}
  explicit Sink(const Stream& stream) : stream_(&stream), n_features_(stream.n_features) {}

  // `panels` are panels [first, first + panels.count) of the whole.
  void write(Panels<const T> panels, Index first, T* room) const {
    const auto to = stream_ == nullptr ? dense_.slice(first, panels.count)
                                       : dense_panels(room, n_features_, panels.count);
    copy_rows(panels, to, n_features_);
    if (stream_ != nullptr) stream_->move(stream_->owner, first, panels.count, room);
  }

 private:
  const Stream* stream_ = nullptr;
  Panels<T> dense_;
  Index n_features_;
};

}  // namespace nflows
