#include <cxxabi.h>

#include <algorithm>
#include <cstdlib>
#include <memory>

#include "core/program.h"

namespace nflows {

std::vector<std::string> lacking(const Program& program, const std::vector<std::string>& operations) {
  std::vector<std::string> unknown;
  for (const std::string& op : program.ops)
    if (std::find(operations.begin(), operations.end(), op) == operations.end()) unknown.push_back(op);
  return unknown;
}

std::string readable(const std::string& operation) {
  int status = 0;
  const std::unique_ptr<char, void (*)(void*)> name(
      abi::__cxa_demangle(operation.c_str(), nullptr, nullptr, &status), std::free);
  return status == 0 ? name.get() : operation;
}

}  // namespace nflows
