#include "core/registry.h"

#include <map>
#include <mutex>
#include <utility>

#include "core/error.h"
#include "core/function.h"

namespace safetensor {
namespace {

class BuiltinFunction final : public Function {
 public:
  BuiltinFunction(const char* name, NativeFunction function) : name_(name), function_(function) {}

  void call(TVMValue* values, int* codes, int count, Result& result) override {
    function_(Args(name_, values, codes, count), result);
  }

 private:
  const char* name_;
  NativeFunction function_;
};

struct Table {
  std::mutex mutex;
  std::map<std::string, Ref<Function>, std::less<>> functions;
};

// Never destroyed: compiled code may still look functions up while the process exits.
Table& table() {
  static Table* const leaked = new Table;
  return *leaked;
}

Table& filled_table() {
  static const bool filled = [] {
    register_basics();
    register_containers();
    register_modules();
    register_executor();
    register_params();
    register_sort();
    register_random();
    register_threading();
    return true;
  }();
  static_cast<void>(filled);
  return table();
}

}  // namespace

void register_native(const char* name, NativeFunction function) {
  table().functions[name] = make_object<BuiltinFunction>(name, function);
}

void register_function(std::string_view name, Ref<Function> function, bool replace) {
  Table& t = filled_table();
  const std::lock_guard<std::mutex> lock(t.mutex);
  const auto [place, added] = t.functions.try_emplace(std::string(name), function);
  if (added) return;
  if (!replace) {
    throw Error("a global function '" + std::string(name) +
                "' exists already; register it with override to replace it");
  }
  std::swap(place->second, function);
}

Ref<Function> find_function(std::string_view name) {
  Table& t = filled_table();
  const std::lock_guard<std::mutex> lock(t.mutex);
  const auto found = t.functions.find(name);
  return found == t.functions.end() ? nullptr : found->second;
}

bool remove_function(std::string_view name) {
  Table& t = filled_table();
  Ref<Function> removed;  // released after the lock: its finalizer is the host's code
  const std::lock_guard<std::mutex> lock(t.mutex);
  const auto found = t.functions.find(name);
  if (found == t.functions.end()) return false;
  removed = std::move(found->second);
  t.functions.erase(found);
  return true;
}

std::vector<std::string> function_names() {
  Table& t = filled_table();
  const std::lock_guard<std::mutex> lock(t.mutex);
  std::vector<std::string> names;
  names.reserve(t.functions.size());
  for (const auto& entry : t.functions) names.push_back(entry.first);
  return names;
}

}  // namespace safetensor
