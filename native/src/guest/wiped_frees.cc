// wiped_frees.cc - overwrites the memory that another library frees and would not overwrite itself.

#include <dlfcn.h>
#include <link.h>
#include <malloc.h>
#include <string.h>

#include <cstdlib>

#include "safetensor_tvm.h"

namespace {

void wipe_and_free(void* memory) {
  if (memory == nullptr) return;
  explicit_bzero(memory, malloc_usable_size(memory));
  std::free(memory);
}

// What the ELF specification's dynamic section says of a loaded library's calls to others.
struct Calls {
  const char* names = nullptr;
  const ElfW(Sym) * symbols = nullptr;
  const ElfW(Rela) * slots = nullptr;
  std::size_t count = 0;
  bool read_only = false;
};

Calls calls_of(const link_map* library) {
  // The loader has made addresses of these offsets already, or not: it leaves read-only ones alone.
  const auto address = [library](ElfW(Addr) value) {
    Dl_info found;
    void* owner = nullptr;
    const bool loaded =
        dladdr1(reinterpret_cast<void*>(value), &found, &owner, RTLD_DL_LINKMAP) != 0;
    return loaded && owner == library ? value : library->l_addr + value;
  };
  Calls calls;
  for (const ElfW(Dyn)* entry = library->l_ld; entry->d_tag != DT_NULL; ++entry) {
    switch (entry->d_tag) {
      case DT_STRTAB:
        calls.names = reinterpret_cast<const char*>(address(entry->d_un.d_ptr));
        break;
      case DT_SYMTAB:
        calls.symbols = reinterpret_cast<const ElfW(Sym)*>(address(entry->d_un.d_ptr));
        break;
      case DT_JMPREL:
        calls.slots = reinterpret_cast<const ElfW(Rela)*>(address(entry->d_un.d_ptr));
        break;
      case DT_PLTRELSZ:
        calls.count = entry->d_un.d_val / sizeof(ElfW(Rela));
        break;
      case DT_BIND_NOW:
        calls.read_only = true;
        break;
      case DT_FLAGS:
        calls.read_only |= (entry->d_un.d_val & DF_BIND_NOW) != 0;
        break;
      case DT_FLAGS_1:
        calls.read_only |= (entry->d_un.d_val & DF_1_NOW) != 0;
        break;
      default:
        break;
    }
  }
  return calls;
}

}  // namespace

int SafeTensorWipeFrees(void* library) {
  link_map* map = nullptr;
  if (library == nullptr || dlinfo(library, RTLD_DI_LINKMAP, &map) != 0) return 0;
  const Calls calls = calls_of(map);
  if (calls.names == nullptr || calls.symbols == nullptr || calls.read_only) return 0;
  int changed = 0;
  for (std::size_t i = 0; i < calls.count; ++i) {
    const ElfW(Rela)& slot = calls.slots[i];
    const ElfW(Sym)& symbol = calls.symbols[ELF64_R_SYM(slot.r_info)];
    if (ELF64_R_TYPE(slot.r_info) == R_X86_64_JUMP_SLOT &&
        strcmp(calls.names + symbol.st_name, "free") == 0) {
      // One aligned store: a call under way on another thread takes the one or the other.
      __atomic_store_n(reinterpret_cast<void**>(map->l_addr + slot.r_offset),
                       reinterpret_cast<void*>(&wipe_and_free), __ATOMIC_RELEASE);
      changed = 1;
    }
  }
  return changed;
}
