#include "graph/graph_factory.h"

#include <unordered_set>

#include "core/containers.h"
#include "core/error.h"
#include "graph/graph_executor.h"
#include "module/import_blob.h"
#include "tensor/param_list.h"
#include "tensor/tensors.h"

namespace safetensor {

GraphFactory::GraphFactory(std::string_view json, Params params, std::string name,
                           const Module* library)
    : json_(json), params_(std::move(params)), name_(std::move(name)), library_(library) {}

Ref<Module> GraphFactory::read(ByteReader& reader, const Ref<Module>& library) {
  const std::string_view json = reader.text();
  const size_t tensors = reader.count(1);
  std::vector<std::string_view> names(reader.count(sizeof(uint64_t)));
  std::unordered_set<std::string_view> seen;
  for (std::string_view& name : names) {
    name = reader.text();
    if (!seen.insert(name).second) {
      throw Error(reader.what() + ": two parameters are named '" + std::string(name) + "'");
    }
  }
  if (tensors != names.size()) {
    throw Error(reader.what() + ": the factory has " + std::to_string(names.size()) +
                " names but " + std::to_string(tensors) + " parameters");
  }
  Params params;
  params.reserve(names.size());
  for (const std::string_view name : names) {
    params.emplace_back(std::string(name), copy_of(read_tensor(reader)));
  }
  return make_object<GraphFactory>(json, std::move(params), std::string(reader.text()),
                                   library.get());
}

Ref<Function> GraphFactory::find(std::string_view name) {
  using Method = void (GraphFactory::*)(const Args&, Result&);
  Method method = nullptr;
  if (name == name_) method = &GraphFactory::create;
  if (name == "get_graph_json") method = &GraphFactory::get_graph_json;
  if (name == "get_graph_params") method = &GraphFactory::get_graph_params;
  if (name == "remove_params") method = &GraphFactory::remove_params;
  if (method == nullptr) return nullptr;
  return make_object<MethodFunction<GraphFactory>>(Ref<GraphFactory>(this), std::string(name),
                                                   method);
}

void GraphFactory::imports_are_complete() {
  for (const Ref<Module>& module : imports()) {
    if (module.get() == library_) return;
  }
  library_ = nullptr;
}

std::string_view GraphFactory::json() const {
  for (const Ref<Module>& module : imports()) {
    if (module.get() == library_) return json_;
  }
  throw Error("the model's factory does not import the library that it is part of");
}

// (device, ...) -> executor
void GraphFactory::create(const Args& args, Result& result) {
  args.expect(1);
  for (int i = 0; i < args.size(); ++i) {
    const DLDevice device = args.device(i);
    require_cpu(device.device_type, device.device_id);
  }
  const std::string_view graph = json();  // first: it makes sure that there is an import
  auto executor = make_object<GraphExecutor>(graph, imports().front(), nullptr);
  for (const auto& [name, array] : params_) executor->bind_shared(name, *array);
  result.set_object(executor);
}

void GraphFactory::get_graph_json(const Args&, Result& result) { result.set_text(json()); }

void GraphFactory::get_graph_params(const Args&, Result& result) {
  auto map = make_object<Map>();
  for (const auto& [name, array] : params_) map->set(name, array);
  result.set_object(map);
}

void GraphFactory::remove_params(const Args&, Result& result) {
  auto bare = make_object<GraphFactory>(json_, Params(), name_, library_);
  for (const Ref<Module>& module : imports()) bare->import(module);
  result.set_object(bare);
}

Ref<Module> read_graph_factory(ByteReader& reader, const Ref<Module>& library) {
  return GraphFactory::read(reader, library);
}

}  // namespace safetensor
