#include <cxxabi.h>

#include <algorithm>
#include <cstdlib>
#include <cstring>
#include <memory>

#include "cuda/device_flow.h"

namespace nflows {

namespace {

std::int32_t number_of(const std::string& op, const std::vector<std::vector<std::string>>& groups) {
  for (std::size_t g = 0; g < groups.size(); ++g) {
    const auto at = std::find(groups[g].begin(), groups[g].end(), op);
    if (at != groups[g].end()) return static_cast<std::int32_t>(kGroupSize * g + (at - groups[g].begin()));
  }
  return -1;
}

}  // namespace

Numbering numbering(const Program& program, const std::vector<std::vector<std::string>>& groups) {
  Numbering found;
  for (const std::string& op : program.ops) {
    std::int32_t number = number_of(op, groups);
    if (number < 0 && op.ends_with(kSmallOp))  // what does the whole does what is small
      number = number_of(op.substr(0, op.size() - std::strlen(kSmallOp)), groups);
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
