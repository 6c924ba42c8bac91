// storage.h - a block of memory that tensors share.
#pragma once

#include <cstddef>

#include "core/ref.h"

namespace safetensor {

// What generated code may assume of a buffer differs between releases; this satisfies all of them.
constexpr size_t kAlignment = 128;

// Zeros at first. A block that may hold weights is overwritten before it is given back.
class Storage final : public Object {
 public:
  enum class Holds { kActivations, kWeights };

  Storage(size_t bytes, Holds holds);
  ~Storage();

  std::byte* data() const noexcept { return data_; }
  size_t size() const noexcept { return size_; }

 private:
  std::byte* data_;
  size_t size_;
  size_t mapped_;  // the length of the mapping, 0 for memory from the heap
  Holds holds_;
};

}  // namespace safetensor
