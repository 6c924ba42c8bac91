#include "tensor/param_list.h"

#include <cstring>
#include <string>
#include <unordered_set>
#include <utility>

#include "core/dtype.h"
#include "core/error.h"
#include "tensor/tensors.h"

namespace safetensor {
namespace {

constexpr uint64_t kListMagic = 0xF7E58D4F05049CB7;
constexpr uint64_t kTensorMagic = 0xDD5E40F096B4A13F;

std::vector<std::string_view> read_names(ByteReader& reader) {
  if (reader.number<uint64_t>() != kListMagic) {
    throw Error(reader.what() + " are not in TVM's format: the first 8 bytes are wrong");
  }
  reader.number<uint64_t>();  // reserved
  std::vector<std::string_view> names(reader.count(sizeof(uint64_t)));
  std::unordered_set<std::string_view> seen;
  for (std::string_view& name : names) {
    name = reader.text();
    if (!seen.insert(name).second) {
      throw Error(reader.what() + " have two tensors named '" + std::string(name) + "'");
    }
  }
  return names;
}

template <typename T>
void append(std::string& bytes, T number) {
  bytes.append(reinterpret_cast<const char*>(&number), sizeof(number));
}

}  // namespace

TensorView read_tensor(ByteReader& reader) {
  const std::string at = reader.what() + ", tensor at byte " + std::to_string(reader.offset());
  if (reader.number<uint64_t>() != kTensorMagic) throw Error(at + ": the magic number is wrong");
  reader.number<uint64_t>();  // reserved
  const auto device_type = reader.number<int32_t>();
  reader.number<int32_t>();  // the device's number means nothing for memory in a file
  if (device_type != kDLCPU) {
    throw Error(at + ": it was saved for device type " + std::to_string(device_type) +
                ", not for the CPU (1)");
  }
  TensorView tensor;
  const auto ndim = reader.number<int32_t>();
  tensor.dtype.code = reader.number<uint8_t>();
  tensor.dtype.bits = reader.number<uint8_t>();
  tensor.dtype.lanes = reader.number<uint16_t>();
  if (ndim < 0 || ndim > kMaxDimensions) {
    throw Error(at + ": it has " + std::to_string(ndim) + " dimensions; 0 to " +
                std::to_string(kMaxDimensions) + " are possible");
  }
  tensor.shape.resize(static_cast<size_t>(ndim));
  for (int64_t& side : tensor.shape) side = reader.number<int64_t>();
  // The format's own rule leaves the lanes out.
  const DLDataType element{tensor.dtype.code, tensor.dtype.bits, 1};
  const size_t expected = byte_count(element, tensor.shape.data(), ndim);
  const auto bytes = reader.number<int64_t>();
  if (bytes < 0 || static_cast<uint64_t>(bytes) != expected) {
    throw Error(at + ": " + std::to_string(bytes) + " bytes are given but shape " +
                shape_text(tensor.shape.data(), ndim) + " of " + to_string(tensor.dtype) +
                " takes " + std::to_string(expected));
  }
  tensor.data = reader.take(expected);
  return tensor;
}

Ref<NDArray> copy_of(const TensorView& tensor) {
  const size_t bytes =
      byte_count(tensor.dtype, tensor.shape.data(), static_cast<int>(tensor.shape.size()));
  if (bytes != tensor.data.size()) {
    throw Error("a tensor of " + to_string(tensor.dtype) + " was saved with " +
                std::to_string(tensor.data.size()) + " bytes but takes " + std::to_string(bytes));
  }
  Ref<NDArray> array = NDArray::allocate(tensor.dtype, tensor.shape);
  if (bytes > 0) std::memcpy(array->handle()->data, tensor.data.data(), bytes);
  return array;
}

std::vector<Param> read_params(std::string_view bytes) {
  ByteReader reader(bytes, "the parameters");
  const std::vector<std::string_view> names = read_names(reader);
  const auto tensors = reader.number<uint64_t>();
  if (tensors != names.size()) {
    throw Error("the parameters have " + std::to_string(names.size()) + " names but " +
                std::to_string(tensors) + " tensors");
  }
  std::vector<Param> params;
  params.reserve(names.size());
  for (const std::string_view name : names) params.push_back({name, read_tensor(reader)});
  reader.expect_end();
  return params;
}

std::vector<std::string_view> read_param_names(std::string_view bytes) {
  ByteReader reader(bytes, "the parameters");
  return read_names(reader);
}

std::string write_params(const std::vector<NamedTensor>& tensors) {
  std::string bytes;
  append(bytes, kListMagic);
  append(bytes, uint64_t{0});
  append(bytes, uint64_t{tensors.size()});
  for (const NamedTensor& named : tensors) {
    append(bytes, uint64_t{named.name.size()});
    bytes += named.name;
  }
  append(bytes, uint64_t{tensors.size()});
  for (const auto& [name, tensor] : tensors) {
    const std::byte* data = tensor_data(*tensor);
    const size_t size = tensor_bytes(*tensor);
    append(bytes, kTensorMagic);
    append(bytes, uint64_t{0});
    append(bytes, DLDevice{kDLCPU, 0});
    append(bytes, tensor->ndim);
    append(bytes, tensor->dtype);
    for (int i = 0; i < tensor->ndim; ++i) append(bytes, tensor->shape[i]);
    append(bytes, static_cast<int64_t>(size));
    if (size > 0) bytes.append(reinterpret_cast<const char*>(data), size);
  }
  return bytes;
}

}  // namespace safetensor
