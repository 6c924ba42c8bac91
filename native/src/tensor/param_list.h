// param_list.h - TVM's parameters file, read strictly from the caller's memory.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "core/byte_reader.h"
#include "tensor/ndarray.h"

namespace safetensor {

// A tensor record; data is a view of what was read and not aligned.
struct TensorView {
  DLDataType dtype;
  std::vector<int64_t> shape;
  std::string_view data;
};

struct Param {
  std::string_view name;
  TensorView tensor;
};

TensorView read_tensor(ByteReader& reader);

// An array of its own with the record's bytes.
Ref<NDArray> copy_of(const TensorView& tensor);

// Throws Error for anything but a whole file without duplicate names or trailing bytes.
std::vector<Param> read_params(std::string_view bytes);

// The names alone: what follows them is not looked at.
std::vector<std::string_view> read_param_names(std::string_view bytes);

struct NamedTensor {
  std::string_view name;
  const DLTensor* tensor;  // compact and on the CPU
};

// A file that read_params() takes.
std::string write_params(const std::vector<NamedTensor>& tensors);

}  // namespace safetensor
