// thread_pool.h - the threads that run compiled code's parallel loops.
//
// The process has one pool, and any number of threads may launch at once. A launch takes the
// workers that are idle at that moment, runs one task itself and one on each of them; it never
// waits for a worker that is busy with another launch.
//   - When the caller leaves the number of tasks open (TVM's code always does), it is what the
//     loop is worth: a loop too short to be shared runs alone on the calling thread, and so does
//     a loop inside a task. TVM's kernels compute the same bits however many tasks there are.
//   - When the caller fixes it, all tasks run at the same time even if more threads are needed
//     than are idle: tasks may wait for each other at a barrier, so two of them cannot share a
//     thread. The missing threads are started for that launch alone.
//   - A launcher that has done its own task does those that its workers have not begun.
// Workers are started when a launch first wants them, are never joined, and change no affinity.
#pragma once

#include <array>
#include <atomic>
#include <mutex>

#include "parallel/idle_set.h"
#include "parallel/kernel_times.h"
#include "parallel/launch.h"
#include "parallel/worker.h"
#include "safetensor_tvm.h"

namespace safetensor {

class ThreadPool {
 public:
  static constexpr int kMostTasks = 1024;

  // Never destroyed: workers outlive every static destructor.
  static ThreadPool& instance();

  // 0, or -1 with the calling thread's last error set when a task failed. Throws Error when the
  // tasks cannot be started; then none has run.
  int launch(FTVMParallelLambda kernel, void* data, int tasks);

  // How many threads a launch of the calling thread uses at most.
  int threads() const noexcept;

  // Lets the calling thread's launches use at most this many threads; 0: as many as there are.
  static void limit_threads(int most) noexcept;

 private:
  // Workers that are this thread's to command.
  struct Crew {
    WorkerMask awake{};
    WorkerMask asleep{};
    int size = 0;
  };

  explicit ThreadPool(int width) noexcept : width_(width) {}
  static void begin_anew() noexcept;

  int launch_shared(FTVMParallelLambda kernel, void* data);
  int launch_exactly(FTVMParallelLambda kernel, void* data, int tasks);
  int run_timed(FTVMParallelLambda kernel, void* data, KernelTime& time);

  void gather(int most, bool wake, Crew* crew) noexcept;
  void start_workers(int most, Crew* crew) noexcept;
  void set_to_work(const Crew& crew, Launch* launch) noexcept;  // tasks 1 .. crew.size
  void take_part(const Crew& crew, Launch* launch) noexcept;    // task 0, and what is left over
  void rouse(int most) noexcept;

  void work(int worker) noexcept;
  void await_order(int worker, int* patience) noexcept;

  const int width_;
  IdleSet awake_;
  IdleSet asleep_;
  std::mutex start_mutex_;
  std::atomic<int> started_{0};
  std::array<Worker, kMostWorkers> workers_;
  KernelTimes times_;
};

}  // namespace safetensor
