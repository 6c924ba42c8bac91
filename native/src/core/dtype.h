// dtype.h - element types, shapes and the bytes they take, checked against overflow.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "safetensor_tvm.h"

namespace safetensor {

constexpr int kMaxDimensions = 32;

// "float32", "uint8x4", "bool"; throws Error for text that names no type.
DLDataType parse_dtype(std::string_view text);
std::string to_string(DLDataType dtype);
bool operator==(DLDataType a, DLDataType b) noexcept;
inline bool operator!=(DLDataType a, DLDataType b) noexcept { return !(a == b); }

// Bytes of one element; types of less than a byte take a whole one.
size_t element_bytes(DLDataType dtype) noexcept;

// Throws Error for a negative dimension, too many of them, or more bytes than memory can have.
size_t byte_count(DLDataType dtype, const int64_t* shape, int ndim);

std::string shape_text(const int64_t* shape, int ndim);  // "[1, 3, 224, 224]"

}  // namespace safetensor
