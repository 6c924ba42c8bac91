// graph_factory.h - a model in one library: its graph and parameters beside its code.
#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "core/byte_reader.h"
#include "module/module.h"
#include "tensor/ndarray.h"

namespace safetensor {

class GraphFactory final : public Module {
 public:
  using Params = std::vector<std::pair<std::string, Ref<NDArray>>>;

  // json is a view of library's memory.
  GraphFactory(std::string_view json, Params params, std::string name, const Module* library);

  static Ref<Module> read(ByteReader& reader, const Ref<Module>& library);

  const char* type_key() const noexcept override { return "GraphExecutorFactory"; }
  Ref<Function> find(std::string_view name) override;

  // Forgets the library unless it is one of the imports: its memory may go away.
  void imports_are_complete() override;

 private:
  void create(const Args& args, Result& result);
  void get_graph_json(const Args& args, Result& result);
  void get_graph_params(const Args& args, Result& result);
  void remove_params(const Args& args, Result& result);

  std::string_view json() const;

  std::string_view json_;
  Params params_;  // every executor reads them here
  std::string name_;
  // Not counted: the library may import this factory. The other way round, which is how it is used,
  // the import keeps it loaded.
  const Module* library_;
};

}  // namespace safetensor
