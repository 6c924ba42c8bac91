// host.h - a small host: handles that free themselves, calls with checked results, CPU tensors.
#pragma once

#include <cstdint>
#include <cstring>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

#include "check.h"

inline bool contains(const std::string& text, const std::string& part) {
  return text.find(part) != std::string::npos;
}

// One argument of a packed call, or its result. Objects are borrowed.
struct Value {
  TVMValue value{};
  int code = kTVMNullptr;

  Value() = default;
  Value(int number) : Value(int64_t{number}) {}
  Value(int64_t number) : code(kTVMArgInt) { value.v_int64 = number; }
  Value(const char* text) : code(kTVMStr) { value.v_str = text; }
  Value(DLTensor* tensor) : code(kTVMDLTensorHandle) { value.v_handle = tensor; }
  Value(DLDevice device) : code(kTVMDLDevice) { value.v_device = device; }
  Value(const TVMByteArray* bytes) : code(kTVMBytes) {
    value.v_handle = const_cast<TVMByteArray*>(bytes);
  }
  Value(void* handle, int type_code) : code(type_code) { value.v_handle = handle; }
};

// What a call gave: its error, or a value whose object this frees.
class Outcome {
 public:
  Outcome() = default;
  Outcome(Outcome&& other) noexcept : rc(other.rc), result(other.result), text(other.text) {
    other.result = Value();
  }
  ~Outcome() {
    if (result.code == kTVMNDArrayHandle) TVMArrayFree(tensor());
    if (result.code == kTVMObjectHandle || result.code == kTVMModuleHandle ||
        result.code == kTVMPackedFuncHandle) {
      TVMObjectFree(result.value.v_handle);
    }
  }

  bool ok() const { return rc == 0; }
  bool failed_with(const std::string& part) const {
    if (rc == -1 && contains(text, part)) return true;
    std::fprintf(stderr, "  rc %d, text: %s\n", rc, text.c_str());
    return false;
  }
  int64_t integer() const { return result.value.v_int64; }
  DLTensor* tensor() const { return static_cast<DLTensor*>(result.value.v_handle); }
  void* handle() const { return result.value.v_handle; }
  void* give() {  // the reference is the caller's from here on
    result.code = kTVMNullptr;
    return result.value.v_handle;
  }

  int rc = 0;
  Value result;
  std::string text;  // the error, or the text that was returned
};

inline Outcome call(TVMFunctionHandle function, const std::vector<Value>& arguments) {
  std::vector<TVMValue> values(arguments.size() + 1);
  std::vector<int> codes(arguments.size() + 1);
  for (std::size_t i = 0; i < arguments.size(); ++i) {
    values[i] = arguments[i].value;
    codes[i] = arguments[i].code;
  }
  Outcome outcome;
  outcome.rc =
      TVMFuncCall(function, values.data(), codes.data(), static_cast<int>(arguments.size()),
                  &outcome.result.value, &outcome.result.code);
  if (outcome.rc != 0) {
    outcome.text = last_error_text();
  } else if (outcome.result.code == kTVMStr) {
    outcome.text = outcome.result.value.v_str;
  } else if (outcome.result.code == kTVMBytes) {
    const auto* bytes = static_cast<TVMByteArray*>(outcome.result.value.v_handle);
    outcome.text.assign(bytes->data, bytes->size);
  }
  return outcome;
}

inline Outcome call_global(const char* name, const std::vector<Value>& arguments) {
  TVMFunctionHandle function = nullptr;
  CHECK(TVMFuncGetGlobal(name, &function) == 0);
  CHECK(function != nullptr);
  if (function == nullptr) return {};
  Outcome outcome = call(function, arguments);
  TVMFuncFree(function);
  return outcome;
}

class Module {
 public:
  Module() = default;
  explicit Module(TVMModuleHandle handle) : handle_(handle) {}
  Module(Module&& other) noexcept : handle_(std::exchange(other.handle_, nullptr)) {}
  Module& operator=(Module&& other) noexcept {
    std::swap(handle_, other.handle_);
    return *this;
  }
  ~Module() { reset(); }
  void reset() { TVMModFree(std::exchange(handle_, nullptr)); }

  static Module load(const std::string& path) {
    TVMModuleHandle handle = nullptr;
    if (TVMModLoadFromFile(path.c_str(), "so", &handle) != 0) return {};
    return Module(handle);
  }

  TVMModuleHandle get() const { return handle_; }
  Value value() const { return {handle_, kTVMModuleHandle}; }
  explicit operator bool() const { return handle_ != nullptr; }

  TVMFunctionHandle find(const char* name, bool imports = false) const {
    TVMFunctionHandle function = nullptr;
    CHECK(TVMModGetFunction(handle_, name, imports ? 1 : 0, &function) == 0);
    return function;
  }
  Outcome call(const char* name, const std::vector<Value>& arguments = {}) const {
    TVMFunctionHandle function = find(name, true);
    CHECK(function != nullptr);
    if (function == nullptr) return {};
    Outcome outcome = ::call(function, arguments);
    TVMFuncFree(function);
    return outcome;
  }

 private:
  TVMModuleHandle handle_ = nullptr;
};

constexpr DLDataType kFloat32{kDLFloat, 32, 1};
constexpr DLDataType kInt32{kDLInt, 32, 1};

// A tensor at an address that compiled code accepts.
class Tensor {
 public:
  explicit Tensor(std::vector<int64_t> shape, DLDataType dtype = kFloat32)
      : shape_(std::move(shape)) {
    std::size_t count = 1;
    for (const int64_t side : shape_) count *= static_cast<std::size_t>(side);
    memory_.resize(count * 8 + 128);
    const auto address = reinterpret_cast<uintptr_t>(memory_.data());
    tensor_.data = reinterpret_cast<void*>((address + 127) / 128 * 128);
    tensor_.device = {kDLCPU, 0};
    tensor_.ndim = static_cast<int32_t>(shape_.size());
    tensor_.dtype = dtype;
    tensor_.shape = shape_.data();
  }
  Tensor(std::vector<int64_t> shape, const std::vector<float>& values) : Tensor(std::move(shape)) {
    std::memcpy(tensor_.data, values.data(), values.size() * sizeof(float));
  }
  Tensor(const Tensor&) = delete;
  Tensor& operator=(const Tensor&) = delete;

  DLTensor* get() { return &tensor_; }
  operator Value() { return Value(&tensor_); }
  float& at(std::size_t i) { return static_cast<float*>(tensor_.data)[i]; }

 private:
  std::vector<int64_t> shape_;
  std::vector<char> memory_;
  DLTensor tensor_{};
};
