// idle_set.h - a set of workers from which any thread can take several at once.
#pragma once

#include <array>
#include <atomic>
#include <cstdint>

#include "parallel/spin.h"

namespace safetensor {

constexpr int kMostWorkers = 256;
constexpr int kWorkerWords = kMostWorkers / 64;

// A thread's own set of workers.
using WorkerMask = std::array<uint64_t, kWorkerWords>;

class IdleSet {
 public:
  void add(int worker) noexcept {
    words_[worker / 64].fetch_or(bit(worker), std::memory_order_acq_rel);
  }

  // False when another thread took it first.
  bool remove(int worker) noexcept {
    const uint64_t before = words_[worker / 64].fetch_and(~bit(worker), std::memory_order_acq_rel);
    return (before & bit(worker)) != 0;
  }

  // Moves up to most workers into taken, the lowest first so that the others can go to sleep.
  // Returns how many.
  int take(int most, WorkerMask* taken) noexcept {
    int count = 0;
    for (int i = 0; i < kWorkerWords && count < most; ++i) {
      uint64_t present = words_[i].load(std::memory_order_acquire);
      while (present != 0) {
        const uint64_t wanted = lowest(present, most - count);
        if (words_[i].compare_exchange_weak(present, present & ~wanted,
                                            std::memory_order_acq_rel)) {
          (*taken)[i] |= wanted;
          count += __builtin_popcountll(wanted);
          break;
        }
      }
    }
    return count;
  }

 private:
  static uint64_t bit(int worker) noexcept { return uint64_t{1} << (worker % 64); }

  static uint64_t lowest(uint64_t bits, int most) noexcept {
    uint64_t rest = bits;
    for (int i = 0; i < most && rest != 0; ++i) rest &= rest - 1;
    return bits & ~rest;
  }

  alignas(kCacheLine) std::array<std::atomic<uint64_t>, kWorkerWords> words_{};
};

// Calls visit(worker) for every worker in the mask.
template <typename Visit>
void for_each_worker(const WorkerMask& mask, Visit&& visit) {
  for (int i = 0; i < kWorkerWords; ++i) {
    for (uint64_t rest = mask[i]; rest != 0; rest &= rest - 1) {
      visit(i * 64 + __builtin_ctzll(rest));
    }
  }
}

}  // namespace safetensor
