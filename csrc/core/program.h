// Programs: what a pass does, written down once, for engines that carry it out elsewhere.
//
// What layers do with a tile does not depend on its numbers: products, and functions of a row (simd/each.h), one after the
// other, on slots of a workspace and stretches of parameters. So a pass of one panel tells all. While a Recorder stands,
// the thread's steps are written down instead of done: which operation, for how many items, and where its operands lie.
// Pointers become places in spaces, which another engine lays out as it likes.
#pragma once

#include <atomic>
#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "core/index.h"

namespace nflows {

// Where operands lie. Slots count features of the workspace, everything else bytes.
enum class Space : std::int32_t {
  kNothing,  // an operand that was left out
  kSlots,    // of the workspace, a number per row
  kTotals,   // doubles, one per row: log-determinants
  kParams,
  kDerived,
  kGradient,   // of [parameters | derived values]
  kConstants,  // the program's own
};
inline constexpr int kSpaces = 7;

// An operand: where the first item finds it, and how much further each item looks than the one before.
struct View {
  Space space = Space::kNothing;
  std::int32_t step = 0;
  std::int64_t at = 0;
};

// n items of one operation. Items do not depend on each other.
struct Step {
  static constexpr int kMostViews = 9;
  std::int32_t op = 0, n = 0, n_views = 0;  // op: a place in the program's list
  std::int64_t function = 0;                // where the constants of its function begin
  View views[kMostViews];
};

struct Program {
  std::vector<std::string> ops;  // the operations that occur, as their types are called
  std::vector<Step> steps;
  std::vector<std::byte> constants;
};

// An operand as a pass has it in its hands: `bytes` of it for each item, `step` bytes further from item to item.
struct Operand {
  enum Use { kRead, kWritten, kAddedTo };
  const void* at;
  Index step, bytes;
  Use use;
};

// Whether this build writes programs down: one without engines for devices has nobody to read them.
#if defined(NFLOWS_RECORDS)
inline constexpr bool kRecords = true;
#else
inline constexpr bool kRecords = false;
#endif

// What an operation is called; `small` if its function says so of itself: a device may have a lighter one for it.
struct OpName {
  const char* type;
  bool small;
};
inline constexpr char kSmallOp[] = "/small";  // behind the names of small ones

class Recorder {
 public:
  // A stretch of memory, which space it is, and the bytes of what that space counts in.
  struct Region {
    Space space;
    const void* begin;
    Index bytes, unit;
  };

  explicit Recorder(std::vector<Region> regions);
  ~Recorder();
  Recorder(const Recorder&) = delete;
  Recorder& operator=(const Recorder&) = delete;

  // What is recording on this thread, or null; and whether anything is on any thread, which is known sooner.
  static Recorder* current();
  static bool any() { return standing_.load(std::memory_order_relaxed) > 0; }

  // n items of an operation; `function` is the `bytes` bytes of its own constants. Continues the last
  // step where that is the same one, a step before.
  void step(OpName name, const void* function, Index bytes, Index n, const Operand* operands,
            Index n_operands);

  Program take() { return std::move(program_); }

 private:
  // A copy among the program's constants, where memory ends up that no region holds.
  Index constant(const void* from, Index bytes);
  View view(const Operand& operand, Index n);
  Step joined(Step last, const Step& next, const std::vector<Operand>& operands);
  bool independent(const Step& step, const std::vector<Operand>& operands) const;
  Index unit_of(Space space) const;

  static std::atomic<int> standing_;
  std::vector<Region> regions_;
  Program program_;
};

}  // namespace nflows
