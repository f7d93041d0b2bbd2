#include "core/layout.h"

#include <algorithm>

namespace nflows {

Index Blocks::take(const std::string& name, Index n, bool decays) {
  all_.push_back({name, room_.take(n), n, decays});
  return all_.back().offset;
}

Index Blocks::take(const std::string& prefix, const Blocks& part) {
  const Index first = room_.take(part.size());
  for (const Block& b : part.all()) all_.push_back({prefix + b.name, first + b.offset, b.size, b.decays});
  return first;
}

Numbers Blocks::operator[](const std::string& name) const {
  const auto found =
      std::find_if(all_.begin(), all_.end(), [&](const Block& block) { return block.name == name; });
  return Numbers(*found);
}

}  // namespace nflows
