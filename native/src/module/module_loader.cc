#include "module/module_loader.h"

#include "core/error.h"
#include "core/registry.h"
#include "module/library_module.h"

namespace safetensor {
namespace {

void load_library(const Args& args, Result& result) {
  result.set_object(LibraryModule::load(std::string(args.text(0))));
}

void load_file(const Args& args, Result& result) {
  const std::string format = args.size() > 1 ? std::string(args.text(1)) : std::string();
  result.set_object(load_module(std::string(args.text(0)), format));
}

void system_library(const Args& args, Result& result) {
  const std::string prefix = args.size() > 0 ? std::string(args.text(0)) : std::string();
  result.set_object(LibraryModule::system(prefix));
}

void type_key(const Args& args, Result& result) {
  result.set_text(module_of(args.object(0), args.function()).type_key());
}

// No module of this library can be saved, so none has a format.
void format(const Args& args, Result& result) {
  module_of(args.object(0), args.function());
  result.set_text("");
}

void import_count(const Args& args, Result& result) {
  const Module& module = module_of(args.object(0), args.function());
  result.set_integer(static_cast<int64_t>(module.imports().size()));
}

void import_at(const Args& args, Result& result) {
  const auto imports = module_of(args.object(0), args.function()).imports();
  const int64_t index = args.integer(1);
  if (index < 0 || static_cast<uint64_t>(index) >= imports.size()) {
    throw Error("the module has " + std::to_string(imports.size()) +
                " imports; there is no import " + std::to_string(index));
  }
  result.set_object(imports[static_cast<size_t>(index)]);
}

}  // namespace

Module& module_of(Object* object, const char* caller) {
  if (object == nullptr || object->type_index() != kTypeModule) {
    throw Error(std::string(caller) + " got a handle that is not a module's");
  }
  return *static_cast<Module*>(object);
}

Ref<Module> load_module(const std::string& path, std::string format) {
  if (format.empty()) {
    const size_t dot = path.find_last_of("./");
    if (dot != std::string::npos && path[dot] == '.') format = path.substr(dot + 1);
  }
  if (format == "dll" || format == "dylib" || format == "dso") format = "so";
  const Ref<Function> loader = find_function("runtime.module.loadfile_" + format);
  if (!loader) {
    throw Error("cannot load '" + path + "': no loader for the format '" + format +
                "'; shared libraries (so) are supported");
  }
  TVMValue value;
  value.v_str = path.c_str();
  int code = kTVMStr;
  Result result;
  loader->call(&value, &code, 1, result);
  return Ref<Module>(&module_of(result.object().get(), "runtime.module.loadfile"));
}

void register_modules() {
  register_native("runtime.module.loadfile_so", load_library);
  register_native("runtime.ModuleLoadFromFile", load_file);
  register_native("runtime.SystemLib", system_library);
  register_native("runtime.ModuleGetTypeKey", type_key);
  register_native("runtime.ModuleGetFormat", format);
  register_native("runtime.ModuleImportsSize", import_count);
  register_native("runtime.ModuleGetImport", import_at);
}

}  // namespace safetensor
