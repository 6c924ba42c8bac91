// library_function.h - a compiled function, which keeps its library loaded.
#pragma once

#include <string>
#include <utility>

#include "module/module.h"

namespace safetensor {

class LibraryFunction final : public Function {
 public:
  LibraryFunction(Ref<Module> module, std::string name, TVMBackendPackedCFunc code)
      : module_(std::move(module)), name_(std::move(name)), code_(code) {}

  void call(TVMValue* values, int* codes, int count, Result& result) override;
  TVMBackendPackedCFunc compiled() const noexcept override { return code_; }

 private:
  Ref<Module> module_;
  std::string name_;
  TVMBackendPackedCFunc code_;
};

}  // namespace safetensor
