// spin.h - waiting for another thread without and with the kernel's help.
#pragma once

#include <linux/futex.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <limits>

namespace safetensor {

// Apart from each other, so that two threads do not pull one cache line to and fro.
constexpr std::size_t kCacheLine = 64;

inline void cpu_pause() noexcept {
#if defined(__x86_64__) || defined(__i386__)
  __builtin_ia32_pause();
#elif defined(__aarch64__)
  asm volatile("isb" ::: "memory");  // "yield" returns at once on most ARM cores
#endif
}

// Sleeps while *word holds expected; may return early. The atomic carries the memory ordering.
inline void futex_wait(const std::atomic<uint32_t>* word, uint32_t expected) noexcept {
  syscall(SYS_futex, word, FUTEX_WAIT_PRIVATE, expected, nullptr, nullptr, 0);
}

// Only the address matters: the word may be gone already when its owner needed no waking.
inline void futex_wake_one(const std::atomic<uint32_t>* word) noexcept {
  syscall(SYS_futex, word, FUTEX_WAKE_PRIVATE, 1, nullptr, nullptr, 0);
}

inline void futex_wake_all(const std::atomic<uint32_t>* word) noexcept {
  constexpr int everyone = std::numeric_limits<int>::max();
  syscall(SYS_futex, word, FUTEX_WAKE_PRIVATE, everyone, nullptr, nullptr, 0);
}

}  // namespace safetensor
