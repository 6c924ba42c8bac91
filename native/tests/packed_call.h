// packed_call.h - calls a global function of the runtime with tensors, numbers and texts.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "check.h"

// A compact CPU tensor that owns its elements.
template <typename Element>
class TestTensor {
 public:
  TestTensor(DLDataType type, std::vector<int64_t> shape) : shape_(std::move(shape)) {
    std::size_t count = 1;
    for (int64_t extent : shape_) count *= static_cast<std::size_t>(extent);
    elements.resize(count);
    tensor_ = {elements.data(),
               {kDLCPU, 0},
               static_cast<int32_t>(shape_.size()),
               type,
               shape_.data(),
               nullptr,
               0};
  }
  TestTensor(const TestTensor&) = delete;
  TestTensor& operator=(const TestTensor&) = delete;

  DLTensor* get() { return &tensor_; }

  std::vector<Element> elements;

 private:
  std::vector<int64_t> shape_;
  DLTensor tensor_;
};

class PackedCall {
 public:
  explicit PackedCall(const char* name) {
    CHECK(TVMFuncGetGlobal(name, &function_) == 0);
    CHECK(function_ != nullptr);
  }
  ~PackedCall() { TVMFuncFree(function_); }
  PackedCall(const PackedCall&) = delete;
  PackedCall& operator=(const PackedCall&) = delete;

  PackedCall& add(DLTensor* tensor) {
    TVMValue value;
    value.v_handle = tensor;
    return add(value, kTVMDLTensorHandle);
  }
  PackedCall& add(int64_t number) {
    TVMValue value;
    value.v_int64 = number;
    return add(value, kTVMArgInt);
  }
  PackedCall& add(int number) { return add(static_cast<int64_t>(number)); }
  PackedCall& add(double number) {
    TVMValue value;
    value.v_float64 = number;
    return add(value, kTVMArgFloat);
  }
  PackedCall& add(const char* text) {
    TVMValue value;
    value.v_str = text;
    return add(value, kTVMStr);
  }

  // The function's own return code; its result is left in `result`.
  int run() {
    int code = kTVMNullptr;
    const int count = static_cast<int>(values_.size());
    return TVMFuncCall(function_, values_.data(), codes_.data(), count, &result, &code);
  }

  TVMValue result{};

 private:
  PackedCall& add(TVMValue value, int code) {
    values_.push_back(value);
    codes_.push_back(code);
    return *this;
  }

  TVMFunctionHandle function_ = nullptr;
  std::vector<TVMValue> values_;
  std::vector<int> codes_;
};

template <typename... Arguments>
int call(const char* name, Arguments... arguments) {
  PackedCall packed(name);
  (packed.add(arguments), ...);
  return packed.run();
}
