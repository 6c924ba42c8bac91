// launch.h - one parallel loop that is running: its tasks, their barrier and what went wrong.
#pragma once

#include <atomic>
#include <cstdint>
#include <mutex>
#include <string>

#include "parallel/spin.h"
#include "safetensor_tvm.h"

namespace safetensor {

// How many tasks the calling thread is inside of.
inline thread_local int task_depth = 0;

// Lives on the launching thread's stack. For every task there is a thread, so that tasks may wait
// for each other.
class Launch {
 public:
  Launch(FTVMParallelLambda kernel, void* data, int tasks) noexcept;
  Launch(const Launch&) = delete;
  Launch& operator=(const Launch&) = delete;

  // Tells the launch from every other one that is running; never 0 or 1.
  uint32_t ticket() const noexcept { return ticket_; }

  // Runs one task on the calling thread. What it fails with is recorded here before finish().
  void run(int task) noexcept;

  // Counts the calling thread's task as done: the thread may not touch the launch any more.
  void finish() noexcept;

  // Waits for about as long as it takes a worker that has its CPU to take up a task. True when
  // every task has finished.
  bool finishes_soon() const noexcept;

  // Waits until every task has finished.
  void wait() noexcept;

  // -1, with the calling thread's last error set, when a task failed. Only after wait().
  int outcome() const noexcept;

  // The time all tasks took together. Only after wait().
  uint64_t busy_ns() const noexcept { return busy_ns_.load(std::memory_order_relaxed); }

  // Waits until every task has come here as often as this one. -1 when one of them has failed
  // and so may never come.
  int barrier() noexcept;

  // The launch with which the runtime filled in env.
  static Launch* of(const TVMParallelGroupEnv& env) noexcept {
    return static_cast<Launch*>(env.sync_handle);
  }

 private:
  void record_failure(int task) noexcept;

  FTVMParallelLambda kernel_;
  void* data_;
  TVMParallelGroupEnv env_;
  const uint32_t ticket_;
  std::mutex failure_mutex_;
  std::string failure_;   // of the lowest failing task
  int failed_task_ = -1;  // -1: none
  std::atomic<bool> failed_{false};
  std::atomic<uint64_t> busy_ns_{0};
  alignas(kCacheLine) std::atomic<uint32_t> unfinished_;  // top bit: the launcher sleeps on it
  alignas(kCacheLine) std::atomic<uint32_t> arrived_{0};
  alignas(kCacheLine) std::atomic<uint32_t> round_{0};
};

// Calls the kernel as the only task, on this thread. -1 with the last error set when it fails.
int run_alone(FTVMParallelLambda kernel, void* data) noexcept;

}  // namespace safetensor
