// What all parts count in: indices, and the sixteen lanes of a panel, one for each data row.
#pragma once

#include <cstddef>

namespace nflows {

using Index = std::ptrdiff_t;

inline constexpr int kLanes = 16;

inline constexpr Index panels_for(Index n_rows) { return (n_rows + kLanes - 1) / kLanes; }

}  // namespace nflows
