#include "contrib/axis_view.h"

#include <limits>

#include "core/error.h"

namespace safetensor {
namespace {

// The size in bytes must be counted before anything is read: a product that overflows would
// make a huge tensor look small.
void check_size(const std::string& name, const DLTensor& tensor, int64_t element_size) {
  int64_t bytes = element_size;
  bool empty = false;
  for (int i = 0; i < tensor.ndim; ++i) {
    if (tensor.shape[i] < 0) throw Error(name + " has a negative shape " + describe_shape(tensor));
    if (tensor.shape[i] == 0) {
      empty = true;
    } else if (__builtin_mul_overflow(bytes, tensor.shape[i], &bytes)) {
      throw Error(name + " has more elements than memory could hold: " + describe_shape(tensor));
    }
  }
  if (!empty && tensor.data == nullptr) throw Error(name + " has no data");
}

void check_compact(const std::string& name, const DLTensor& tensor) {
  if (tensor.strides == nullptr) return;
  int64_t compact = 1;
  for (int i = tensor.ndim; i-- > 0;) {
    if (tensor.shape[i] != 1 && tensor.strides[i] != compact) {
      throw Error(name + " is strided; it must be compact and row-major");
    }
    compact *= tensor.shape[i];
  }
}

}  // namespace

std::string describe(DLDataType type) {
  static constexpr const char* kNames[] = {"int", "uint", "float", "handle", "bfloat"};
  const std::string code =
      type.code < 5 ? kNames[type.code] : "type code " + std::to_string(type.code) + ", bits ";
  std::string text = code + std::to_string(type.bits);
  if (type.lanes != 1) text += "x" + std::to_string(type.lanes);
  return text;
}

std::string describe_shape(const DLTensor& tensor) {
  std::string text = "[";
  for (int i = 0; i < tensor.ndim; ++i) {
    if (i > 0) text += ", ";
    text += std::to_string(tensor.shape[i]);
  }
  return text + "]";
}

AxisView::AxisView(const std::string& name, const DLTensor& tensor, int64_t axis)
    : name_(name), tensor_(&tensor), element_size_((tensor.dtype.bits + 7) / 8) {
  if (tensor.device.device_type != kDLCPU) {
    throw Error(name + " is on device type " + std::to_string(tensor.device.device_type) +
                "; it must be on the CPU (1)");
  }
  if (tensor.dtype.lanes != 1) throw Error(name + " has vectors for elements");
  if (tensor.ndim < 1) throw Error(name + " has no axis");
  check_size(name, tensor, element_size_);
  check_compact(name, tensor);
  const int64_t place = axis < 0 ? axis + tensor.ndim : axis;
  if (place < 0 || place >= tensor.ndim) {
    throw Error(name + " has " + std::to_string(tensor.ndim) + " axes; axis " +
                std::to_string(axis) + " is none of them");
  }
  axis_ = static_cast<int>(place);
  length_ = tensor.shape[axis_];
  for (int i = 0; i < axis_; ++i) outer_ *= tensor.shape[i];
  for (int i = axis_ + 1; i < tensor.ndim; ++i) inner_ *= tensor.shape[i];
  data_ = static_cast<unsigned char*>(tensor.data) + tensor.byte_offset;
}

void AxisView::expect_alike(const AxisView& other, int64_t length) const {
  bool same = other.tensor_->ndim == tensor_->ndim;
  for (int i = 0; same && i < tensor_->ndim; ++i) {
    same = other.tensor_->shape[i] == (i == axis_ ? length : tensor_->shape[i]);
  }
  if (!same) {
    throw Error(other.name_ + " has shape " + describe_shape(*other.tensor_) + "; with " +
                std::to_string(length) + " elements on axis " + std::to_string(axis_) + " of " +
                describe_shape(*tensor_) + " it would fit " + name_);
  }
}

}  // namespace safetensor
