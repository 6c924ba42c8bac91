#include "parallel/kernel_times.h"

#include <algorithm>
#include <limits>

namespace safetensor {

void KernelTime::add(uint64_t sample_ns) noexcept {
  uint64_t sample = std::max<uint64_t>(sample_ns, 1);
  const uint64_t known = serial_ns();
  if (known != 0) sample = (known + std::min(sample, 8 * known) + 1) / 2;
  sample = std::min<uint64_t>(sample, std::numeric_limits<uint32_t>::max());
  serial_ns_.store(static_cast<uint32_t>(sample), std::memory_order_relaxed);
}

KernelTime& KernelTimes::of(FTVMParallelLambda kernel) noexcept {
  const void* key = reinterpret_cast<const void*>(kernel);
  const uint64_t hash = reinterpret_cast<uintptr_t>(key) * 0x9e3779b97f4a7c15U;
  const std::size_t home = hash >> (64 - kBits);
  for (std::size_t i = 0; i < kProbes; ++i) {
    KernelTime& time = times_[(home + i) % times_.size()];
    const void* found = time.kernel_.load(std::memory_order_relaxed);
    if (found == key) return time;
    if (found == nullptr &&
        (time.kernel_.compare_exchange_strong(found, key, std::memory_order_relaxed) ||
         found == key)) {
      return time;
    }
  }
  KernelTime& time = times_[home];
  time.kernel_.store(key, std::memory_order_relaxed);
  time.serial_ns_.store(0, std::memory_order_relaxed);
  return time;
}

}  // namespace safetensor
