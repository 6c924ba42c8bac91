#include "tensor/tensors.h"

#include <cstring>
#include <string>

#include "core/dtype.h"
#include "core/error.h"

namespace safetensor {
namespace {

const char* device_name(int type) noexcept {
  switch (type) {
    case 1:
      return "cpu";
    case 2:
      return "cuda";
    case 3:
      return "cuda_host";
    case 4:
      return "opencl";
    case 7:
      return "vulkan";
    case 8:
      return "metal";
    case 10:
      return "rocm";
    case 12:
      return "ext_dev";
    case 15:
      return "webgpu";
    case 16:
      return "hexagon";
    default:
      return "unknown";
  }
}

}  // namespace

void require_cpu(int device_type, int device_id) {
  if (device_type == kDLCPU && device_id == 0) return;
  throw Error(std::string("the device ") + device_name(device_type) + "(" +
              std::to_string(device_id) + ") of type " + std::to_string(device_type) +
              " is not available: this runtime computes on cpu(0) only");
}

bool is_compact(const DLTensor& tensor) noexcept {
  if (tensor.strides == nullptr) return true;
  int64_t expected = 1;
  for (int i = tensor.ndim - 1; i >= 0; --i) {
    // The stride of a side of one element is never used.
    if (tensor.shape[i] != 1 && tensor.strides[i] != expected) return false;
    if (__builtin_mul_overflow(expected, tensor.shape[i], &expected)) return false;
  }
  return true;
}

size_t tensor_bytes(const DLTensor& tensor) {
  return byte_count(tensor.dtype, tensor.shape, tensor.ndim);
}

std::byte* tensor_data(const DLTensor& tensor) {
  require_cpu(tensor.device.device_type, tensor.device.device_id);
  const size_t bytes = tensor_bytes(tensor);
  if (!is_compact(tensor)) {
    throw Error("a tensor of shape " + shape_text(tensor.shape, tensor.ndim) +
                " has strides; copy it into a compact, row-major one");
  }
  if (tensor.data == nullptr && bytes > 0) {
    throw Error("a tensor of shape " + shape_text(tensor.shape, tensor.ndim) + " has no data");
  }
  if (tensor.data == nullptr) return nullptr;
  return static_cast<std::byte*>(tensor.data) + tensor.byte_offset;
}

void copy_tensor(const DLTensor& from, const DLTensor& to) {
  const std::byte* source = tensor_data(from);
  std::byte* target = tensor_data(to);
  const size_t bytes = tensor_bytes(from);
  if (bytes != tensor_bytes(to)) {
    throw Error("cannot copy a tensor of " + std::to_string(bytes) + " bytes into one of " +
                std::to_string(tensor_bytes(to)) + " bytes");
  }
  if (bytes > 0) std::memmove(target, source, bytes);
}

}  // namespace safetensor
