// Registry: names to factories. Every bijection, transformer and base enters its own while the module loads;
// a name that is taken is refused, and the list of names lets tests walk all there is.
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

  bool add(const std::string& name, Entry entry) {
    check(entries_.emplace(name, entry).second, "registry: '", name, "' is registered twice");
    return true;
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

}  // namespace nflows
