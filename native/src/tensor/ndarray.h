// ndarray.h - TVM's NDArray: a DLTensor that counts references, at a fixed place in the object.
#pragma once

#include <cstdint>
#include <utility>
#include <vector>

#include "core/ref.h"
#include "safetensor_tvm.h"

namespace safetensor {

class NDArray final : public Object {
 public:
  static constexpr TypeIndex kTypeIndex = kTypeNDArray;

  // A view of memory on the CPU; owner (NULL: the host) keeps the memory alive.
  NDArray(void* data, DLDataType dtype, std::vector<int64_t> shape, Ref<Object> owner);

  static Ref<NDArray> allocate(DLDataType dtype, std::vector<int64_t> shape);
  static NDArray* from_handle(DLTensor* handle) noexcept {
    return static_cast<NDArray*>(object_of_tensor(handle));
  }

  DLTensor* handle() noexcept { return &tensor_; }
  const DLTensor& tensor() const noexcept { return tensor_; }
  void set_owner(Ref<Object> owner) noexcept { owner_ = std::move(owner); }

 private:
  DLTensor tensor_;  // directly after the header: hosts take the handle for a DLTensor*
  std::vector<int64_t> shape_;
  Ref<Object> owner_;
};

}  // namespace safetensor
