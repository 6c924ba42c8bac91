// function.h - a packed function, of whatever origin.
#pragma once

#include <string>
#include <utility>

#include "core/args.h"
#include "core/ref.h"
#include "core/result.h"

namespace safetensor {

class Function : public Object {
 public:
  static constexpr TypeIndex kTypeIndex = kTypeFunction;

  virtual ~Function() = default;

  // Throws Error when the function fails.
  virtual void call(TVMValue* values, int* codes, int count, Result& result) = 0;

  // The compiled code to call directly, or NULL when call() is the only way in.
  virtual TVMBackendPackedCFunc compiled() const noexcept { return nullptr; }
};

// A method of an object of this library, which the function keeps alive.
template <typename T>
class MethodFunction final : public Function {
 public:
  using Method = void (T::*)(const Args&, Result&);

  MethodFunction(Ref<T> self, std::string name, Method method)
      : self_(std::move(self)), name_(std::move(name)), method_(method) {}

  void call(TVMValue* values, int* codes, int count, Result& result) override {
    (self_.get()->*method_)(Args(name_.c_str(), values, codes, count), result);
  }

 private:
  Ref<T> self_;
  std::string name_;
  Method method_;
};

}  // namespace safetensor
