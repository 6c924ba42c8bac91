// Scratch memory of kernels: alignment, any order of freeing, and errors instead of aborts.
#include <cstdint>
#include <cstring>
#include <limits>
#include <random>
#include <thread>
#include <utility>
#include <vector>

#include "scratch.h"

namespace {

void aligned_and_apart() {
  struct Block {
    Bytes data;
    std::size_t size;
    unsigned char mark;
  };
  std::mt19937 random(7);
  std::vector<Block> blocks;
  for (int i = 0; i < 20000; ++i) {
    if (blocks.size() < 40 && random() % 2 == 0) {
      const std::size_t size = random() % 100 == 0 ? random() % (5 << 20) : random() % 9000;
      const Bytes data = take(size);
      CHECK(data != nullptr);
      CHECK(reinterpret_cast<uintptr_t>(data) % 128 == 0);
      const auto mark = static_cast<unsigned char>(i);
      if (size > 0) std::memset(data, mark, size);
      blocks.push_back({data, size, mark});
    } else if (!blocks.empty()) {
      // Mostly the last one, as kernels do, and sometimes any.
      const std::size_t chosen = random() % 4 == 0 ? random() % blocks.size() : blocks.size() - 1;
      const Block block = blocks[chosen];
      if (block.size > 0) {
        CHECK(block.data[0] == block.mark);
        CHECK(block.data[block.size - 1] == block.mark);
      }
      CHECK(give(block.data) == 0);
      blocks.erase(blocks.begin() + static_cast<std::ptrdiff_t>(chosen));
    }
  }
  for (const Block& block : blocks) CHECK(give(block.data) == 0);
}

void reused() {
  void* first = take(5000);
  CHECK(give(first) == 0);
  CHECK(take(5000) == first);
  CHECK(give(first) == 0);
}

void refused() {
  int local = 0;
  CHECK(give(&local) == -1);
  CHECK(last_error_text().find("was not allocated on this thread") != std::string::npos);
  CHECK(give(nullptr) == -1);

  void* below = take(100);
  void* above = take(100);
  CHECK(below != above);
  CHECK(give(below) == 0);
  CHECK(give(below) == -1);
  std::thread([&] { CHECK(give(above) == -1); }).join();
  CHECK(give(above) == 0);
  CHECK(give(above) == -1);

  CHECK(take(std::numeric_limits<uint64_t>::max()) == nullptr);
  CHECK(last_error_text().find("18446744073709551615 bytes") != std::string::npos);
#ifndef ST_SANITIZED  // the sanitizers' own allocators abort instead
  CHECK(take(uint64_t{1} << 60) == nullptr);
  CHECK(last_error_text() == "out of memory");
#endif
  CHECK(TVMBackendAllocWorkspace(kDLCUDA, 0, 64, kDLFloat, 32) == nullptr);
  CHECK(TVMBackendFreeWorkspace(kDLCUDA, 0, &local) == -1);
}

// A demand that has long passed is given back, and the pool goes on working.
void shrinks() {
  void* large = take(64 << 20);
  CHECK(large != nullptr);
  CHECK(give(large) == 0);
  for (int i = 0; i < 5000; ++i) {
    const Bytes small = take(1024);
    CHECK(small != nullptr);
    small[1023] = 1;
    CHECK(give(small) == 0);
  }
}

}  // namespace

int main() {
  aligned_and_apart();
  reused();
  refused();
  shrinks();
  std::thread(aligned_and_apart).join();
  return test_result();
}
