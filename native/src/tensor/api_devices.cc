// api_devices.cc - the C entry points for device memory and streams, on the one device there is.
#include <cstdlib>
#include <new>
#include <string>

#include "core/dtype.h"
#include "core/error.h"
#include "tensor/storage.h"
#include "tensor/tensors.h"

namespace safetensor {
namespace {

void* allocate(size_t bytes, size_t alignment) {
  if (alignment > 4096 || (alignment & (alignment - 1)) != 0) {
    throw Error("an alignment of " + std::to_string(alignment) +
                " bytes is not a power of two up to 4096");
  }
  if (alignment < kAlignment) alignment = kAlignment;
  if (bytes > SIZE_MAX / 2) throw std::bad_alloc();
  const size_t rounded = (bytes + alignment) / alignment * alignment;
  void* block = std::aligned_alloc(alignment, rounded);
  if (block == nullptr) throw std::bad_alloc();
  return block;
}

// The CPU has no streams: everything is done when a call returns.
int without_stream(int device_type, int device_id, TVMStreamHandle stream) {
  return guarded([&] {
    require_cpu(device_type, device_id);
    if (stream != nullptr) throw Error("the CPU has no streams; pass NULL");
  });
}

}  // namespace
}  // namespace safetensor

using namespace safetensor;

int TVMDeviceAllocDataSpace(DLDevice dev, size_t nbytes, size_t alignment, DLDataType,
                            void** out_data) {
  return guarded([&] {
    require_cpu(dev.device_type, dev.device_id);
    *out_data = allocate(nbytes, alignment);
  });
}

int TVMDeviceAllocDataSpaceWithScope(DLDevice dev, int ndim, const int64_t* shape, DLDataType dtype,
                                     const char* mem_scope, void** out_data) {
  return guarded([&] {
    require_cpu(dev.device_type, dev.device_id);
    const std::string scope = mem_scope != nullptr ? mem_scope : "";
    if (!scope.empty() && scope != "global") {
      throw Error("the CPU has no memory of scope '" + scope + "', only 'global'");
    }
    *out_data = allocate(byte_count(dtype, shape, ndim), kAlignment);
  });
}

int TVMDeviceFreeDataSpace(DLDevice dev, void* ptr) {
  return guarded([&] {
    require_cpu(dev.device_type, dev.device_id);
    std::free(ptr);
  });
}

int TVMDeviceCopyDataFromTo(DLTensor* from, DLTensor* to, TVMStreamHandle) {
  return guarded([&] {
    if (from == nullptr || to == nullptr) throw Error("TVMDeviceCopyDataFromTo needs two tensors");
    copy_tensor(*from, *to);
  });
}

int TVMStreamCreate(int device_type, int device_id, TVMStreamHandle* out) {
  return guarded([&] {
    require_cpu(device_type, device_id);
    *out = nullptr;
  });
}

int TVMStreamFree(int device_type, int device_id, TVMStreamHandle stream) {
  return without_stream(device_type, device_id, stream);
}

int TVMSetStream(int device_type, int device_id, TVMStreamHandle handle) {
  return without_stream(device_type, device_id, handle);
}

int TVMSynchronize(int device_type, int device_id, TVMStreamHandle stream) {
  return without_stream(device_type, device_id, stream);
}

int TVMStreamStreamSynchronize(int device_type, int device_id, TVMStreamHandle src,
                               TVMStreamHandle dst) {
  const int status = without_stream(device_type, device_id, src);
  return status != 0 ? status : without_stream(device_type, device_id, dst);
}
