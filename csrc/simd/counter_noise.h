// Standard normal numbers that follow from a key and their place alone: any thread of any device makes any of them.
//
// Philox4x32-10 (Salmon, Moraes, Dror, Shaw 2011: "Parallel random numbers: as easy as 1, 2, 3") turns a row's number and
// that of a block of four columns into four words of 32 bits; Box and Muller (1958) make two pairs of normals of them:
//
//   words = philox(counter = (row, row >> 32, block, 0), key)
//   u = (words[0] + 1/2) / 2^32, v = words[1] / 2^32       sqrt(-2 log u) (cos 2 pi v, sin 2 pi v); the same of 2 and 3
//
// No number is further out than sqrt(66 log 2) = 6.76: 2^-33 is the smallest u.
#pragma once

#include <cstdint>

#include "core/index.h"
#include "core/stream.h"
#include "simd/math.h"

namespace nflows {

struct Words {
  std::uint32_t word[4];
};

NFLOWS_FN Words philox(Words counter, std::uint64_t key) {
  constexpr std::uint64_t kFirst = 0xD2511F53, kSecond = 0xCD9E8D57;
  constexpr std::uint32_t kFirstStep = 0x9E3779B9, kSecondStep = 0xBB67AE85;
  auto low = static_cast<std::uint32_t>(key), high = static_cast<std::uint32_t>(key >> 32);
  for (int round = 0; round < 10; ++round) {
    const std::uint64_t a = kFirst * counter.word[0], b = kSecond * counter.word[2];
    counter = {{static_cast<std::uint32_t>(b >> 32) ^ counter.word[1] ^ low, static_cast<std::uint32_t>(b),
                static_cast<std::uint32_t>(a >> 32) ^ counter.word[3] ^ high, static_cast<std::uint32_t>(a)}};
    low += kFirstStep;
    high += kSecondStep;
  }
  return counter;
}

// Columns 4 block .. 4 block + 3 of a row.
struct FourNormals {
  double value[4];
  NFLOWS_FN FourNormals(std::uint64_t key, std::uint64_t row, std::uint32_t block) {
    const Words bits =
        philox({{static_cast<std::uint32_t>(row), static_cast<std::uint32_t>(row >> 32), block, 0}}, key);
    for (int pair = 0; pair < 4; pair += 2) {
      const double u = (bits.word[pair] + 0.5) * 0x1p-32, turn = bits.word[pair + 1] * 0x1p-32;
      const double radius = sqrt(-2.0 * log(u)), angle = 6.283185307179586477 * turn;
      value[pair] = radius * cos(angle);
      value[pair + 1] = radius * sin(angle);
    }
  }
};

// One row of a panel: its lane of every feature; `panel` begins at the panel's first.
template <class T>
NFLOWS_FN void counter_normals(const CounterNoise& noise, Index row, Index n_features, T* panel) {
  for (Index j = 0; j < n_features; j += 4) {
    const FourNormals four(noise.key, noise.first_row + static_cast<std::uint64_t>(row),
                           static_cast<std::uint32_t>(j / 4));
    for (Index i = 0; i < 4 && j + i < n_features; ++i)
      panel[(j + i) * kLanes + row % kLanes] = static_cast<T>(four.value[i]);
  }
}

// Panels from the first one on, rows beyond n_rows zero.
template <class T>
void counter_normal_panels(const CounterNoise& noise, Index n_rows, Index n_features, Index first,
                           Index count, T* panels) {
  for (Index i = 0; i < count * n_features * kLanes; ++i) panels[i] = T(0);
  for (Index row = first * kLanes; row < (first + count) * kLanes && row < n_rows; ++row)
    counter_normals(noise, row, n_features, panels + (row / kLanes - first) * n_features * kLanes);
}

}  // namespace nflows
