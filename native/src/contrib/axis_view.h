// axis_view.h - a checked tensor seen as rows along one of its axes.
#pragma once

#include <cstdint>
#include <string>

#include "core/args.h"

namespace safetensor {

std::string describe(DLDataType type);
std::string describe_shape(const DLTensor& tensor);

// A compact CPU tensor whose elements are whole bytes. `name` is how errors call it.
class AxisView {
 public:
  // A negative axis counts from the end. Throws Error for a tensor that cannot be read this way.
  AxisView(const std::string& name, const DLTensor& tensor, int64_t axis);

  int64_t rows() const noexcept { return outer_ * inner_; }
  int64_t length() const noexcept { return length_; }  // of a row
  int64_t stride() const noexcept { return inner_; }   // between a row's elements, in elements
  int64_t element_size() const noexcept { return element_size_; }
  int axis() const noexcept { return axis_; }
  const std::string& name() const noexcept { return name_; }
  const DLTensor& tensor() const noexcept { return *tensor_; }
  DLDataType type() const noexcept { return tensor_->dtype; }

  unsigned char* data() const noexcept { return data_; }
  unsigned char* at(int64_t row, int64_t place) const noexcept {
    const int64_t index = (row / inner_ * length_ + place) * inner_ + row % inner_;
    return data_ + index * element_size_;
  }

  // Throws Error unless the other tensor has the same shape, and `length` elements along the axis.
  void expect_alike(const AxisView& other, int64_t length) const;

 private:
  std::string name_;
  const DLTensor* tensor_;
  unsigned char* data_;
  int axis_;
  int64_t outer_ = 1;
  int64_t length_;
  int64_t inner_ = 1;
  int64_t element_size_;
};

}  // namespace safetensor
