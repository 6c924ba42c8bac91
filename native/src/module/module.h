// module.h - a set of functions with modules that it imports, TVM's unit of loading.
#pragma once

#include <map>
#include <mutex>
#include <string>
#include <string_view>
#include <vector>

#include "core/function.h"

namespace safetensor {

class Module : public Object {
 public:
  static constexpr TypeIndex kTypeIndex = kTypeModule;

  virtual ~Module() = default;

  virtual const char* type_key() const noexcept = 0;

  // A function of this module itself; NULL when absent.
  virtual Ref<Function> find(std::string_view name) = 0;

  // Called once the modules of a library have their imports: what is not among them may go away.
  virtual void imports_are_complete() {}

  // This module's function or else the first one that its imports have, nearest first.
  Ref<Function> find_anywhere(std::string_view name);

  // Throws Error when module imports this one already, directly or not.
  void import(Ref<Module> module);
  std::vector<Ref<Module>> imports() const;

  // What this module's compiled code calls under name: from the imports, then the global table.
  // The module keeps it, because compiled code never gives it back.
  Function& function_for_code(const std::string& name);

 protected:
  // For compiled code that outlives its module: what it was given must outlive it too.
  void keep_functions_forever();

 private:
  std::vector<Ref<Module>> reachable() const;

  mutable std::mutex mutex_;
  std::vector<Ref<Module>> imports_;
  std::map<std::string, Ref<Function>> functions_for_code_;
};

}  // namespace safetensor
