// constant_module.h - TVM's const_loader: tensors that compiled functions of other modules need
// before their first call.
#pragma once

#include <map>
#include <set>
#include <string>
#include <vector>

#include "core/byte_reader.h"
#include "module/module.h"
#include "tensor/ndarray.h"

namespace safetensor {

class ConstantModule final : public Module {
 public:
  static Ref<Module> read(ByteReader& reader);

  const char* type_key() const noexcept override { return "const_loader"; }

  // The imports' function, after its constants were handed to the import's __init_ function.
  Ref<Function> find(std::string_view name) override;

 private:
  void hand_over_constants(const std::string& symbol);

  std::map<std::string, Ref<NDArray>, std::less<>> constants_;
  std::map<std::string, std::vector<std::string>, std::less<>> needs_;  // by function
  std::recursive_mutex mutex_;  // an __init_ function may look functions up in here
  std::set<std::string, std::less<>> ready_;
};

}  // namespace safetensor
