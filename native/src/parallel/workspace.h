// workspace.h - scratch memory of compiled kernels, a stack for each thread.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

namespace safetensor {

// Kernels free what they took last first, and that costs a few instructions; any other order is
// accepted, and the memory is reused once everything above it is free. The memory stays with the
// thread as long as its kernels need that much. It may hold repacked weights: it is overwritten
// with zeros before it goes back to the system.
class Workspace {
 public:
  static constexpr std::size_t kAlignment = 128;

  Workspace() = default;
  ~Workspace();
  Workspace(const Workspace&) = delete;
  Workspace& operator=(const Workspace&) = delete;

  // Uninitialised memory. Throws std::bad_alloc, or Error for an absurd size.
  void* allocate(uint64_t bytes);

  // Throws Error when pointer is no live block of this thread.
  void release(void* pointer);

  std::size_t capacity() const noexcept;  // bytes held from the system

 private:
  struct Chunk {
    std::byte* base;
    std::size_t size;
    std::size_t used;   // up to here are blocks
    std::size_t dirty;  // up to here it was ever written
  };
  struct Block {
    std::byte* start;
    std::size_t chunk;
    bool free;
  };

  void add_chunk(std::size_t bytes);
  void drop_chunks() noexcept;
  void pop_free_blocks() noexcept;
  void settle() noexcept;

  std::vector<Chunk> chunks_;
  std::vector<Block> blocks_;  // in the order of their allocation
  std::size_t current_ = 0;    // the chunk of the last block
  std::size_t in_use_ = 0;
  std::size_t peak_ = 0;    // of in_use_, since the last look at the demand
  std::size_t wanted_ = 0;  // what one chunk should hold
  int times_empty_ = 0;
};

}  // namespace safetensor
