// A parameter block: a named stretch of a layer's parameters, and whether weight decay applies to it.
#pragma once

#include <string>

#include "core/panel.h"

namespace nflows {

struct Block {
  std::string name;
  Index offset, size;
  bool decays;
};

}  // namespace nflows
