// symbol_table.h - what a loaded library itself defines, by name.
#pragma once

#include <elf.h>
#include <link.h>

#include <string>

namespace safetensor {

// NULL when the library does not define the symbol. Unlike dlsym() this does not look in what the
// library depends on, and unlike dladdr() it cannot give another symbol at the same address.
const ElfW(Sym) * own_symbol(const link_map& library, const std::string& name) noexcept;

}  // namespace safetensor
