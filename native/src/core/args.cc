#include "core/args.h"

#include "core/containers.h"
#include "core/result.h"

namespace safetensor {
namespace {

const char* name_of(int code) noexcept {
  switch (code) {
    case kTVMArgInt:
      return "an integer";
    case kTVMArgFloat:
      return "a floating-point number";
    case kTVMOpaqueHandle:
      return "a raw pointer";
    case kTVMNullptr:
      return "None";
    case kTVMDataType:
      return "a data type";
    case kTVMDLDevice:
      return "a device";
    case kTVMDLTensorHandle:
      return "a DLTensor";
    case kTVMObjectHandle:
      return "an object";
    case kTVMModuleHandle:
      return "a module";
    case kTVMPackedFuncHandle:
      return "a function";
    case kTVMStr:
      return "a string";
    case kTVMBytes:
      return "bytes";
    case kTVMNDArrayHandle:
      return "an NDArray";
    case kTVMArgBool:
      return "a bool";
    default:
      return "a value of an unknown type";
  }
}

}  // namespace

void Args::mismatch(int i, const char* expected) const {
  throw Error(std::string(function_) + ": argument " + std::to_string(i) + " must be " + expected +
              " but is " + name_of(codes_[i]));
}

void Args::expect(int at_least) const {
  if (count_ >= at_least) return;
  throw Error(std::string(function_) + " needs " + std::to_string(at_least) +
              (at_least == 1 ? " argument but got " : " arguments but got ") +
              std::to_string(count_));
}

int Args::code(int i) const {
  expect(i + 1);
  return codes_[i];
}

const TVMValue& Args::value(int i) const {
  expect(i + 1);
  return values_[i];
}

int64_t Args::integer(int i) const {
  const int c = code(i);
  if (c != kTVMArgInt && c != kTVMArgBool) mismatch(i, "an integer");
  return values_[i].v_int64;
}

double Args::number(int i) const {
  if (code(i) == kTVMArgFloat) return values_[i].v_float64;
  if (codes_[i] != kTVMArgInt && codes_[i] != kTVMArgBool) mismatch(i, "a number");
  return static_cast<double>(values_[i].v_int64);
}

bool Args::is_text(int i) const {
  const int c = code(i);
  if (c == kTVMStr || c == kTVMBytes) return true;
  if (c != kTVMObjectHandle && c != kTVMObjectRValueRefArg) return false;
  const Object* o = object_of(values_[i], c);
  return o != nullptr && o->type_index() == kTypeString;
}

std::string_view Args::text(int i) const {
  if (!is_text(i) || values_[i].v_handle == nullptr) mismatch(i, "a string");
  if (codes_[i] == kTVMStr) return values_[i].v_str;
  if (codes_[i] == kTVMBytes) {
    const auto* bytes = static_cast<const TVMByteArray*>(values_[i].v_handle);
    return {bytes->data, bytes->size};
  }
  return static_cast<String*>(object_of(values_[i], codes_[i]))->text;
}

DLTensor* Args::tensor(int i) const {
  const int c = code(i);
  if ((c != kTVMDLTensorHandle && c != kTVMNDArrayHandle) || values_[i].v_handle == nullptr) {
    mismatch(i, "a tensor");
  }
  return static_cast<DLTensor*>(values_[i].v_handle);
}

DLDevice Args::device(int i) const {
  if (code(i) != kTVMDLDevice) mismatch(i, "a device");
  return values_[i].v_device;
}

Object* Args::object(int i) const {
  const int c = code(i);
  if (c == kTVMNullptr) return nullptr;
  if (!is_object_code(c)) mismatch(i, "an object");
  return object_of(values_[i], c);
}

}  // namespace safetensor
