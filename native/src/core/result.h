// result.h - the value that a packed function returns.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "core/ref.h"
#include "safetensor_tvm.h"

namespace safetensor {

// Holds text and one reference to an object until the value is handed to the caller.
class Result {
 public:
  Result() noexcept { value_.v_handle = nullptr; }

  void set_none() noexcept;
  void set_integer(int64_t value) noexcept;
  void set_bool(bool value) noexcept;
  void set_text(std::string_view text);
  void set_bytes(std::string bytes);
  void set_object(Ref<Object> object) noexcept;  // NULL becomes None

  // The value of somebody else: text is copied, an object gets one more reference.
  void borrow(const TVMValue& value, int code);
  // The value a callee gave away: its reference becomes ours.
  void take(const TVMValue& value, int code);

  // Text lives on in the calling thread until it next receives text; an object's reference is the
  // caller's.
  void hand_over(TVMValue* value, int* code);

  int code() const noexcept { return code_; }
  const TVMValue& value() const noexcept { return value_; }
  const Ref<Object>& object() const noexcept { return object_; }

 private:
  void set_plain(const TVMValue& value, int code);

  TVMValue value_;
  int code_ = kTVMNullptr;
  std::string text_;
  Ref<Object> object_;
};

// The Object behind a handle of one of the object codes, and the way back.
bool is_object_code(int code) noexcept;
Object* object_of(const TVMValue& value, int code) noexcept;
int code_of(const Object& object) noexcept;
void* handle_of(Object& object) noexcept;

}  // namespace safetensor
