#include "parallel/workspace.h"

#include <sched.h>
#include <string.h>
#include <sys/mman.h>

#include <algorithm>
#include <cstdlib>
#include <limits>
#include <new>
#include <sstream>

#include "core/error.h"
#include "core/thread_slot.h"
#include "parallel/spin.h"
#include "safetensor_tvm.h"

namespace safetensor {
namespace {

constexpr std::size_t kPage = 4096;
constexpr std::size_t kHugePage = std::size_t{2} << 20;
constexpr std::size_t kSmallestChunk = 64 << 10;
constexpr int kDemandWindow = 1024;  // how often the stack runs empty between looks at the demand
constexpr int kPauses = 1000;        // before the CPU is left to the thread that wipes

std::size_t round_up(std::size_t bytes, std::size_t unit) {
  return (bytes + unit - 1) / unit * unit;
}

}  // namespace

void* Workspace::allocate(uint64_t bytes) {
  if (bytes > std::numeric_limits<std::size_t>::max() / 4) {
    throw Error("a kernel asks for a workspace of " + std::to_string(bytes) + " bytes");
  }
  const std::size_t size = round_up(std::max<std::size_t>(bytes, 1), kAlignment);
  if (!blocks_.empty()) return push(size);
  enter();
  try {
    return push(size);
  } catch (...) {
    leave();
    throw;
  }
}

void* Workspace::push(std::size_t size) {
  std::size_t chunk = current_;
  while (chunk < chunks_.size() && chunks_[chunk].size - chunks_[chunk].used < size) ++chunk;
  if (chunk == chunks_.size()) add_chunk(size);

  Chunk& home = chunks_[chunk];
  std::byte* start = home.base + home.used;
  blocks_.push_back({start, chunk, false});
  current_ = chunk;
  home.used += size;
  home.dirty = std::max(home.dirty, home.used);
  in_use_ += size;
  peak_ = std::max(peak_, in_use_);
  return start;
}

void Workspace::release(void* pointer) {
  for (std::size_t i = blocks_.size(); i-- > 0;) {
    Block& block = blocks_[i];
    if (block.start != pointer || block.free) continue;
    block.free = true;
    if (i + 1 == blocks_.size()) pop_free_blocks();
    return;
  }
  std::ostringstream text;
  text << "workspace " << pointer << " was not allocated on this thread, or is free already";
  throw Error(text.str());
}

std::size_t Workspace::height() noexcept {
  const Workspace* own = ThreadSlot<Workspace>::find();
  return own != nullptr ? own->blocks_.size() : 0;
}

void Workspace::release_above(std::size_t height) noexcept {
  if (Workspace::height() <= height) return;  // an empty one may be somebody else's to wipe now
  Workspace& own = *ThreadSlot<Workspace>::find();
  for (std::size_t i = height; i < own.blocks_.size(); ++i) own.blocks_[i].free = true;
  own.pop_free_blocks();
}

void Workspace::pop_free_blocks() noexcept {
  while (!blocks_.empty() && blocks_.back().free) {
    const Block& last = blocks_.back();
    Chunk& home = chunks_[last.chunk];
    const auto offset = static_cast<std::size_t>(last.start - home.base);
    in_use_ -= home.used - offset;
    home.used = offset;
    blocks_.pop_back();
    current_ = blocks_.empty() ? 0 : blocks_.back().chunk;
  }
  if (!blocks_.empty()) return;
  settle();
  leave();
}

void Workspace::enter() noexcept {
  for (int i = 0;; ++i) {
    State state = State::kIdle;
    if (state_.compare_exchange_weak(state, State::kInUse, std::memory_order_acquire)) return;
    if (i < kPauses) {
      cpu_pause();
    } else {
      sched_yield();
    }
  }
}

void Workspace::leave() noexcept {
  State in_use = State::kInUse;
  if (state_.compare_exchange_strong(in_use, State::kIdle, std::memory_order_release,
                                     std::memory_order_relaxed)) {
    return;
  }
  wipe();  // was asked for meanwhile
  state_.store(State::kIdle, std::memory_order_release);
}

void Workspace::wipe() noexcept {
  for (Chunk& chunk : chunks_) {
    explicit_bzero(chunk.base, chunk.dirty);
    chunk.dirty = 0;
  }
}

// With nothing in use: makes one chunk of several, and gives back what is no longer needed.
void Workspace::settle() noexcept {
  wanted_ = std::max(wanted_, peak_);
  if (++times_empty_ >= kDemandWindow) {
    if (peak_ < wanted_ / 4) {
      wanted_ = peak_;
      if (capacity() > kSmallestChunk) drop_chunks();
    }
    times_empty_ = 0;
    peak_ = 0;
  }
  if (chunks_.size() > 1) drop_chunks();
}

void Workspace::add_chunk(std::size_t bytes) {
  std::size_t size = std::max({bytes, chunks_.empty() ? wanted_ : 0, kSmallestChunk});
  const std::size_t unit = size >= kHugePage ? kHugePage : kPage;
  size = round_up(size, unit);
  chunks_.reserve(chunks_.size() + 1);
  void* memory = std::aligned_alloc(unit, size);
  if (memory == nullptr) throw std::bad_alloc();
  if (unit == kHugePage) madvise(memory, size, MADV_HUGEPAGE);  // a hint: it may be refused
  chunks_.push_back({static_cast<std::byte*>(memory), size, 0, 0});
}

void Workspace::drop_chunks() noexcept {
  wipe();
  for (const Chunk& chunk : chunks_) std::free(chunk.base);
  chunks_.clear();
  current_ = 0;
}

std::size_t Workspace::capacity() const noexcept {
  std::size_t total = 0;
  for (const Chunk& chunk : chunks_) total += chunk.size;
  return total;
}

namespace {

void check_device(const char* function, int type) {
  if (type == kDLCPU) return;
  throw Error(std::string(function) + ": device type " + std::to_string(type) +
              "; this runtime has only the CPU (1)");
}

}  // namespace
}  // namespace safetensor

using namespace safetensor;

void* TVMBackendAllocWorkspace(int device_type, int /*device_id*/, uint64_t nbytes,
                               int /*dtype_code_hint*/, int /*dtype_bits_hint*/) {
  void* memory = nullptr;
  guarded([&] {
    check_device("TVMBackendAllocWorkspace", device_type);
    memory = ThreadSlot<Workspace>::get().allocate(nbytes);
  });
  return memory;
}

int TVMBackendFreeWorkspace(int device_type, int /*device_id*/, void* ptr) {
  return guarded([&] {
    check_device("TVMBackendFreeWorkspace", device_type);
    ThreadSlot<Workspace>::get().release(ptr);
  });
}

void SafeTensorFreeWorkspaces() { Workspace::release_above(0); }
