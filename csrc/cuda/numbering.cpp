#include <cxxabi.h>

#include <algorithm>
#include <cstdlib>
#include <memory>

#include "cuda/device_flow.h"

namespace nflows {

Numbering numbering(const Program& program, const std::vector<std::vector<std::string>>& groups) {
  Numbering found;
  for (const std::string& op : program.ops) {
    std::int32_t number = -1;
    for (std::size_t g = 0; g < groups.size() && number < 0; ++g) {
      const auto at = std::find(groups[g].begin(), groups[g].end(), op);
      if (at != groups[g].end()) number = static_cast<std::int32_t>(kGroupSize * g + (at - groups[g].begin()));
    }
    if (number < 0) found.lacking.push_back(op);
    found.numbers.push_back(number);
  }
  return found;
}

std::string readable(const std::string& operation) {
  int status = 0;
  const std::unique_ptr<char, void (*)(void*)> name(
      abi::__cxa_demangle(operation.c_str(), nullptr, nullptr, &status), std::free);
  return status == 0 ? name.get() : operation;
}

}  // namespace nflows
