// args.h - the arguments and the result of a packed function, read with their types checked.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "core/error.h"
#include "safetensor_tvm.h"

namespace safetensor {

class Object;

// The arguments of one call, borrowed. Every reader throws Error, naming the function, the place,
// what was expected and what came.
class Args {
 public:
  Args(const char* function, const TVMValue* values, const int* codes, int count) noexcept
      : function_(function), values_(values), codes_(codes), count_(count) {}

  int size() const noexcept { return count_; }
  const char* function() const noexcept { return function_; }
  int code(int i) const;               // the type code at place i
  const TVMValue& value(int i) const;  // the value at place i, unchecked
  int64_t integer(int i) const;        // int or bool
  double number(int i) const;          // int, bool or float
  bool is_text(int i) const;           // a C string, bytes or a String object
  std::string_view text(int i) const;
  DLTensor* tensor(int i) const;  // never NULL; borrowed
  DLDevice device(int i) const;
  Object* object(int i) const;  // of any object code; NULL for None
  void expect(int at_least) const;

 private:
  [[noreturn]] void mismatch(int i, const char* expected) const;

  const char* function_;
  const TVMValue* values_;
  const int* codes_;
  int count_;
};

}  // namespace safetensor
