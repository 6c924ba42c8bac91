// storage.h - a block of memory that tensors share.
#pragma once

#include <cstddef>

#include "core/ref.h"

namespace safetensor {

// What generated code may assume of a buffer differs between releases; this satisfies all of them.
constexpr size_t kAlignment = 128;

// Zeros at first, and zeros when it is given back: it held weights, what was computed from weights,
// or a host's data.
class Storage final : public Object {
 public:
  explicit Storage(size_t bytes);
  ~Storage();

  std::byte* data() const noexcept { return data_; }
  size_t size() const noexcept { return size_; }

 private:
  std::byte* data_;
  size_t size_;
  size_t mapped_;  // the length of the mapping, 0 for memory from the heap
};

}  // namespace safetensor
