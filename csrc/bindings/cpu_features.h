// Which engine variant a CPU runs: the features of each variant, for the probe module and for NFLOWS_NATIVE.
//
// The variants are compiled for the psABI levels x86-64-v2, -v3 and -v4, so a CPU must have every feature of
// the level and the operating system must save the wider registers. __builtin_cpu_supports answers both at once;
// the few features that Clang 14 does not know by name are read from CPUID. Other architectures build "base"
// alone, for any of their CPUs.
#pragma once

#include <initializer_list>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

#if defined(__x86_64__)
#include <cpuid.h>
#endif

namespace nflows {

using Features = std::vector<std::pair<std::string, bool>>;  // name, does this CPU (and its system) have it?

#if defined(__x86_64__)

// Bit `bit` of ECX as CPUID reports it for `leaf`; false where the CPU does not know the leaf.
inline bool cpuid_ecx(unsigned leaf, unsigned bit) {
  unsigned a = 0, b = 0, c = 0, d = 0;
  return __get_cpuid(leaf, &a, &b, &c, &d) != 0 && (c >> bit & 1u) != 0;
}

// What one level adds to the level below it.
inline Features level_features(const std::string& isa) {
  __builtin_cpu_init();
  const auto has = [](int supported) { return supported != 0; };
  if (isa == "base") {
    return {{"cx16", cpuid_ecx(1, 13)},
            {"lahf_lm", cpuid_ecx(0x80000001u, 0)},
            {"popcnt", has(__builtin_cpu_supports("popcnt"))},
            {"sse3", has(__builtin_cpu_supports("sse3"))},
            {"ssse3", has(__builtin_cpu_supports("ssse3"))},
            {"sse4.1", has(__builtin_cpu_supports("sse4.1"))},
            {"sse4.2", has(__builtin_cpu_supports("sse4.2"))}};
  }
  if (isa == "avx2") {
    const bool avx = has(__builtin_cpu_supports("avx"));  // vouches for the registers of f16c too
    return {{"avx", avx},
            {"avx2", has(__builtin_cpu_supports("avx2"))},
            {"bmi1", has(__builtin_cpu_supports("bmi"))},
            {"bmi2", has(__builtin_cpu_supports("bmi2"))},
            {"f16c", avx && cpuid_ecx(1, 29)},
            {"fma", has(__builtin_cpu_supports("fma"))},
            {"lzcnt", cpuid_ecx(0x80000001u, 5)},
            {"movbe", cpuid_ecx(1, 22)}};
  }
  return {{"avx512f", has(__builtin_cpu_supports("avx512f"))},
          {"avx512bw", has(__builtin_cpu_supports("avx512bw"))},
          {"avx512cd", has(__builtin_cpu_supports("avx512cd"))},
          {"avx512dq", has(__builtin_cpu_supports("avx512dq"))},
          {"avx512vl", has(__builtin_cpu_supports("avx512vl"))}};
}

#else

inline Features level_features(const std::string& isa) {
  if (isa == "base") return {};
  return {{"x86-64", false}};
}

#endif

// Every feature that variant `isa` needs. Throws std::invalid_argument for a name that is no variant.
inline Features required_features(const std::string& isa) {
  Features all;
  for (const char* level : {"base", "avx2", "avx512"}) {
    for (const auto& feature : level_features(level)) all.push_back(feature);
    if (isa == level) return all;
  }
  throw std::invalid_argument("unknown instruction set '" + isa + "': expected 'base', 'avx2' or 'avx512'");
}

// Those of them that are absent here; empty where the variant runs.
inline std::vector<std::string> missing_features(const std::string& isa) {
  std::vector<std::string> names;
  for (const auto& [name, present] : required_features(isa)) {
    if (!present) names.push_back(name);
  }
  return names;
}

}  // namespace nflows
