// system_library.h - symbols that code linked into the process registered as it was loaded.
#pragma once

#include <string>

#include "module/library.h"

namespace safetensor {

class SystemLibrary final : public Library {
 public:
  // Looks for prefix + name first, then for name.
  explicit SystemLibrary(std::string prefix);

  static void add(const std::string& name, void* address);

  void* code(const std::string& name) const override;
  Data data(const std::string& name) const override;
  const std::string& name() const noexcept override { return name_; }
  bool close() noexcept override { return true; }

 private:
  std::string prefix_;
  std::string name_;
};

}  // namespace safetensor
