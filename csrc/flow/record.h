// Writes down what a flow does with a tile.
#pragma once

#include "flow/flow.h"
#include "flow/tile_program.h"

namespace nflows {

template <class T>
TileProgram record(const Flow<T>& flow, Task task);

}  // namespace nflows
