// param_functions.cc - parameters files to and from TVM's Map of NDArrays.
#include <cstdint>
#include <string>

#include "core/containers.h"
#include "core/error.h"
#include "core/registry.h"
#include "tensor/param_list.h"
#include "tensor/tensors.h"

namespace safetensor {
namespace {

// (the file's bytes) -> Map of name to NDArray
void load(const Args& args, Result& result) {
  auto map = make_object<Map>();
  for (const Param& param : read_params(args.text(0))) map->set(param.name, copy_of(param.tensor));
  result.set_object(map);
}

// (Map of name to NDArray) -> the file's bytes
void save(const Args& args, Result& result) {
  Object* object = args.object(0);
  if (object == nullptr || object->type_index() != kTypeMap) {
    throw Error(std::string(args.function()) + ": argument 0 is not a Map");
  }
  std::vector<NamedTensor> tensors;
  for (const auto& [key, value] : static_cast<Map*>(object)->items()) {
    if (!key || key->type_index() != kTypeString || !value || value->type_index() != kTypeNDArray) {
      throw Error(std::string(args.function()) + " saves NDArrays under the names of Strings only");
    }
    tensors.push_back(
        {static_cast<String*>(key.get())->text, &static_cast<NDArray*>(value.get())->tensor()});
  }
  result.set_bytes(write_params(tensors));
}

}  // namespace

void register_params() {
  register_native("runtime.LoadParams", load);
  register_native("runtime.SaveParams", save);
}

}  // namespace safetensor
