// registry.h - the process's table of named packed functions.
#pragma once

#include "args.h"

namespace safetensor {

class Result;  // what a packed function returns; see result.h

// A function written in this library. It throws Error to fail.
using NativeFunction = void (*)(const Args& args, Result& result);

// Adds a function of this library under its TVM name; called while the library initialises.
void register_native(const char* name, NativeFunction function);

// Each part of the library adds its functions here, from registry.cc and nowhere else.
void register_sort();
void register_random();
void register_threading();  // runtime.config_threadpool, runtime.NumThreads

}  // namespace safetensor
