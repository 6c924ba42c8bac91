// kernel_times.h - how long each parallel loop takes on one thread, as measured lately.
#pragma once

#include <array>
#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdint>

#include "safetensor_tvm.h"

namespace safetensor {

inline uint64_t now_ns() noexcept {
  return static_cast<uint64_t>(std::chrono::duration_cast<std::chrono::nanoseconds>(
                                   std::chrono::steady_clock::now().time_since_epoch())
                                   .count());
}

// One loop's time. Threads that write at once may lose a sample, which does no harm.
class KernelTime {
 public:
  uint32_t serial_ns() const noexcept { return serial_ns_.load(std::memory_order_relaxed); }

  // Moves half way to the sample. A sample counts for at most eight times the present time: a
  // thread that lost its CPU for a while must not make a tiny loop look worth many threads.
  void add(uint64_t sample_ns) noexcept;

 private:
  friend class KernelTimes;
  std::atomic<const void*> kernel_{nullptr};
  std::atomic<uint32_t> serial_ns_{0};  // 0: not measured yet
};

// A table of fixed size without locks. When a neighbourhood is full the newcomer displaces one
// loop, which is then measured anew.
class KernelTimes {
 public:
  KernelTime& of(FTVMParallelLambda kernel) noexcept;

 private:
  static constexpr std::size_t kBits = 12;
  static constexpr std::size_t kProbes = 4;

  std::array<KernelTime, std::size_t{1} << kBits> times_;
};

}  // namespace safetensor
