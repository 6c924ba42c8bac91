#include "module/shared_library.h"

#include <dlfcn.h>
#include <elf.h>
#include <link.h>

#include <utility>

namespace safetensor {

SharedLibrary::SharedLibrary(void* handle, std::string path) noexcept
    : handle_(handle), path_(std::move(path)) {}

SharedLibrary::~SharedLibrary() { close(); }

Library::Data SharedLibrary::own_symbol(const std::string& name, unsigned char type) const {
  void* address = dlsym(handle_, name.c_str());
  if (address == nullptr) return {};
  const link_map* own = nullptr;
  if (dlinfo(handle_, RTLD_DI_LINKMAP, &own) != 0) return {};
  Dl_info info;
  void* extra = nullptr;
  if (dladdr1(address, &info, &extra, RTLD_DL_LINKMAP) == 0 || extra != own) return {};
  extra = nullptr;
  if (dladdr1(address, &info, &extra, RTLD_DL_SYMENT) == 0 || extra == nullptr) return {};
  const auto* symbol = static_cast<const ElfW(Sym)*>(extra);
  // The symbol-type macros of ELF32 and ELF64 are the same.
  if (ELF64_ST_TYPE(symbol->st_info) != type) return {};
  return {address, static_cast<size_t>(symbol->st_size)};
}

void* SharedLibrary::code(const std::string& name) const {
  return own_symbol(name, STT_FUNC).address;
}

Library::Data SharedLibrary::data(const std::string& name) const {
  return own_symbol(name, STT_OBJECT);
}

bool SharedLibrary::close() noexcept {
  if (handle_ == nullptr) return false;
  const link_map* own = nullptr;
  const void* inside = nullptr;
  if (dlinfo(handle_, RTLD_DI_LINKMAP, &own) == 0) inside = own->l_ld;
  dlclose(handle_);
  handle_ = nullptr;
  Dl_info info;
  return inside != nullptr && dladdr(inside, &info) != 0;
}

}  // namespace safetensor
