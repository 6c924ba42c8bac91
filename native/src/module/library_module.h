// library_module.h - a module of compiled functions.
#pragma once

#include <memory>

#include "module/library.h"
#include "module/module.h"

namespace safetensor {

class LibraryModule final : public Module {
 public:
  explicit LibraryModule(std::unique_ptr<Library> library);
  ~LibraryModule() override;

  // The module of the shared library at path, with its imports. The same library loaded again
  // gives the same module: its code has one place for what it was bound to.
  static Ref<Module> load(const std::string& path);

  // The module of the registered symbols that begin with prefix; there is one for each prefix.
  static Ref<Module> system(const std::string& prefix);

  const char* type_key() const noexcept override { return "library"; }
  Ref<Function> find(std::string_view name) override;

  const Library& library() const noexcept { return *library_; }

 private:
  // Gives the compiled code the addresses it calls, and finds or builds its root module.
  static Ref<Module> bind(const Ref<LibraryModule>& module, bool first);

  std::unique_ptr<Library> library_;
};

}  // namespace safetensor
