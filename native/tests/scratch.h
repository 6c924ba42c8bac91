// scratch.h - takes and gives back scratch memory as kernels do, and wipes it from other threads.
#pragma once

#include <algorithm>
#include <atomic>
#include <cstdint>
#include <cstring>
#include <thread>

#include "check.h"

using Bytes = unsigned char*;

inline Bytes take(uint64_t bytes) {
  return static_cast<Bytes>(TVMBackendAllocWorkspace(kDLCPU, 0, bytes, kDLFloat, 32));
}

inline int give(void* block) { return TVMBackendFreeWorkspace(kDLCPU, 0, block); }

inline Bytes take_filled(std::size_t size, unsigned char mark) {
  const Bytes block = take(size);
  CHECK(block != nullptr);
  std::memset(block, mark, size);
  return block;
}

// Also of memory that is free again: the thread keeps it.
inline bool holds(const unsigned char* data, std::size_t size, unsigned char mark) {
  return std::all_of(data, data + size, [mark](unsigned char byte) { return byte == mark; });
}

inline void wipe_on_another_thread() { std::thread(SafeTensorWipeWorkspaces).join(); }

// Wipes without a pause as long as it lives.
class Wiper {
 public:
  ~Wiper() {
    stop_ = true;
    thread_.join();
  }

 private:
  std::atomic<bool> stop_{false};
  std::thread thread_{[this] {
    while (!stop_) SafeTensorWipeWorkspaces();
  }};
};
