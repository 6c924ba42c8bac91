// module_loader.h - modules from files, by the file's format.
#pragma once

#include <string>

#include "module/module.h"

namespace safetensor {

// format may be empty: the file name's extension then tells.
Ref<Module> load_module(const std::string& path, std::string format);

// The module behind a handle of the C API; throws Error for another object's handle.
Module& module_of(Object* object, const char* caller);

}  // namespace safetensor
