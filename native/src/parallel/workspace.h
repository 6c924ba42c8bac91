// workspace.h - scratch memory of compiled kernels, a stack for each thread.
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <vector>

namespace safetensor {

// Kernels free what they took last first, and that costs a few instructions; any other order is
// accepted, and the memory is reused once everything above it is free. The memory stays with the
// thread as long as its kernels need that much. It may hold repacked weights: it is overwritten
// with zeros before it goes back to the system, and when that is asked for.
class Workspace {
 public:
  static constexpr std::size_t kAlignment = 128;

  Workspace();
  ~Workspace();
  Workspace(const Workspace&) = delete;
  Workspace& operator=(const Workspace&) = delete;

  // Uninitialised memory. Throws std::bad_alloc, or Error for an absurd size.
  void* allocate(uint64_t bytes);

  // Throws Error when pointer is no live block of this thread.
  void release(void* pointer);

  // How many blocks the calling thread has, and giving back all that came after so many.
  static std::size_t height() noexcept;
  static void release_above(std::size_t height) noexcept;

  std::size_t capacity() const noexcept;  // bytes held from the system

  // Overwrites with zeros what the workspaces of all threads hold; any thread may call it. One that
  // has blocks is left alone: its own thread does it when the last of them is released.
  static void wipe_all();

 private:
  // A thread without blocks leaves its workspace to whoever wipes. It takes it back with its next
  // first block, and that and the release of the last one are all that costs an exchange.
  enum class State { kIdle, kInUse, kInUseWipeAsked, kBeingWiped };

  struct Chunk {
    std::byte* base;
    std::size_t size;
    std::size_t used;   // up to here are blocks
    std::size_t dirty;  // up to here it may hold something
  };
  struct Block {
    std::byte* start;
    std::size_t chunk;
    bool free;
  };

  void enter() noexcept;  // waits while it is being wiped
  void leave() noexcept;
  void wipe_or_ask() noexcept;
  void wipe() noexcept;

  void* push(std::size_t size);
  void add_chunk(std::size_t bytes);
  void drop_chunks() noexcept;
  void pop_free_blocks() noexcept;
  void settle() noexcept;

  std::atomic<State> state_{State::kIdle};
  std::vector<Chunk> chunks_;
  std::vector<Block> blocks_;  // in the order of their allocation
  std::size_t current_ = 0;    // the chunk of the last block
  std::size_t in_use_ = 0;
  std::size_t peak_ = 0;    // of in_use_, since the last look at the demand
  std::size_t wanted_ = 0;  // what one chunk should hold
  int times_empty_ = 0;

  Workspace* previous_ = nullptr;  // in the list of all, under its mutex
  Workspace* next_ = nullptr;
};

}  // namespace safetensor
