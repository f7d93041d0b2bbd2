// Registry: names to factories. Every bijection, transformer and base enters its own in a function register_<file>, and
// the build makes `register_all` of those: an engine calls it once, when it is first used. A name that is taken is
// refused, and the list of names lets tests walk all there is.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "core/check.h"

namespace nflows {

template <class Entry>
class Registry {
 public:
  static Registry& global() {
    static Registry registry;
    return registry;
  }

  void add(const std::string& name, Entry entry) {
    check(entries_.emplace(name, entry).second, "registry: '", name, "' is registered twice");
  }

  const Entry& find(const std::string& name, const char* kind) const {
    const auto found = entries_.find(name);
    if (found == entries_.end()) fail("unknown ", kind, " '", name, "'; known: ", listed());
    return found->second;
  }

  std::vector<std::string> names() const {
    std::vector<std::string> all;
    for (const auto& [name, entry] : entries_) all.push_back(name);
    return all;
  }

 private:
  std::string listed() const {
    std::string all;
    for (const auto& [name, entry] : entries_) all += (all.empty() ? "" : ", ") + name;
    return all;
  }

  std::map<std::string, Entry> entries_;
};

// Fills all registries. Made by the build (register_all.cpp).
void register_all();

}  // namespace nflows
