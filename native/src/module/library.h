// library.h - where a library module's symbols come from.
#pragma once

#include <cstddef>
#include <string>

namespace safetensor {

class Library {
 public:
  struct Data {
    void* address = nullptr;  // NULL: absent
    size_t size = 0;          // 0: unknown
  };

  virtual ~Library() = default;

  // Only symbols that the library itself defines; NULL when it has none of that name and sort.
  virtual void* code(const std::string& name) const = 0;
  virtual Data data(const std::string& name) const = 0;

  // For errors.
  virtual const std::string& name() const noexcept = 0;

  // Lets go of the symbols. True when compiled code may still be running or be entered again.
  virtual bool close() noexcept = 0;
};

}  // namespace safetensor
