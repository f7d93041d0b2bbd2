// Source and Sink: what the engine reads and writes, a stream or an array of panels.
#pragma once

#include "core/copy.h"
#include "core/stream.h"

namespace nflows {

template <class T>
class Source {
 public:
  Source(const T* dense, Index n_features, Index n_panels)
      : dense_(dense_panels(dense, n_features, n_panels)), n_features_(n_features) {}
  explicit Source(const Stream& stream) : stream_(&stream), n_features_(stream.n_features) {}

  // Of a stream; of panels, with their padding.
  Index n_rows() const { return stream_ != nullptr ? stream_->n_rows : dense_.count * kLanes; }

  // Which table a stream reads, however often it is asked; zero for panels, which may change.
  std::uint64_t serial() const { return stream_ != nullptr ? stream_->serial : 0; }

  // What a device can make the rows of, or null.
  const CounterNoise* noise() const { return stream_ != nullptr ? stream_->noise : nullptr; }

  bool in_order() const { return stream_ != nullptr && stream_->in_order; }
  bool in_any_order() const { return stream_ == nullptr || stream_->gather != nullptr; }

  // Panels [first, first + count): where they lie, or in `room`.
  Panels<const T> read(Index first, Index count, T* room) const {
    if (stream_ == nullptr) return dense_.slice(first, count);
    stream_->move(stream_->owner, first, count, room);
    return dense_panels<const T>(room, n_features_, count);
  }

  // n rows from place `first` of an order on: where they lie, if the order is that of the table (null) and whole panels
  // begin there, or in `room`.
  Panels<const T> take(const std::int64_t* order, Index first, Index n, T* room) const {
    if (order == nullptr) return read(first / kLanes, panels_for(n), room);
    if (stream_ != nullptr)
      stream_->gather(stream_->owner, order + first, n, room);
    else
      gather(order + first, n, room);
    return dense_panels<const T>(room, n_features_, panels_for(n));
  }

 private:
  void gather(const std::int64_t* rows, Index n, T* room) const {
    const Panels<T> to = dense_panels(room, n_features_, panels_for(n));
    std::fill_n(room, to.count * n_features_ * kLanes, T(0));
    for (Index i = 0; i < n; ++i)
      for (Index j = 0; j < n_features_; ++j)
        to.lanes(i / kLanes, j)[i % kLanes] = dense_.lanes(rows[i] / kLanes, j)[rows[i] % kLanes];
  }

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
    copy_features(panels, to, n_features_);
    if (stream_ != nullptr) stream_->move(stream_->owner, first, panels.count, room);
  }

 private:
  const Stream* stream_ = nullptr;
  Panels<T> dense_;
  Index n_features_;
};

}  // namespace nflows
