#include "core/result.h"

#include <utility>

#include "core/dtype.h"
#include "core/error.h"
#include "core/thread_slot.h"

namespace safetensor {
namespace {

// What the calling thread was last returned, alive until the next return of the same kind.
struct ReturnBuffer {
  std::string text;
  TVMByteArray bytes;
};

}  // namespace

bool is_object_code(int code) noexcept {
  return code == kTVMObjectHandle || code == kTVMModuleHandle || code == kTVMPackedFuncHandle ||
         code == kTVMNDArrayHandle || code == kTVMObjectRValueRefArg;
}

Object* object_of(const TVMValue& value, int code) noexcept {
  if (value.v_handle == nullptr) return nullptr;
  if (code == kTVMNDArrayHandle) {
    return object_of_tensor(value.v_handle);
  }
  if (code == kTVMObjectRValueRefArg) return *static_cast<Object**>(value.v_handle);
  return static_cast<Object*>(value.v_handle);
}

int code_of(const Object& object) noexcept {
  switch (object.type_index()) {
    case kTypeModule:
      return kTVMModuleHandle;
    case kTypeNDArray:
      return kTVMNDArrayHandle;
    case kTypeFunction:
      return kTVMPackedFuncHandle;
    default:
      return kTVMObjectHandle;
  }
}

void* handle_of(Object& object) noexcept {
  if (object.type_index() == kTypeNDArray) return tensor_of(object);
  return &object;
}

void Result::set_none() noexcept {
  object_ = nullptr;
  code_ = kTVMNullptr;
  value_.v_handle = nullptr;
}

void Result::set_integer(int64_t value) noexcept {
  set_none();
  code_ = kTVMArgInt;
  value_.v_int64 = value;
}

void Result::set_bool(bool value) noexcept {
  set_integer(value ? 1 : 0);
  code_ = kTVMArgBool;
}

void Result::set_text(std::string_view text) {
  set_none();
  text_ = text;
  code_ = kTVMStr;
}

void Result::set_bytes(std::string bytes) {
  set_none();
  text_ = std::move(bytes);
  code_ = kTVMBytes;
}

void Result::set_object(Ref<Object> object) noexcept {
  set_none();
  if (!object) return;
  code_ = code_of(*object);
  value_.v_handle = handle_of(*object);
  object_ = std::move(object);
}

void Result::borrow(const TVMValue& value, int code) {
  if (is_object_code(code)) {
    set_object(Ref<Object>(object_of(value, code)));
  } else {
    set_plain(value, code);
  }
}

void Result::take(const TVMValue& value, int code) {
  if (is_object_code(code)) {
    set_object(Ref<Object>::adopt(object_of(value, code)));
  } else {
    set_plain(value, code);
  }
}

void Result::set_plain(const TVMValue& value, int code) {
  switch (code) {
    case kTVMStr:
      set_text(value.v_str != nullptr ? value.v_str : "");
      return;
    case kTVMBytes: {
      const auto* bytes = static_cast<const TVMByteArray*>(value.v_handle);
      if (bytes == nullptr) throw Error("a function returned bytes without an address");
      set_bytes(std::string(bytes->data, bytes->size));
      return;
    }
    case kTVMArgInt:
    case kTVMArgFloat:
    case kTVMOpaqueHandle:
    case kTVMNullptr:
    case kTVMDataType:
    case kTVMDLDevice:
    case kTVMDLTensorHandle:
    case kTVMArgBool:
      set_none();
      value_ = value;
      code_ = code;
      return;
    default:
      throw Error("a function returned a value of type code " + std::to_string(code) +
                  ", which this runtime does not know");
  }
}

void Result::hand_over(TVMValue* value, int* code) {
  if (code_ == kTVMDataType) set_text(to_string(value_.v_type));  // TVM returns types as text
  if (code_ == kTVMStr) {
    ReturnBuffer& buffer = ThreadSlot<ReturnBuffer>::get();
    buffer.text = std::move(text_);
    value->v_str = buffer.text.c_str();
  } else if (code_ == kTVMBytes) {
    ReturnBuffer& buffer = ThreadSlot<ReturnBuffer>::get();
    buffer.text = std::move(text_);
    buffer.bytes = {buffer.text.data(), buffer.text.size()};
    value->v_handle = &buffer.bytes;
  } else {
    *value = value_;
  }
  *code = code_;
  object_.leak();
  code_ = kTVMNullptr;
}

}  // namespace safetensor
