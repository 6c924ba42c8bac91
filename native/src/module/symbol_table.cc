#include "module/symbol_table.h"

#include <cstdint>
#include <cstring>

namespace safetensor {
namespace {

struct Tables {
  const ElfW(Sym) * symbols = nullptr;
  const char* names = nullptr;
  const uint32_t* gnu_hash = nullptr;
  const uint32_t* sysv_hash = nullptr;
};

Tables tables_of(const link_map& library) noexcept {
  // Some C libraries have added the load address already, others have not.
  const auto at = [&](ElfW(Addr) address) {
    if (address < library.l_addr) address += library.l_addr;
    return reinterpret_cast<const void*>(address);
  };
  Tables tables;
  for (const ElfW(Dyn)* entry = library.l_ld; entry->d_tag != DT_NULL; ++entry) {
    const ElfW(Addr) address = entry->d_un.d_ptr;
    if (entry->d_tag == DT_SYMTAB) tables.symbols = static_cast<const ElfW(Sym)*>(at(address));
    if (entry->d_tag == DT_STRTAB) tables.names = static_cast<const char*>(at(address));
    if (entry->d_tag == DT_GNU_HASH) tables.gnu_hash = static_cast<const uint32_t*>(at(address));
    if (entry->d_tag == DT_HASH) tables.sysv_hash = static_cast<const uint32_t*>(at(address));
  }
  return tables;
}

bool is_named(const Tables& tables, uint32_t index, const char* name) noexcept {
  const ElfW(Sym)& symbol = tables.symbols[index];
  return symbol.st_shndx != SHN_UNDEF && symbol.st_shndx != SHN_ABS &&
         std::strcmp(tables.names + symbol.st_name, name) == 0;
}

// The layout: number of buckets, first hashed symbol, words of the filter, its shift; then the
// filter, the buckets, and a chain entry for each symbol, whose lowest bit ends the chain.
const ElfW(Sym) * find_by_gnu_hash(const Tables& tables, const char* name) noexcept {
  uint32_t hash = 5381;
  for (const char* c = name; *c != '\0'; ++c) hash = hash * 33 + static_cast<unsigned char>(*c);
  const uint32_t bucket_count = tables.gnu_hash[0];
  const uint32_t first = tables.gnu_hash[1];
  if (bucket_count == 0) return nullptr;
  const uint32_t* buckets =
      tables.gnu_hash + 4 + tables.gnu_hash[2] * (sizeof(ElfW(Addr)) / sizeof(uint32_t));
  const uint32_t* chain = buckets + bucket_count;
  uint32_t index = buckets[hash % bucket_count];
  if (index < first) return nullptr;
  for (;; ++index) {
    const uint32_t entry = chain[index - first];
    if ((entry | 1) == (hash | 1) && is_named(tables, index, name)) return tables.symbols + index;
    if ((entry & 1) != 0) return nullptr;
  }
}

const ElfW(Sym) * find_by_sysv_hash(const Tables& tables, const char* name) noexcept {
  const uint32_t count = tables.sysv_hash[1];
  for (uint32_t index = 1; index < count; ++index) {
    if (is_named(tables, index, name)) return tables.symbols + index;
  }
  return nullptr;
}

}  // namespace

const ElfW(Sym) * own_symbol(const link_map& library, const std::string& name) noexcept {
  const Tables tables = tables_of(library);
  if (tables.symbols == nullptr || tables.names == nullptr) return nullptr;
  if (tables.gnu_hash != nullptr) return find_by_gnu_hash(tables, name.c_str());
  return tables.sysv_hash != nullptr ? find_by_sysv_hash(tables, name.c_str()) : nullptr;
}

}  // namespace safetensor
