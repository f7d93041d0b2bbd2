#include "core/program.h"

#include <algorithm>
#include <cstring>

#include "core/check.h"

namespace nflows {
namespace {

thread_local Recorder* recording = nullptr;

// The bytes from an operand's first item to the end of its last.
Index extent(const Operand& operand, Index n) { return operand.step * (n - 1) + operand.bytes; }

bool overlap(std::int64_t a, Index n_a, std::int64_t b, Index n_b) { return a < b + n_b && b < a + n_a; }

}  // namespace

Recorder::Recorder(std::vector<Region> regions) : regions_(std::move(regions)) {
  check(recording == nullptr, "program: a recording is under way already");
  recording = this;
  ++standing_;
}

Recorder::~Recorder() {
  recording = nullptr;
  --standing_;
}

constinit std::atomic<int> Recorder::standing_{0};

Recorder* Recorder::current() { return recording; }

Index Recorder::constant(const void* from, Index bytes) {
  constexpr Index kAligned = 16;
  std::vector<std::byte>& all = program_.constants;
  const auto* first = static_cast<const std::byte*>(from);
  const Index at = static_cast<Index>(all.size());
  all.insert(all.end(), first, first + bytes);
  all.resize((all.size() + kAligned - 1) / kAligned * kAligned);
  return at;
}

View Recorder::view(const Operand& operand, Index n) {
  if (operand.at == nullptr) return {};
  const auto* at = static_cast<const std::byte*>(operand.at);
  for (const Region& region : regions_) {
    const auto* begin = static_cast<const std::byte*>(region.begin);
    if (at < begin || at >= begin + region.bytes) continue;
    return {region.space, static_cast<std::int32_t>(operand.step / region.unit), (at - begin) / region.unit};
  }
  check(operand.use == Operand::kRead, "program: a step writes to memory that is none of the pass's");
  return {Space::kConstants, static_cast<std::int32_t>(operand.step), constant(at, extent(operand, n))};
}

void Recorder::step(OpName name, const void* function, Index bytes, Index n, const Operand* operands,
                    Index n_operands) {
  if (n == 0) return;
  Program& program = program_;
  const std::string op = std::string(name.type) + (name.small ? kSmallOp : "");
  auto found = std::find(program.ops.begin(), program.ops.end(), op);
  if (found == program.ops.end()) found = program.ops.insert(found, op);

  Step next;
  next.op = static_cast<std::int32_t>(found - program.ops.begin());
  next.n = static_cast<std::int32_t>(n);
  const std::size_t constants = program.constants.size();
  next.function = constant(function, bytes);
  View* view = next.views;
  const std::vector<Operand> own(operands, operands + n_operands);
  for (const Operand& operand : own) *view++ = this->view(operand, n);
  next.n_views = static_cast<std::int32_t>(view - next.views);

  check(n == 1 || independent(next, own), "program: items of a step share what they write");
  Step* last = program.steps.empty() ? nullptr : &program.steps.back();
  if (last != nullptr && last->op == next.op && n == 1 &&
      std::memcmp(&program.constants[last->function], function, static_cast<std::size_t>(bytes)) == 0) {
    if (const Step both = joined(*last, next, own); both.n > 0) {
      *last = both;
      program.constants.resize(constants);
      return;
    }
  }
  program.steps.push_back(next);
}

// The last step and one item more, or no items if that is not what the next one is.
Step Recorder::joined(Step step, const Step& next, const std::vector<Operand>& operands) {
  for (int i = 0; i < step.n_views; ++i) {
    View& view = step.views[i];
    const View& more = next.views[i];
    if (view.space != more.space || view.space == Space::kConstants) return {};
    if (step.n == 1) view.step = static_cast<std::int32_t>(more.at - view.at);
    if (view.at + std::int64_t{step.n} * view.step != more.at) return {};
  }
  ++step.n;
  return independent(step, operands) ? step : Step{};
}

// No item reads or writes what another one writes.
bool Recorder::independent(const Step& step, const std::vector<Operand>& operands) const {
  const auto range = [&](int i) {
    const View& view = step.views[i];
    const Index unit = unit_of(view.space), size = (operands[i].bytes + unit - 1) / unit;
    const std::int64_t reach = static_cast<std::int64_t>(step.n - 1) * view.step;
    return std::pair{view.at + std::min<std::int64_t>(reach, 0), std::abs(reach) + size};
  };
  for (int w = 0; w < step.n_views; ++w) {
    if (operands[w].at == nullptr || operands[w].use == Operand::kRead) continue;
    if (operands[w].use == Operand::kAddedTo && step.views[w].space == Space::kTotals) continue;
    const View& written = step.views[w];
    const Index unit = unit_of(written.space);
    if (std::abs(written.step) * unit < operands[w].bytes) return false;  // items would share it
    for (int i = 0; i < step.n_views; ++i) {
      const View& other = step.views[i];
      if (i == w || other.space != written.space) continue;
      const auto [a, n_a] = range(w);
      const auto [b, n_b] = range(i);
      const bool same =
          other.at == written.at && other.step == written.step && operands[i].bytes <= operands[w].bytes;
      if (!same && overlap(a, n_a, b, n_b)) return false;
    }
  }
  return true;
}

Index Recorder::unit_of(Space space) const {
  for (const Region& region : regions_)
    if (region.space == space) return region.unit;
  return 1;
}

}  // namespace nflows
