// The thread pool: the only place that knows threads.
//
// * `parallel_for(n, threads, job)` runs job(item, worker) for every item, worker < threads; items are handed
// out one by
//   one, so nothing may depend on who runs what. Jobs must not throw.
// * Workers are started when first wanted and then wait: a short spin, because a training step ends within
// microseconds
//   of the next one's begin, then sleep.
// * One caller at a time owns the workers. A second caller (joblib's threads, say) finds them busy and runs
// its items
//   itself: no queue, no oversubscription, no deadlock.
// * Fork-safe: the child of a fork has none of its parent's threads and starts with a pool of its own.
#pragma once

#include <functional>

#include "core/panel.h"

namespace nflows {

void parallel_for(Index n_items, int threads, const std::function<void(Index item, int worker)>& job);

}  // namespace nflows
