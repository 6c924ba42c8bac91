#include "tensor/storage.h"

#include <string.h>
#include <sys/mman.h>

#include <cstdint>
#include <cstdlib>
#include <new>

namespace safetensor {
namespace {

constexpr size_t kHugePage = size_t{2} << 20;

size_t round_up(size_t bytes, size_t unit) noexcept { return (bytes + unit - 1) / unit * unit; }

// Starts at a huge page's boundary: a block that does not gets none for its ends.
std::byte* map_huge(size_t length) {
  const size_t asked = length + kHugePage;
  void* pages = mmap(nullptr, asked, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (pages == MAP_FAILED) throw std::bad_alloc();
  auto* start = static_cast<std::byte*>(pages);
  const auto address = reinterpret_cast<uintptr_t>(start);
  const size_t before = round_up(address, kHugePage) - address;
  if (before > 0) munmap(start, before);
  const size_t after = asked - before - length;
  if (after > 0) munmap(start + before + length, after);
  madvise(start + before, length, MADV_HUGEPAGE);
  return start + before;
}

// Only what is there: to zero pages that were never touched would first fetch them.
void wipe_resident(std::byte* data, size_t length) noexcept {
  constexpr size_t kPage = 4096;
  unsigned char resident[kHugePage / kPage];
  for (size_t at = 0; at < length; at += kHugePage) {
    const bool known = mincore(data + at, kHugePage, resident) == 0;
    for (size_t page = 0; page < sizeof resident; ++page) {
      if (!known || (resident[page] & 1) != 0) explicit_bzero(data + at + page * kPage, kPage);
    }
  }
}

}  // namespace

Storage::Storage(size_t bytes) : data_(nullptr), size_(bytes), mapped_(0) {
  if (bytes > SIZE_MAX / 2) throw std::bad_alloc();
  if (bytes >= kHugePage) {
    mapped_ = round_up(bytes, kHugePage);
    data_ = map_huge(mapped_);
    return;
  }
  const size_t length = round_up(bytes == 0 ? 1 : bytes, kAlignment);
  data_ = static_cast<std::byte*>(std::aligned_alloc(kAlignment, length));
  if (data_ == nullptr) throw std::bad_alloc();
  memset(data_, 0, length);
}

Storage::~Storage() {
  if (mapped_ > 0) {
    wipe_resident(data_, mapped_);
    munmap(data_, mapped_);
  } else {
    explicit_bzero(data_, size_);
    std::free(data_);
  }
}

}  // namespace safetensor
