// Workspaces of tiles: one per thread that is at work, made on first need and kept for the next call.
#pragma once

#include <memory>
#include <mutex>
#include <vector>

#include "core/arena.h"
#include "core/panel.h"

namespace nflows {

// A tile goes through the whole flow at once. Eight panels, 128 rows, let each weight that comes from the
// outer cache serve 128 rows, and their rows of a 64 wide net still fit into the inner one.
inline constexpr Index kTilePanels = 8;

template <class T>
class Workspace {
 public:
  Workspace(Index rows, Index n_features, Index n_context)
      : rows_(rows),
        values_(rows * kLanes * kTilePanels),
        data_(n_features * kLanes * kTilePanels),
        context_(n_context * kLanes * kTilePanels),
        totals_(kLanes * kTilePanels) {}

  Panels<T> panels(Index count) { return dense_panels(values_.data(), rows_, count); }

  // Dense room for the tile's data, coming or going, and for its context.
  T* data() { return data_.data(); }
  T* context() { return context_.data(); }

  // One number per row, zeroed.
  Panels<double> totals(Index count) {
    std::fill_n(totals_.data(), count * kLanes, 0.0);
    return dense_panels(totals_.data(), 1, count);
  }

 private:
  Index rows_;
  Arena<T> values_, data_, context_;
  Arena<double> totals_;
};

// Lends workspaces to calls that may run at the same time on one flow.
template <class T>
class WorkspacePool {
 public:
  using Lent = std::vector<std::unique_ptr<Workspace<T>>>;

  Lent borrow(int n, Index rows, Index n_features, Index n_context) {
    Lent lent;
    {
      const std::lock_guard<std::mutex> lock(mutex_);
      while (!free_.empty() && static_cast<int>(lent.size()) < n) {
        lent.push_back(std::move(free_.back()));
        free_.pop_back();
      }
    }
    while (static_cast<int>(lent.size()) < n)
      lent.push_back(std::make_unique<Workspace<T>>(rows, n_features, n_context));
    return lent;
  }

  void give_back(Lent lent) {
    const std::lock_guard<std::mutex> lock(mutex_);
    for (auto& workspace : lent) free_.push_back(std::move(workspace));
  }

 private:
  std::mutex mutex_;
  Lent free_;
};

}  // namespace nflows
