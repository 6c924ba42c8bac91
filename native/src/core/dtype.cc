#include "core/dtype.h"

#include "core/error.h"

namespace safetensor {
namespace {

struct NamedCode {
  std::string_view name;
  uint8_t code;
  uint8_t bits;  // when the text has none
};

constexpr NamedCode kCodes[] = {
    {"int", kDLInt, 32},       {"uint", kDLUInt, 32},           {"float", kDLFloat, 32},
    {"bfloat", kDLBfloat, 16}, {"handle", kDLOpaqueHandle, 64},
};

// Reads digits off the front of text; false when there are none or the number is too large.
bool read_number(std::string_view& text, unsigned limit, unsigned& out) {
  size_t used = 0;
  unsigned value = 0;
  while (used < text.size() && text[used] >= '0' && text[used] <= '9') {
    value = value * 10 + static_cast<unsigned>(text[used] - '0');
    if (value > limit) return false;
    ++used;
  }
  if (used == 0) return false;
  text.remove_prefix(used);
  out = value;
  return true;
}

[[noreturn]] void unknown(std::string_view text) {
  throw Error("'" + std::string(text.substr(0, 64)) + "' is not an element type");
}

}  // namespace

DLDataType parse_dtype(std::string_view text) {
  if (text == "bool") return {kDLUInt, 1, 1};
  for (const NamedCode& named : kCodes) {
    if (text.substr(0, named.name.size()) != named.name) continue;
    std::string_view rest = text.substr(named.name.size());
    unsigned bits = named.bits;
    unsigned lanes = 1;
    if (!rest.empty() && rest[0] != 'x' && !read_number(rest, 128, bits)) unknown(text);
    if (!rest.empty() && rest[0] == 'x') {
      rest.remove_prefix(1);
      if (!read_number(rest, 1024, lanes)) unknown(text);
    }
    if (!rest.empty() || bits == 0 || lanes == 0) unknown(text);
    return {named.code, static_cast<uint8_t>(bits), static_cast<uint16_t>(lanes)};
  }
  unknown(text);
}

std::string to_string(DLDataType dtype) {
  if (dtype == DLDataType{kDLUInt, 1, 1}) return "bool";
  std::string text = "type" + std::to_string(dtype.code) + "_";
  for (const NamedCode& named : kCodes) {
    if (named.code == dtype.code) text = named.name;
  }
  if (dtype.code == kDLOpaqueHandle) return text;
  text += std::to_string(dtype.bits);
  if (dtype.lanes != 1) text += "x" + std::to_string(dtype.lanes);
  return text;
}

bool operator==(DLDataType a, DLDataType b) noexcept {
  return a.code == b.code && a.bits == b.bits && a.lanes == b.lanes;
}

size_t element_bytes(DLDataType dtype) noexcept {
  return (static_cast<size_t>(dtype.bits) * dtype.lanes + 7) / 8;
}

size_t byte_count(DLDataType dtype, const int64_t* shape, int ndim) {
  if (ndim < 0 || ndim > kMaxDimensions || (ndim > 0 && shape == nullptr)) {
    throw Error("a tensor has " + std::to_string(ndim) + " dimensions; 0 to " +
                std::to_string(kMaxDimensions) + " are possible");
  }
  size_t bytes = element_bytes(dtype);
  bool empty = false;
  for (int i = 0; i < ndim; ++i) {
    if (shape[i] < 0) throw Error("the shape " + shape_text(shape, ndim) + " has a negative side");
    empty = empty || shape[i] == 0;
    const size_t side = shape[i] == 0 ? 1 : static_cast<size_t>(shape[i]);
    if (__builtin_mul_overflow(bytes, side, &bytes) || bytes > SIZE_MAX / 2) {
      throw Error("a tensor of shape " + shape_text(shape, ndim) + " and type " + to_string(dtype) +
                  " is larger than memory can be");
    }
  }
  return empty ? 0 : bytes;
}

std::string shape_text(const int64_t* shape, int ndim) {
  std::string text = "[";
  for (int i = 0; i < ndim; ++i) {
    if (i > 0) text += ", ";
    text += std::to_string(shape[i]);
  }
  return text + "]";
}

}  // namespace safetensor
