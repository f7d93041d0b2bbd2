// Which engines a CPU runs. Plain C: the init function of an engine asks before any of its C++ runs.
//
// The engines are compiled for the psABI levels x86-64-v2, -v3 and -v4, so a CPU must have every feature of the level
// and the operating system must save the wider registers. __builtin_cpu_supports answers both at once; the few features
// that Clang 14 does not know by name are read from CPUID. Other architectures build "base" alone, for any of their
// CPUs.
#ifndef NFLOWS_ENGINE_CPU_FEATURES_H
#define NFLOWS_ENGINE_CPU_FEATURES_H

#include <string.h>

#if defined(__x86_64__)
#include <cpuid.h>
#endif

enum { NFLOWS_LEVELS = 3, NFLOWS_MOST_FEATURES = 24 };

static const char* const nflows_levels[NFLOWS_LEVELS] = {"base", "avx2", "avx512"};

// The place of an engine among the levels, or -1.
static inline int nflows_level(const char* isa) {
  for (int level = 0; level < NFLOWS_LEVELS; ++level)
    if (strcmp(isa, nflows_levels[level]) == 0) return level;
  return -1;
}

struct nflows_feature {
  const char* name;
  int level;    // the lowest that needs it
  int present;  // whether this CPU and its system have it
};

#if defined(__x86_64__)

// Bit `bit` of ECX as CPUID reports it for `leaf`; 0 where the CPU does not know the leaf.
static inline int nflows_cpuid_ecx(unsigned leaf, unsigned bit) {
  unsigned a = 0, b = 0, c = 0, d = 0;
  return __get_cpuid(leaf, &a, &b, &c, &d) != 0 && (c >> bit & 1u) != 0;
}

// Fills `all` and returns how many there are.
static inline int nflows_features(struct nflows_feature all[NFLOWS_MOST_FEATURES]) {
  __builtin_cpu_init();
  const int avx = __builtin_cpu_supports("avx") != 0;  // vouches for the registers of f16c too
  const struct nflows_feature known[] = {
      {"cx16", 0, nflows_cpuid_ecx(1, 13)},
      {"lahf_lm", 0, nflows_cpuid_ecx(0x80000001u, 0)},
      {"popcnt", 0, __builtin_cpu_supports("popcnt") != 0},
      {"sse3", 0, __builtin_cpu_supports("sse3") != 0},
      {"ssse3", 0, __builtin_cpu_supports("ssse3") != 0},
      {"sse4.1", 0, __builtin_cpu_supports("sse4.1") != 0},
      {"sse4.2", 0, __builtin_cpu_supports("sse4.2") != 0},
      {"avx", 1, avx},
      {"avx2", 1, __builtin_cpu_supports("avx2") != 0},
      {"bmi1", 1, __builtin_cpu_supports("bmi") != 0},
      {"bmi2", 1, __builtin_cpu_supports("bmi2") != 0},
      {"f16c", 1, avx && nflows_cpuid_ecx(1, 29)},
      {"fma", 1, __builtin_cpu_supports("fma") != 0},
      {"lzcnt", 1, nflows_cpuid_ecx(0x80000001u, 5)},
      {"movbe", 1, nflows_cpuid_ecx(1, 22)},
      {"avx512f", 2, __builtin_cpu_supports("avx512f") != 0},
      {"avx512bw", 2, __builtin_cpu_supports("avx512bw") != 0},
      {"avx512cd", 2, __builtin_cpu_supports("avx512cd") != 0},
      {"avx512dq", 2, __builtin_cpu_supports("avx512dq") != 0},
      {"avx512vl", 2, __builtin_cpu_supports("avx512vl") != 0},
  };
  memcpy(all, known, sizeof known);
  return (int)(sizeof known / sizeof *known);
}

#else

static inline int nflows_features(struct nflows_feature all[NFLOWS_MOST_FEATURES]) {
  all[0] = (struct nflows_feature){"x86-64", 1, 0};
  return 1;
}

#endif

// Writes the names of the features that `level` needs and this CPU lacks; returns how many they are.
static inline int nflows_missing(int level, const char* names[NFLOWS_MOST_FEATURES]) {
  struct nflows_feature all[NFLOWS_MOST_FEATURES];
  const int n = nflows_features(all);
  int found = 0;
  for (int i = 0; i < n; ++i)
    if (all[i].level <= level && !all[i].present) names[found++] = all[i].name;
  return found;
}

#endif
