// Tile programs: what a flow does with a tile, as steps (core/program.h) for engines that carry them out elsewhere.
#pragma once

#include "core/program.h"

namespace nflows {

// What can be asked of a flow. Backward tasks begin with their forward pass.
enum class Task {
  kDerive,          // derived values from parameters: no rows
  kDeriveBackward,  // their adjoints into gradients
  kLogProb,
  kForward,
  kInverse,
  kLogProbBackward,
  kForwardBackward,
  kInverseBackward,
};

inline bool is_backward(Task task) {
  return task == Task::kLogProbBackward || task == Task::kForwardBackward || task == Task::kInverseBackward;
}
inline bool derives(Task task) { return task == Task::kDerive || task == Task::kDeriveBackward; }

// A tile's workspace: how many slots, and the first of those where a tile is given its rows and leaves what was asked for.
// Log-densities and log-determinants are in the totals, gradients of parameters in the gradient.
struct TilePlaces {
  Index n_slots = 0;
  Index x = 0, context = 0, dlog_det = 0, dout = 0;  // given
  Index out = 0, dcontext = 0;                       // left; dcontext is added to
};

struct TileProgram : Program {
  TilePlaces places;
};

}  // namespace nflows
