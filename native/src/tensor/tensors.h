// tensors.h - checks and copies of DLTensors that come from a host.
#pragma once

#include <cstddef>

#include "safetensor_tvm.h"

namespace safetensor {

// Throws Error, naming the device, unless it is the CPU.
void require_cpu(int device_type, int device_id);

bool is_compact(const DLTensor& tensor) noexcept;

// Where the elements start and how many bytes they take. Throws Error for a tensor that is not on
// the CPU, not compact, or has elements but no address.
std::byte* tensor_data(const DLTensor& tensor);
size_t tensor_bytes(const DLTensor& tensor);

// Copies the bytes; both must be compact and of the same size.
void copy_tensor(const DLTensor& from, const DLTensor& to);

}  // namespace safetensor
