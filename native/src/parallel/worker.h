// worker.h - one thread of the pool, as the threads that give it work see it.
#pragma once

#include <atomic>
#include <cstdint>

#include "parallel/launch.h"
#include "parallel/spin.h"

namespace safetensor {

// Whoever took the worker's bit out of the pool's idle sets owns it, and tells it exactly once
// what to do; then the worker is its own again.
class alignas(kCacheLine) Worker {
 public:
  enum Order : uint32_t { kNone, kRun, kStayAwake };

  // For the owner. asleep: it was taken from the sleepers.
  void run(Launch* launch, int task, bool asleep) noexcept {
    launch_ = launch;
    task_ = task;
    give(kRun, asleep);
  }
  void stay_awake(bool asleep) noexcept { give(kStayAwake, asleep); }

  // For the worker itself.
  Order order() const noexcept {
    return static_cast<Order>(order_.load(std::memory_order_acquire));
  }
  void accept() noexcept { order_.store(kNone, std::memory_order_relaxed); }
  void sleep() const noexcept { futex_wait(&order_, kNone); }
  Launch* launch() const noexcept { return launch_; }
  int task() const noexcept { return task_; }

 private:
  void give(Order order, bool asleep) noexcept {
    order_.store(order, std::memory_order_release);
    if (asleep) futex_wake_one(&order_);
  }

  std::atomic<uint32_t> order_{kNone};
  int task_ = 0;
  Launch* launch_ = nullptr;
};

}  // namespace safetensor
