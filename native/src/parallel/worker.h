// worker.h - one thread of the pool, as the threads that give it work see it.
#pragma once

#include <atomic>
#include <cstdint>

#include "parallel/launch.h"
#include "parallel/spin.h"

namespace safetensor {

// Whoever took the worker's bit out of the pool's idle sets owns it, and tells it exactly once
// what to do; then the worker is its own again. An order is kStayAwake or the ticket of a launch.
class alignas(kCacheLine) Worker {
 public:
  enum : uint32_t { kNone = 0, kStayAwake = 1 };

  // For the owner. asleep: it was taken from the sleepers.
  void run(Launch* launch, int task, bool asleep) noexcept {
    launch_ = launch;
    task_ = task;
    give(launch->ticket(), asleep);
  }
  void stay_awake(bool asleep) noexcept { give(kStayAwake, asleep); }

  // For the one that gave it the launch's task: true when the worker has not begun it yet, and now
  // will not. By now the worker may have another owner, whose order is another ticket.
  bool take_back(const Launch& launch) noexcept {
    uint32_t expected = launch.ticket();
    return order_.load(std::memory_order_relaxed) == expected &&
           order_.compare_exchange_strong(expected, kStayAwake, std::memory_order_acq_rel);
  }

  // For the worker itself. accept() gives the order, which may have changed since it came.
  bool has_order() const noexcept { return order_.load(std::memory_order_relaxed) != kNone; }
  uint32_t accept() noexcept { return order_.exchange(kNone, std::memory_order_acq_rel); }
  void sleep() const noexcept { futex_wait(&order_, kNone); }
  Launch* launch() const noexcept { return launch_; }
  int task() const noexcept { return task_; }

 private:
  void give(uint32_t order, bool asleep) noexcept {
    order_.store(order, std::memory_order_release);
    if (asleep) futex_wake_one(&order_);
  }

  std::atomic<uint32_t> order_{kNone};
  int task_ = 0;
  Launch* launch_ = nullptr;
};

}  // namespace safetensor
