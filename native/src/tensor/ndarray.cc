#include "tensor/ndarray.h"

#include <utility>

#include "core/dtype.h"
#include "tensor/storage.h"

namespace safetensor {

NDArray::NDArray(void* data, DLDataType dtype, std::vector<int64_t> shape, Ref<Object> owner)
    : shape_(std::move(shape)), owner_(std::move(owner)) {
  tensor_.data = data;
  tensor_.device = {kDLCPU, 0};
  tensor_.ndim = static_cast<int32_t>(shape_.size());
  tensor_.dtype = dtype;
  tensor_.shape = shape_.data();
  tensor_.strides = nullptr;
  tensor_.byte_offset = 0;
}

Ref<NDArray> NDArray::allocate(DLDataType dtype, std::vector<int64_t> shape) {
  const size_t bytes = byte_count(dtype, shape.data(), static_cast<int>(shape.size()));
  auto storage = make_object<Storage>(bytes);
  return make_object<NDArray>(storage->data(), dtype, std::move(shape), storage);
}

}  // namespace safetensor
