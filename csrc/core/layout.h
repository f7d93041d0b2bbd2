// Layout: where the numbers of a layer lie. A layer declares each stretch once, in the member that finds it again:
//
//   Numbers shift_{this->params_, "shift", n_};      trained
//   Slots t_{this->kept_, n_};                       forward leaves it for backward
//   Derived<T> q_{this->derived_, n_ * m_};          made from the parameters once per call or step, not once per tile
//   Numbers dq_{this->dderived_, n_ * m_};           its adjoint
//
// and `shift_(pass.params)` or `t_(pass.kept)` is where it lies. Counts, offsets and names of blocks follow.
#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "core/arena.h"
#include "core/panel.h"

namespace nflows {

// A named stretch of parameters, and whether weight decay applies to it.
struct Block {
  std::string name;
  Index offset, size;
  bool decays;
};

// Room that stretches are taken from, one after the other.
class Room {
 public:
  Index size() const { return size_; }
  Index take(Index n) {
    size_ += n;
    return size_ - n;
  }

 private:
  Index size_ = 0;
};

class Numbers;

// Room for parameters, by blocks.
class Blocks {
 public:
  Index size() const { return room_.size(); }
  const std::vector<Block>& all() const { return all_; }

  Index take(const std::string& name, Index n, bool decays);

  // The blocks of a part of this layer, their names behind `prefix`.
  Index take(const std::string& prefix, const Blocks& part);

  // The block of that name, which is there.
  Numbers operator[](const std::string& name) const;

 private:
  Room room_;
  std::vector<Block> all_;
};

// A stretch of parameters or of gradients.
class Numbers {
 public:
  Numbers(Room& room, Index n) : first_(room.take(n)) {}
  Numbers(Blocks& blocks, const std::string& name, Index n, bool decays = false)
      : first_(blocks.take(name, n, decays)) {}
  Numbers(Blocks& blocks, const std::string& prefix, const Blocks& part)
      : first_(blocks.take(prefix, part)) {}
  explicit Numbers(const Block& block) : first_(block.offset) {}

  template <class P>
  P* operator()(P* all) const {
    return all + first_;
  }

 private:
  Index first_;
};

// Neighbouring slots of a workspace.
class Slots {
 public:
  Slots(Room& room, Index n) : first_(room.take(n)) {}

  template <class T>
  Panels<T> operator()(Panels<T> all) const {
    return all.feature(first_);
  }

 private:
  Index first_;
};

// Derived values of any plain type, on a cache line of their own.
template <class V>
class Derived {
 public:
  Derived(Room& bytes, Index n) : first_(bytes.take(padded(n))) {}

  const V* operator()(const std::byte* all) const { return reinterpret_cast<const V*>(all + first_); }
  V* operator()(std::byte* all) const { return reinterpret_cast<V*>(all + first_); }

 private:
  static Index padded(Index n) {
    constexpr Index kLine = kAlignment;
    return (n * static_cast<Index>(sizeof(V)) + kLine - 1) / kLine * kLine;
  }

  Index first_;
};

}  // namespace nflows
