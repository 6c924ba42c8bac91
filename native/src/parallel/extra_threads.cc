#include "parallel/extra_threads.h"

#include <exception>

namespace safetensor {

ExtraThreads::ExtraThreads(Launch* launch, int first, int end) : launch_(launch) {
  try {
    threads_.reserve(static_cast<std::size_t>(end - first));
    for (int task = first; task < end; ++task) {
      threads_.emplace_back([this, task] { wait_and_run(task); });
    }
  } catch (const std::exception&) {
    ready_ = false;
    dismiss();
  }
}

void ExtraThreads::wait_and_run(int task) noexcept {
  while (gate_.load(std::memory_order_acquire) == kClosed) futex_wait(&gate_, kClosed);
  if (gate_.load(std::memory_order_acquire) != kOpen) return;
  launch_->run(task);
  launch_->finish();
}

void ExtraThreads::go() noexcept { set(kOpen); }

void ExtraThreads::join() noexcept {
  for (std::thread& thread : threads_) thread.join();
  threads_.clear();
}

void ExtraThreads::dismiss() noexcept {
  if (threads_.empty()) return;
  set(kCancelled);
  join();
}

void ExtraThreads::set(Gate gate) noexcept {
  gate_.store(gate, std::memory_order_release);
  futex_wake_all(&gate_);
}

}  // namespace safetensor
