// shared_library.h - a library that dlopen loads.
#pragma once

#include <string>

#include "module/library.h"

namespace safetensor {

class SharedLibrary final : public Library {
 public:
  // Takes over a handle of dlopen's.
  SharedLibrary(void* handle, std::string path) noexcept;
  ~SharedLibrary() override;

  void* code(const std::string& name) const override;
  Data data(const std::string& name) const override;
  const std::string& name() const noexcept override { return path_; }
  bool close() noexcept override;

 private:
  Data find(const std::string& name, unsigned char type) const;

  void* handle_;
  std::string path_;
};

}  // namespace safetensor
