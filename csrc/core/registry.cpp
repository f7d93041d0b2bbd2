#include "core/registry.h"

#include "core/check.h"

namespace nflows {

void FunctionTable::add(const std::string& name, Function function) {
  check(functions_.emplace(name, function).second, "registry: '", name, "' is registered twice");
}

FunctionTable::Function FunctionTable::find(const std::string& name, const char* kind) const {
  const auto found = functions_.find(name);
  if (found != functions_.end()) return found->second;
  std::string known;
  for (const auto& [other, function] : functions_) known += (known.empty() ? "" : ", ") + other;
  fail("unknown ", kind, " '", name, "'; known: ", known);
}

std::vector<std::string> FunctionTable::names() const {
  std::vector<std::string> all;
  for (const auto& [name, function] : functions_) all.push_back(name);
  return all;
}

}  // namespace nflows
