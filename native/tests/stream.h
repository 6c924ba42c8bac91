// stream.h - writes TVM's byte streams: parameter files and import blobs.
#pragma once

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "host.h"

class Stream {
 public:
  template <typename T>
  Stream& add(T number) {
    bytes.append(reinterpret_cast<const char*>(&number), sizeof(number));
    return *this;
  }
  Stream& u64(uint64_t number) { return add(number); }
  Stream& text(const std::string& value) {
    u64(value.size());
    bytes += value;
    return *this;
  }
  Stream& numbers(const std::vector<uint64_t>& values) {
    u64(values.size());
    for (const uint64_t value : values) u64(value);
    return *this;
  }
  Stream& tensor(const std::vector<int64_t>& shape, const std::vector<float>& values,
                 DLDataType dtype = kFloat32) {
    u64(0xDD5E40F096B4A13F).u64(0).add<int32_t>(1).add<int32_t>(0);
    add(static_cast<int32_t>(shape.size()));
    add(dtype.code).add(dtype.bits).add(dtype.lanes);
    for (const int64_t side : shape) add(side);
    add(static_cast<int64_t>(values.size() * sizeof(float)));
    for (const float value : values) add(value);
    return *this;
  }

  std::string bytes;
};

// A parameters file of float vectors.
inline std::string params_file(
    const std::vector<std::pair<std::string, std::vector<float>>>& params) {
  Stream stream;
  stream.u64(0xF7E58D4F05049CB7).u64(0).u64(params.size());
  for (const auto& param : params) stream.text(param.first);
  stream.u64(params.size());
  for (const auto& param : params) {
    stream.tensor({static_cast<int64_t>(param.second.size())}, param.second);
  }
  return stream.bytes;
}

// The system library, to which a test adds what a library file would contain: one per prefix.
class FakeLibrary {
 public:
  explicit FakeLibrary(std::string prefix) : prefix_(std::move(prefix)) {}

  FakeLibrary& function(const std::string& name, TVMBackendPackedCFunc code) {
    CHECK(TVMBackendRegisterSystemLibSymbol((prefix_ + name).c_str(),
                                            reinterpret_cast<void*>(code)) == 0);
    return *this;
  }

  // blob must live on; it begins with its own length.
  FakeLibrary& imports(const std::string& blob) {
    CHECK(TVMBackendRegisterSystemLibSymbol((prefix_ + "__tvm_dev_mblob").c_str(),
                                            const_cast<char*>(blob.data())) == 0);
    return *this;
  }

  Outcome load() const { return call_global("runtime.SystemLib", {prefix_.c_str()}); }

 private:
  std::string prefix_;
};

inline std::string blob_of(const Stream& content) {
  Stream blob;
  blob.u64(content.bytes.size());
  return blob.bytes + content.bytes;
}
