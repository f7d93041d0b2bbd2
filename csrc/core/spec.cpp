#include "core/spec.h"

namespace nflows {
namespace {

template <class Value>
const Value& get(const Spec& spec, const std::string& field, const char* what) {
  const auto found = spec.fields.find(field);
  check(found != spec.fields.end(), spec.name, ": field '", field, "' is missing");
  const Value* value = std::get_if<Value>(&found->second);
  check(value != nullptr, spec.name, ": field '", field, "' must be ", what);
  return *value;
}

template <class Item>
const std::vector<Item>& list(const Spec& spec, const std::string& field, const char* what) {
  static const std::vector<Item> empty;
  const auto found = spec.fields.find(field);
  if (found != spec.fields.end() && std::holds_alternative<Spec::EmptyList>(found->second)) return empty;
  return get<std::vector<Item>>(spec, field, what);
}

}  // namespace

const std::string& Spec::text(const std::string& field) const {
  return get<std::string>(*this, field, "a string");
}
std::int64_t Spec::integer(const std::string& field) const {
  return get<std::int64_t>(*this, field, "an integer");
}
double Spec::real(const std::string& field) const { return get<double>(*this, field, "a real number"); }
const std::vector<Index>& Spec::integers(const std::string& field) const {
  return list<Index>(*this, field, "a list of integers");
}
const std::vector<double>& Spec::reals(const std::string& field) const {
  return list<double>(*this, field, "a list of real numbers");
}
const std::vector<Spec>& Spec::children(const std::string& field) const {
  return list<Spec>(*this, field, "a list of specs");
}

const std::vector<Index>& Spec::widths(const std::string& field) const {
  for (const Index n : integers(field))
    check(n >= 1 && n <= kWidest, name, ": ", field, " must be from 1 to ", kWidest, ", got ", n);
  return integers(field);
}

const Spec& Spec::child(const std::string& field) const {
  const std::vector<Spec>& all = children(field);
  check(all.size() == 1, name, ": field '", field, "' holds ", all.size(), " specs instead of one");
  return all.front();
}

}  // namespace nflows
