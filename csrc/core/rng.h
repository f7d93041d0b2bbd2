// Rng: the stream that starts hidden weights. SplitMix64 (Steele, Lea, Flood 2014): one word of state, the
// same numbers on every machine; the data's own randomness (batches, base noise) comes from NumPy's
// generators instead.
#pragma once

#include <cstdint>

namespace nflows {

class Rng {
 public:
  explicit Rng(std::uint64_t seed) : state_(seed) {}

  std::uint64_t next() {
    std::uint64_t z = (state_ += 0x9E3779B97F4A7C15u);
    z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9u;
    z = (z ^ (z >> 27)) * 0x94D049BB133111EBu;
    return z ^ (z >> 31);
  }

  // Uniform on [-1, 1), a multiple of 2^-52. Nothing here rounds: a sum that did might or might not be contracted
  // with the product before it, and instruction sets would differ in the last bit.
  double symmetric() {
    return static_cast<double>(static_cast<std::int64_t>(next() >> 11) - (std::int64_t{1} << 52)) * 0x1p-52;
  }

  std::uint64_t state() const { return state_; }

 private:
  std::uint64_t state_;
};

}  // namespace nflows
