#include "module/constant_module.h"

#include <utility>

#include "core/containers.h"
#include "core/error.h"
#include "tensor/param_list.h"

namespace safetensor {

Ref<Module> ConstantModule::read(ByteReader& reader) {
  auto module = make_object<ConstantModule>();
  std::vector<std::string> names(reader.count(sizeof(uint64_t)));
  for (std::string& name : names) name = reader.text();
  const size_t tensors = reader.count(1);
  if (tensors != names.size()) {
    throw Error(reader.what() + ": const_loader has " + std::to_string(names.size()) +
                " names but " + std::to_string(tensors) + " tensors");
  }
  for (std::string& name : names) {
    Ref<NDArray> tensor = copy_of(read_tensor(reader));
    if (!module->constants_.emplace(name, std::move(tensor)).second) {
      throw Error(reader.what() + ": const_loader has two constants '" + name + "'");
    }
  }
  std::vector<std::string> symbols(reader.count(sizeof(uint64_t)));
  for (std::string& symbol : symbols) symbol = reader.text();
  const size_t lists = reader.count(sizeof(uint64_t));
  if (lists != symbols.size()) {
    throw Error(reader.what() + ": const_loader has " + std::to_string(symbols.size()) +
                " functions but " + std::to_string(lists) + " lists of constants");
  }
  for (std::string& symbol : symbols) {
    std::vector<std::string> needed(reader.count(sizeof(uint64_t)));
    for (std::string& name : needed) {
      name = reader.text();
      if (module->constants_.count(name) == 0) {
        throw Error(reader.what() + ": '" + symbol + "' needs the constant '" + name +
                    "', which const_loader lacks");
      }
    }
    module->needs_[symbol] = std::move(needed);
  }
  return module;
}

void ConstantModule::hand_over_constants(const std::string& symbol) {
  const auto needed = needs_.find(symbol);
  const std::lock_guard<std::recursive_mutex> lock(mutex_);
  if (needed == needs_.end() || !ready_.insert(symbol).second) return;
  auto array = make_object<Array>();
  for (const std::string& name : needed->second) array->items.push_back(constants_.at(name));
  for (const Ref<Module>& module : imports()) {
    const Ref<Function> init = module->find("__init_" + symbol);
    if (!init) continue;
    TVMValue value;
    value.v_handle = static_cast<Object*>(array.get());
    int code = kTVMObjectHandle;
    Result result;
    try {
      init->call(&value, &code, 1, result);
    } catch (...) {
      ready_.erase(symbol);
      throw;
    }
    return;
  }
}

Ref<Function> ConstantModule::find(std::string_view name) {
  hand_over_constants(std::string(name));
  for (const Ref<Module>& module : imports()) {
    if (Ref<Function> found = module->find_anywhere(name)) return found;
  }
  return nullptr;
}

}  // namespace safetensor
