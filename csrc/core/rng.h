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

  // Uniform on [low, high), from the 53 highest bits.
  double uniform(double low, double high) {
    return low + (high - low) * (static_cast<double>(next() >> 11) * 0x1p-53);
  }

 private:
  std::uint64_t state_;
};

}  // namespace nflows
