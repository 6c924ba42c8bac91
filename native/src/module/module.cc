#include "module/module.h"

#include <algorithm>
#include <unordered_set>
#include <utility>

#include "core/error.h"
#include "core/registry.h"

namespace safetensor {

std::vector<Ref<Module>> Module::imports() const {
  const std::lock_guard<std::mutex> lock(mutex_);
  return imports_;
}

// Every module below this one, nearest first and each once, however many paths lead to it.
std::vector<Ref<Module>> Module::reachable() const {
  std::vector<Ref<Module>> found = imports();
  std::unordered_set<const Module*> seen;
  found.erase(std::remove_if(found.begin(), found.end(),
                             [&](const Ref<Module>& m) { return !seen.insert(m.get()).second; }),
              found.end());
  for (size_t i = 0; i < found.size(); ++i) {
    for (Ref<Module>& below : found[i]->imports()) {
      if (seen.insert(below.get()).second) found.push_back(std::move(below));
    }
  }
  return found;
}

void Module::import(Ref<Module> module) {
  const auto below = module->reachable();
  const bool loops = std::any_of(below.begin(), below.end(),
                                 [this](const Ref<Module>& m) { return m.get() == this; });
  if (loops || module.get() == this) {
    throw Error(std::string("importing a module of kind '") + module->type_key() +
                "' into one of '" + type_key() + "' would make them import each other");
  }
  const std::lock_guard<std::mutex> lock(mutex_);
  for (const Ref<Module>& existing : imports_) {
    if (existing.get() == module.get()) return;
  }
  imports_.push_back(std::move(module));
}

Ref<Function> Module::find_anywhere(std::string_view name) {
  if (Ref<Function> own = find(name)) return own;
  for (const Ref<Module>& module : reachable()) {
    if (Ref<Function> found = module->find(name)) return found;
  }
  return nullptr;
}

Function& Module::function_for_code(const std::string& name) {
  {
    const std::lock_guard<std::mutex> lock(mutex_);
    const auto known = functions_for_code_.find(name);
    if (known != functions_for_code_.end()) return *known->second;
  }
  // Unlocked: an import may run its own code before it answers.
  Ref<Function> found;
  for (const Ref<Module>& module : reachable()) {
    if ((found = module->find(name))) break;
  }
  if (!found) found = find_function(name);
  if (!found) {
    throw Error("compiled code calls '" + name +
                "', which neither its imported modules nor this runtime has");
  }
  const std::lock_guard<std::mutex> lock(mutex_);
  return *functions_for_code_.emplace(name, std::move(found)).first->second;
}

void Module::keep_functions_forever() {
  static std::mutex* const mutex = new std::mutex;
  static auto* const kept = new std::multimap<std::string, Ref<Function>>;
  const std::lock_guard<std::mutex> lock(*mutex);
  kept->merge(functions_for_code_);  // moves the nodes, so that a destructor may call this
}

}  // namespace safetensor
