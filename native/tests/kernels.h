// kernels.h - operators as a compiler would emit them, on float tensors of equal size.
#pragma once

#include <cstdint>

#include "host.h"
#include "stream.h"

namespace kernels {

inline DLTensor& tensor(TVMValue* args, int i) { return *static_cast<DLTensor*>(args[i].v_handle); }
inline float* data(TVMValue* args, int i) { return static_cast<float*>(tensor(args, i).data); }
inline int64_t size(TVMValue* args, int i) {
  int64_t count = 1;
  for (int d = 0; d < tensor(args, i).ndim; ++d) count *= tensor(args, i).shape[d];
  return count;
}

inline int add(TVMValue* args, int*, int count, TVMValue*, int*, void*) {
  const int out = count - 1;
  for (int64_t i = 0; i < size(args, out); ++i)
    data(args, out)[i] = data(args, 0)[i] + data(args, 1)[i];
  return 0;
}

inline int twice(TVMValue* args, int*, int count, TVMValue*, int*, void*) {
  const int out = count - 1;
  for (int64_t i = 0; i < size(args, out); ++i) data(args, out)[i] = 2 * data(args, 0)[i];
  return 0;
}

inline int fail_loudly(TVMValue*, int*, int, TVMValue*, int*, void*) {
  TVMAPISetLastError("Assert fail: the shape is wrong");
  return -1;
}

inline int fail_silently(TVMValue*, int*, int, TVMValue*, int*, void*) { return -1; }

// Meets an error on its way, and copes.
inline int twice_after_trouble(TVMValue* args, int* codes, int count, TVMValue* ret, int* code,
                               void* r) {
  TVMAPISetLastError("trouble that was coped with");
  return twice(args, codes, count, ret, code, r);
}

// Negative elements make it fail without a word.
inline int fail_if_negative(TVMValue* args, int* codes, int count, TVMValue* ret, int* code,
                            void* r) {
  return data(args, 0)[0] < 0 ? -1 : twice(args, codes, count, ret, code, r);
}

}  // namespace kernels

// A library with all of them.
inline Module kernel_library() {
  FakeLibrary library("kernels_");
  library.function("add", kernels::add).function("twice", kernels::twice);
  library.function("fail_loudly", kernels::fail_loudly);
  library.function("fail_silently", kernels::fail_silently);
  library.function("twice_after_trouble", kernels::twice_after_trouble);
  library.function("fail_if_negative", kernels::fail_if_negative);
  Outcome loaded = library.load();
  CHECK(loaded.ok());
  return Module(loaded.give());
}

inline Outcome create(const std::string& json, const Module& code,
                      std::vector<Value> devices = {1, 0}) {
  const TVMByteArray text{json.data(), json.size()};
  std::vector<Value> arguments{&text, code.value()};
  arguments.insert(arguments.end(), devices.begin(), devices.end());
  return call_global("tvm.graph_executor.create", arguments);
}

inline Module executor(const std::string& json, const Module& code) {
  Outcome created = create(json, code);
  if (!created.ok()) std::fprintf(stderr, "  %s\n", created.text.c_str());
  CHECK(created.ok() && created.result.code == kTVMModuleHandle);
  return Module(created.ok() ? created.give() : nullptr);
}
