// Registry: names to factories. Every bijection, transformer and base enters its own in a function register_<file>, and
// the build makes `register_all` of those: an engine calls it once, when it is first used. A name that is taken is
// refused, and the list of names lets tests walk all there is.
#pragma once

#include <map>
#include <string>
#include <vector>

namespace nflows {

// Names and functions of one type, which is the caller's to know.
class FunctionTable {
 public:
  using Function = void (*)();

  void add(const std::string& name, Function function);
  Function find(const std::string& name, const char* kind) const;
  std::vector<std::string> names() const;

 private:
  std::map<std::string, Function> functions_;
};

template <class Factory>
class Registry {
 public:
  static Registry& global() {
    static Registry registry;
    return registry;
  }

  void add(const std::string& name, Factory make) {
    table_.add(name, reinterpret_cast<FunctionTable::Function>(make));
  }
  Factory find(const std::string& name, const char* kind) const {
    return reinterpret_cast<Factory>(table_.find(name, kind));
  }
  std::vector<std::string> names() const { return table_.names(); }

 private:
  FunctionTable table_;
};

// Fills all registries. Made by the build (register_all.cpp).
void register_all();

}  // namespace nflows
