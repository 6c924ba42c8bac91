// image_table.h - which module stands for which loaded library.
#pragma once

#include <sys/types.h>

#include <map>
#include <mutex>
#include <string>

#include "module/library_module.h"

namespace safetensor {

// A library's code has one set of variables that bind it to a module, so it can have one module
// only. Guarded by its mutex from dlopen to dlclose: a library may be unloaded by one thread while
// another one loads it.
class ImageTable {
 public:
  static ImageTable& instance();

  // dlopen()s path. A library that this process has loaded under the same name from another file,
  // which the dynamic linker would return instead, is told apart.
  // The module is NULL for a library that has none yet; add() then gives it one.
  struct Opened {
    void* handle;
    Ref<LibraryModule> module;
  };
  Opened open(const std::string& path);
  void add(void* handle, const std::string& path, LibraryModule* module);
  void remove(LibraryModule* module) noexcept;

  std::recursive_mutex& mutex() noexcept { return mutex_; }

 private:
  struct Image {
    LibraryModule* module;
    dev_t device;
    ino_t file;
  };

  std::recursive_mutex mutex_;
  std::map<void*, Image> images_;  // by dlopen's handle
};

}  // namespace safetensor
