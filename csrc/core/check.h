// Errors that a caller can cause: std::invalid_argument, which Python sees as ValueError. Messages begin with
// who complains.
#pragma once

#include <sstream>
#include <stdexcept>

namespace nflows {

template <class... Parts>
[[noreturn, gnu::cold, gnu::noinline]] void fail(const Parts&... parts) {
  std::ostringstream message;
  (message << ... << parts);
  throw std::invalid_argument(message.str());
}

template <class... Parts>
void check(bool condition, const Parts&... parts) {
  if (!condition) fail(parts...);
}

}  // namespace nflows
