#include "module/library_module.h"

#include <dlfcn.h>

#include <cstring>
#include <map>
#include <mutex>
#include <utility>

#include "core/error.h"
#include "module/image_table.h"
#include "module/import_blob.h"
#include "module/library_function.h"
#include "module/shared_library.h"
#include "module/system_library.h"

namespace safetensor {
namespace {

constexpr char kContext[] = "__tvm_module_ctx";
constexpr char kImports[] = "__tvm_dev_mblob";
constexpr char kMain[] = "__tvm_main__";

// Compiled code calls the runtime through variables of its own, so that it needs no symbols.
void fill_slots(const Library& library) {
  const std::pair<const char*, void*> slots[] = {
      {"__TVMFuncCall", reinterpret_cast<void*>(&TVMFuncCall)},
      {"__TVMAPISetLastError", reinterpret_cast<void*>(&TVMAPISetLastError)},
      {"__TVMBackendGetFuncFromEnv", reinterpret_cast<void*>(&TVMBackendGetFuncFromEnv)},
      {"__TVMBackendAllocWorkspace", reinterpret_cast<void*>(&TVMBackendAllocWorkspace)},
      {"__TVMBackendFreeWorkspace", reinterpret_cast<void*>(&TVMBackendFreeWorkspace)},
      {"__TVMBackendParallelLaunch", reinterpret_cast<void*>(&TVMBackendParallelLaunch)},
      {"__TVMBackendParallelBarrier", reinterpret_cast<void*>(&TVMBackendParallelBarrier)},
  };
  for (const auto& [name, function] : slots) {
    const Library::Data slot = library.data(name);
    if (slot.address == nullptr) continue;
    if (slot.size != 0 && slot.size != sizeof(function)) {
      throw Error(library.name() + ": the variable " + name + " has " + std::to_string(slot.size) +
                  " bytes and cannot hold a function's address");
    }
    *static_cast<void**>(slot.address) = function;
  }
}

// Where compiled code keeps its module, or NULL.
void** context_of(const Library& library) {
  const Library::Data context = library.data(kContext);
  return context.size == 0 || context.size == sizeof(void*) ? static_cast<void**>(context.address)
                                                            : nullptr;
}

std::string_view import_bytes(const Library& library, const Library::Data& blob) {
  const auto* bytes = static_cast<const char*>(blob.address);
  uint64_t size = 0;
  if (blob.size != 0 && blob.size < sizeof(size)) {
    throw Error(library.name() + ": " + kImports + " has " + std::to_string(blob.size) +
                " bytes, less than its own length takes");
  }
  std::memcpy(&size, bytes, sizeof(size));
  if (size > SIZE_MAX / 2 || (blob.size != 0 && size > blob.size - sizeof(size))) {
    throw Error(library.name() + ": " + kImports + " claims " + std::to_string(size) +
                " bytes but has " + std::to_string(blob.size));
  }
  return {bytes + sizeof(size), static_cast<size_t>(size)};
}

}  // namespace

LibraryModule::LibraryModule(std::unique_ptr<Library> library) : library_(std::move(library)) {}

LibraryModule::~LibraryModule() {
  ImageTable& images = ImageTable::instance();
  const std::lock_guard<std::recursive_mutex> lock(images.mutex());
  images.remove(this);
  void** context = context_of(*library_);
  if (context != nullptr && *context == static_cast<Module*>(this)) *context = nullptr;
  if (library_->close()) keep_functions_forever();
}

Ref<Module> LibraryModule::load(const std::string& path) {
  ImageTable& images = ImageTable::instance();
  const std::lock_guard<std::recursive_mutex> lock(images.mutex());
  ImageTable::Opened opened = images.open(path);
  auto library = std::make_unique<SharedLibrary>(opened.handle, path);
  if (opened.module) return bind(opened.module, false);
  auto module = make_object<LibraryModule>(std::move(library));
  images.add(opened.handle, path, module.get());
  return bind(module, true);
}

Ref<Module> LibraryModule::system(const std::string& prefix) {
  static std::mutex* const mutex = new std::mutex;
  static auto* const modules = new std::map<std::string, Ref<Module>>;
  const std::lock_guard<std::mutex> lock(*mutex);
  Ref<Module>& module = (*modules)[prefix];
  if (!module) {
    module = bind(make_object<LibraryModule>(std::make_unique<SystemLibrary>(prefix)), true);
  }
  return module;
}

Ref<Module> LibraryModule::bind(const Ref<LibraryModule>& module, bool first) {
  const Library& library = module->library();
  if (first) fill_slots(library);
  const Library::Data blob = library.data(kImports);
  Ref<Module> root = module;
  if (blob.address != nullptr) {
    root = read_imports(import_bytes(library, blob), library.name(), module, first);
  }
  if (first) {
    if (void** context = context_of(library)) *context = static_cast<Module*>(module.get());
  }
  return root;
}

Ref<Function> LibraryModule::find(std::string_view name) {
  std::string symbol(name);
  void* code = library_->code(symbol);
  if (name == kMain) {
    // A string: the name of the function to call. A compiler that writes C makes it a function.
    const Library::Data main = library_->data(symbol);
    if (main.address != nullptr && main.size != 0) {
      const auto* text = static_cast<const char*>(main.address);
      symbol.assign(text, strnlen(text, main.size));
      code = library_->code(symbol);
    }
  }
  if (code == nullptr) return nullptr;
  return make_object<LibraryFunction>(Ref<Module>(this), std::move(symbol),
                                      reinterpret_cast<TVMBackendPackedCFunc>(code));
}

}  // namespace safetensor
