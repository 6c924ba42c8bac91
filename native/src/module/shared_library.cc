#include "module/shared_library.h"

#include <dlfcn.h>
#include <link.h>

#include <utility>

#include "module/symbol_table.h"

namespace safetensor {

SharedLibrary::SharedLibrary(void* handle, std::string path) noexcept
    : handle_(handle), path_(std::move(path)) {}

SharedLibrary::~SharedLibrary() { close(); }

Library::Data SharedLibrary::find(const std::string& name, unsigned char type) const {
  const link_map* own = nullptr;
  if (dlinfo(handle_, RTLD_DI_LINKMAP, &own) != 0) return {};
  const ElfW(Sym)* symbol = own_symbol(*own, name);
  // The symbol-type macros of ELF32 and ELF64 are the same.
  if (symbol == nullptr || ELF64_ST_TYPE(symbol->st_info) != type) return {};
  return {reinterpret_cast<void*>(own->l_addr + symbol->st_value),
          static_cast<size_t>(symbol->st_size)};
}

void* SharedLibrary::code(const std::string& name) const { return find(name, STT_FUNC).address; }

Library::Data SharedLibrary::data(const std::string& name) const { return find(name, STT_OBJECT); }

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
