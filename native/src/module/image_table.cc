#include "module/image_table.h"

#include <dlfcn.h>
#include <sys/stat.h>

#include <cerrno>
#include <cstring>

#include "core/error.h"

namespace safetensor {
namespace {

constexpr int kSpellings = 64;

struct stat identity_of(const std::string& path) {
  struct stat identity;
  if (stat(path.c_str(), &identity) != 0) {
    throw Error("cannot read the library '" + path + "': " + std::strerror(errno));
  }
  return identity;
}

// Another name for the same file: the dynamic linker takes equal names for equal files, which is
// wrong for a path such as /proc/self/fd/5 that comes to mean another file.
std::string spelling(const std::string& path, int variant) {
  const size_t slash = path.rfind('/');
  // Without a slash dlopen would search the system's folders for it.
  std::string spelled = slash == std::string::npos ? "./" : path.substr(0, slash + 1);
  for (int i = 0; i < variant; ++i) spelled += "./";
  return spelled + path.substr(slash == std::string::npos ? 0 : slash + 1);
}

}  // namespace

ImageTable& ImageTable::instance() {
  static ImageTable* const leaked = new ImageTable;  // modules may die after static destructors
  return *leaked;
}

ImageTable::Opened ImageTable::open(const std::string& path) {
  const struct stat wanted = identity_of(path);
  for (int variant = 0; variant < kSpellings; ++variant) {
    void* handle = dlopen(spelling(path, variant).c_str(), RTLD_LAZY | RTLD_LOCAL);
    if (handle == nullptr) {
      const char* text = dlerror();
      throw Error("cannot load the library '" + path + "': " + (text != nullptr ? text : "?"));
    }
    const auto known = images_.find(handle);
    if (known == images_.end()) return {handle, nullptr};
    if (known->second.device == wanted.st_dev && known->second.file == wanted.st_ino) {
      if (!known->second.module->retain_if_alive()) return {handle, nullptr};
      return {handle, Ref<LibraryModule>::adopt(known->second.module)};
    }
    dlclose(handle);
  }
  throw Error("the library '" + path + "' was loaded before from " + std::to_string(kSpellings) +
              " other files of the same name, which are still in use");
}

void ImageTable::add(void* handle, const std::string& path, LibraryModule* module) {
  const struct stat identity = identity_of(path);
  images_[handle] = {module, identity.st_dev, identity.st_ino};
}

void ImageTable::remove(LibraryModule* module) noexcept {
  for (auto it = images_.begin(); it != images_.end(); ++it) {
    if (it->second.module != module) continue;
    images_.erase(it);
    return;
  }
}

}  // namespace safetensor
