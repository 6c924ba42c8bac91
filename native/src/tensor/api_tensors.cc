// api_tensors.cc - the C entry points for tensors.
#include <cstring>
#include <string>

#include "core/dtype.h"
#include "core/error.h"
#include "tensor/dlpack.h"
#include "tensor/tensors.h"

namespace safetensor {
namespace {

DLTensor& required(DLTensor* tensor, const char* function) {
  if (tensor == nullptr) throw Error(std::string(function) + " got no tensor");
  return *tensor;
}

// The tensor's bytes, after checking that a host's buffer of nbytes has just as many.
std::byte* sized_data(const DLTensor& tensor, const void* buffer, size_t nbytes,
                      const char* function) {
  std::byte* data = tensor_data(tensor);
  if (tensor_bytes(tensor) != nbytes || (buffer == nullptr && nbytes > 0)) {
    throw Error(std::string(function) + ": the buffer has " + std::to_string(nbytes) +
                " bytes but the tensor of shape " + shape_text(tensor.shape, tensor.ndim) +
                " and type " + to_string(tensor.dtype) + " has " +
                std::to_string(tensor_bytes(tensor)));
  }
  return data;
}

uint8_t small(int value, const char* what) {
  if (value < 0 || value > 255) {
    throw Error(std::string("TVMArrayAlloc: the type's ") + what + " is " + std::to_string(value));
  }
  return static_cast<uint8_t>(value);
}

}  // namespace
}  // namespace safetensor

using namespace safetensor;

int TVMArrayAlloc(const int64_t* shape, int ndim, int dtype_code, int dtype_bits, int dtype_lanes,
                  int device_type, int device_id, TVMArrayHandle* out) {
  return guarded([&] {
    require_cpu(device_type, device_id);
    if (dtype_lanes < 1 || dtype_lanes > UINT16_MAX) {
      throw Error("TVMArrayAlloc: the type has " + std::to_string(dtype_lanes) + " lanes");
    }
    const DLDataType dtype{small(dtype_code, "code"), small(dtype_bits, "bits"),
                           static_cast<uint16_t>(dtype_lanes)};
    byte_count(dtype, shape, ndim);  // before the shape is read
    *out = NDArray::allocate(dtype, std::vector<int64_t>(shape, shape + ndim)).leak()->handle();
  });
}

int TVMArrayFree(TVMArrayHandle handle) {
  return guarded([&] {
    if (handle != nullptr) NDArray::from_handle(handle)->release();
  });
}

int TVMArrayCopyFromBytes(TVMArrayHandle handle, void* data, size_t nbytes) {
  return guarded([&] {
    DLTensor& tensor = required(handle, "TVMArrayCopyFromBytes");
    std::byte* target = sized_data(tensor, data, nbytes, "TVMArrayCopyFromBytes");
    if (nbytes > 0) std::memcpy(target, data, nbytes);
  });
}

int TVMArrayCopyToBytes(TVMArrayHandle handle, void* data, size_t nbytes) {
  return guarded([&] {
    DLTensor& tensor = required(handle, "TVMArrayCopyToBytes");
    const std::byte* source = sized_data(tensor, data, nbytes, "TVMArrayCopyToBytes");
    if (nbytes > 0) std::memcpy(data, source, nbytes);
  });
}

int TVMArrayCopyFromTo(TVMArrayHandle from, TVMArrayHandle to, TVMStreamHandle) {
  return guarded([&] {
    copy_tensor(required(from, "TVMArrayCopyFromTo"), required(to, "TVMArrayCopyFromTo"));
  });
}

int TVMArrayFromDLPack(DLManagedTensor* from, TVMArrayHandle* out) {
  return guarded([&] { *out = from_dlpack(from).leak()->handle(); });
}

int TVMArrayToDLPack(TVMArrayHandle from, DLManagedTensor** out) {
  return guarded([&] {
    required(from, "TVMArrayToDLPack");
    *out = to_dlpack(Ref<NDArray>(NDArray::from_handle(from)));
  });
}

void TVMDLManagedTensorCallDeleter(DLManagedTensor* dltensor) {
  if (dltensor != nullptr && dltensor->deleter != nullptr) dltensor->deleter(dltensor);
}

int TVMArrayGetTypeIndex(TVMArrayHandle handle, unsigned* out_tindex) {
  return guarded([&] {
    required(handle, "TVMArrayGetTypeIndex");
    *out_tindex = NDArray::from_handle(handle)->type_index();
  });
}

int TVMByteArrayFree(TVMByteArray*) {
  return 0;  // returned bytes lie in the returning thread's own buffer
}
