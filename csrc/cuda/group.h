// A group of operations (operations.h), as kernels call it and as it is compiled: once.
#pragma once

#include <string>
#include <vector>

#include "core/program.h"
#include "cuda/tile.h"

namespace nflows {

struct CommonGroup;  // what every flow may have; other groups are called as their formula
template <class Formula>
struct SmallGroup;  // a formula where it needs little room

template <class T, class Group>
struct PassGroup {
  static std::vector<std::string> names();  // of its operations, by their numbers
  static NFLOWS_DEVICE void run(const Tile& tile, const Step& step, int op);
};

// The functions behind derived values, in the same way.
template <class T>
struct DeriveGroup {
  static std::vector<std::string> names();
  static NFLOWS_DEVICE void run(const Tile& tile, const Step& step, int op);
};

// A step's operation as kernels have it: the place of its group among theirs, and its number there.
inline constexpr int kGroupSize = 256;

}  // namespace nflows
