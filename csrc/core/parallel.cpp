#include "core/parallel.h"

#include <pthread.h>

#include <algorithm>
#include <atomic>
#include <cstdint>
#include <mutex>
#include <thread>
#include <vector>

namespace nflows {
namespace {

inline void pause() {
#if defined(__x86_64__)
  __builtin_ia32_pause();
#elif defined(__aarch64__)
  asm volatile("yield");
#endif
}

// Waits until `word` is no longer `old`: some hundred microseconds of spinning, the gap between two training steps
// or two blocks of rows, then sleep. A thread that sleeps may be woken on its caller's core and share it for
// milliseconds; for the same reason a thread that spins offers its core now and then.
template <class Word>
void wait_while(const std::atomic<Word>& word, Word old) {
  constexpr int kSpins = 30000, kSpinsPerYield = 500;
  for (int i = 1; i <= kSpins; ++i) {
    if (word.load(std::memory_order_acquire) != old) return;
    i % kSpinsPerYield ? pause() : std::this_thread::yield();
  }
  word.wait(old, std::memory_order_acquire);
}

class Pool {
 public:
  void run(Index n_items, int threads, const std::function<void(Index, int)>& job) {
    std::unique_lock<std::mutex> owner(owner_, std::try_to_lock);
    if (!owner.owns_lock()) threads = 1;
    threads = static_cast<int>(std::min<Index>(std::min(threads, kMaxThreads), n_items));
    if (threads > 1) threads = 1 + grow(threads - 1);
    if (threads <= 1) {
      for (Index item = 0; item < n_items; ++item) job(item, 0);
      return;
    }
    job_ = &job;
    n_items_ = n_items;
    next_.store(0, std::memory_order_relaxed);
    pending_.store(threads - 1, std::memory_order_relaxed);
    call_.store((call_.load(std::memory_order_relaxed) / kMaxThreads + 1) * kMaxThreads + (threads - 1),
                std::memory_order_release);
    call_.notify_all();
    work(0);
    for (int left; (left = pending_.load(std::memory_order_acquire)) != 0;) wait_while(pending_, left);
  }

 private:
  static constexpr int kMaxThreads = 256;

  // Starts workers up to `wanted`; returns how many of those there are (a machine may refuse more threads).
  int grow(int wanted) {
    while (static_cast<int>(n_workers_) < wanted) {
      try {
        const std::uint32_t seen = call_.load(std::memory_order_relaxed);
        std::thread(&Pool::live, this, n_workers_ + 1, seen).detach();
        ++n_workers_;
      } catch (const std::system_error&) {
        break;
      }
    }
    return std::min(wanted, n_workers_);
  }

  // One word says both that there is a new call and for how many workers: read apart, a late worker could
  // pair one call's number with the next one's count.
  void live(int worker, std::uint32_t seen) {
    for (;;) {
      wait_while(call_, seen);
      seen = call_.load(std::memory_order_acquire);
      if (worker > static_cast<int>(seen % kMaxThreads)) continue;
      work(worker);
      if (pending_.fetch_sub(1, std::memory_order_acq_rel) == 1) pending_.notify_one();
    }
  }

  void work(int worker) {
    for (Index item; (item = next_.fetch_add(1, std::memory_order_relaxed)) < n_items_;)
      (*job_)(item, worker);
  }

  std::mutex owner_;
  int n_workers_ = 0;
  std::atomic<std::uint32_t> call_{0};
  std::atomic<int> pending_{0};
  std::atomic<Index> next_{0};
  Index n_items_ = 0;
  const std::function<void(Index, int)>* job_ = nullptr;
};

// Never destroyed: sleeping workers hold its address until the process ends. A fork's child takes a new one,
// for the old one's workers, and perhaps the holder of its lock, exist in the parent only.
Pool* pool = nullptr;

Pool& the_pool() {
  static const bool once = [] {
    pool = new Pool;
    pthread_atfork(nullptr, nullptr, [] { pool = new Pool; });
    return true;
  }();
  (void)once;
  return *pool;
}

}  // namespace

void parallel_for(Index n_items, int threads, const std::function<void(Index, int)>& job) {
  the_pool().run(n_items, threads, job);
}

}  // namespace nflows
