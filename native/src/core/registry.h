// registry.h - the process's table of named packed functions.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "core/args.h"
#include "core/ref.h"
#include "core/result.h"

namespace safetensor {

class Function;

// A function written in this library. It throws Error to fail.
using NativeFunction = void (*)(const Args& args, Result& result);

// Adds a function of this library under its TVM name; called while the table is first filled.
void register_native(const char* name, NativeFunction function);

// A host's function. Throws Error when the name is taken and replace is false.
void register_function(std::string_view name, Ref<Function> function, bool replace);
Ref<Function> find_function(std::string_view name);  // NULL when absent
bool remove_function(std::string_view name);         // false when absent
std::vector<std::string> function_names();           // sorted

// Each part of the library adds its functions here, from registry.cc and nowhere else.
void register_basics();
void register_containers();
void register_modules();
void register_executor();
void register_params();
void register_sort();
void register_random();
void register_threading();  // runtime.config_threadpool, runtime.NumThreads

}  // namespace safetensor
