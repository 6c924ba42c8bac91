// extra_threads.h - threads for one launch that needs more tasks at once than workers are idle.
#pragma once

#include <atomic>
#include <thread>
#include <vector>

#include "parallel/launch.h"

namespace safetensor {

// Starts a thread for each of the tasks first .. end-1; none runs its task before go(). When one
// cannot be started the others are sent home and ready() is false.
class ExtraThreads {
 public:
  ExtraThreads(Launch* launch, int first, int end);
  ~ExtraThreads() { dismiss(); }
  ExtraThreads(const ExtraThreads&) = delete;
  ExtraThreads& operator=(const ExtraThreads&) = delete;

  bool ready() const noexcept { return ready_; }
  void go() noexcept;
  void join() noexcept;

 private:
  enum Gate : uint32_t { kClosed, kOpen, kCancelled };

  void wait_and_run(int task) noexcept;
  void dismiss() noexcept;
  void set(Gate gate) noexcept;

  Launch* launch_;
  bool ready_ = true;
  std::atomic<uint32_t> gate_{kClosed};
  std::vector<std::thread> threads_;
};

}  // namespace safetensor
