// api_modules.cc - the C entry points for modules, called by hosts and by compiled code.
#include <string>

#include "core/error.h"
#include "module/module_loader.h"
#include "module/system_library.h"

namespace safetensor {
namespace {

Module& module_at(TVMModuleHandle handle, const char* caller) {
  return module_of(static_cast<Object*>(handle), caller);
}

const char* required(const char* text, const char* caller) {
  if (text == nullptr) throw Error(std::string(caller) + " got no name");
  return text;
}

}  // namespace
}  // namespace safetensor

using namespace safetensor;

int TVMModLoadFromFile(const char* file_name, const char* format, TVMModuleHandle* out) {
  return guarded([&] {
    Object* module =
        load_module(required(file_name, "TVMModLoadFromFile"), format != nullptr ? format : "")
            .leak();
    *out = module;
  });
}

int TVMModImport(TVMModuleHandle mod, TVMModuleHandle dep) {
  return guarded(
      [&] { module_at(mod, "TVMModImport").import(Ref<Module>(&module_at(dep, "TVMModImport"))); });
}

int TVMModGetFunction(TVMModuleHandle mod, const char* func_name, int query_imports,
                      TVMFunctionHandle* out) {
  return guarded([&] {
    Module& module = module_at(mod, "TVMModGetFunction");
    const char* name = required(func_name, "TVMModGetFunction");
    Object* found = (query_imports != 0 ? module.find_anywhere(name) : module.find(name)).leak();
    *out = found;
  });
}

int TVMModFree(TVMModuleHandle mod) {
  return guarded([&] {
    if (mod != nullptr) module_at(mod, "TVMModFree").release();
  });
}

int TVMBackendGetFuncFromEnv(void* mod_node, const char* func_name, TVMFunctionHandle* out) {
  return guarded([&] {
    if (mod_node == nullptr) {
      throw Error(std::string("compiled code looks up '") +
                  (func_name != nullptr ? func_name : "") + "' but its module is not loaded");
    }
    Object* found = &static_cast<Module*>(mod_node)->function_for_code(
        required(func_name, "TVMBackendGetFuncFromEnv"));
    *out = found;
  });
}

int TVMBackendRegisterSystemLibSymbol(const char* name, void* ptr) {
  return guarded(
      [&] { SystemLibrary::add(required(name, "TVMBackendRegisterSystemLibSymbol"), ptr); });
}

int TVMBackendRegisterEnvCAPI(const char*, void*) {
  return 0;  // a scripting language's hooks, which a runtime without one never calls
}
