#include "graph/graph_executor.h"

#include <utility>

#include "core/error.h"
#include "core/registry.h"
#include "module/module_loader.h"
#include "tensor/tensors.h"

namespace safetensor {
namespace {

constexpr char kLinkedLookup[] = "_lookup_linked_param";

// (graph, module, [lookup function,] device type, device number, ...) -> executor
void create(const Args& args, Result& result) {
  args.expect(4);
  const Ref<Module> code(&module_of(args.object(1), args.function()));
  int next = 2;
  Ref<Function> lookup;
  if (args.code(next) == kTVMPackedFuncHandle) {
    lookup = Ref<Function>(static_cast<Function*>(args.object(next)));
    ++next;
  }
  if (next >= args.size() || (args.size() - next) % 2 != 0) {
    throw Error(std::string(args.function()) + " needs pairs of device type and device number");
  }
  for (; next < args.size(); next += 2) {
    require_cpu(static_cast<int>(args.integer(next)), static_cast<int>(args.integer(next + 1)));
  }
  result.set_object(make_object<GraphExecutor>(args.text(0), code, lookup));
}

}  // namespace

const GraphExecutor::NamedMethod GraphExecutor::kMethods[] = {
    {"set_input", &GraphExecutor::set_input},
    {"set_input_zero_copy", &GraphExecutor::set_input_zero_copy},
    {"set_output_zero_copy", &GraphExecutor::set_output_zero_copy},
    {"get_input", &GraphExecutor::get_input},
    {"get_output", &GraphExecutor::get_output},
    {"get_num_inputs", &GraphExecutor::get_num_inputs},
    {"get_num_outputs", &GraphExecutor::get_num_outputs},
    {"get_input_index", &GraphExecutor::get_input_index},
    {"get_input_name", &GraphExecutor::get_input_name},
    {"get_input_info", &GraphExecutor::get_input_info},
    {"get_output_info", &GraphExecutor::get_output_info},
    {"run", &GraphExecutor::run},
    {"run_from_inputs", &GraphExecutor::run_from_inputs},
    {"load_params", &GraphExecutor::load_params},
    {"share_params", &GraphExecutor::share_params},
};

GraphExecutor::GraphExecutor(std::string_view json, Ref<Module> code, const Ref<Function>& lookup)
    : code_(std::move(code)),
      graph_(read_graph(json)),
      bindings_(graph_),
      program_(graph_, bindings_, *code_),
      is_parameter_(graph_.arguments.size()),
      users_(graph_.entry_count()) {
  for (uint32_t i = 0; i < graph_.arguments.size(); ++i) inputs_.emplace(input_name(i), i);
  find_users();
  bind_linked(lookup);
}

Ref<Function> GraphExecutor::find(std::string_view name) {
  for (const NamedMethod& named : kMethods) {
    if (named.name != name) continue;
    return make_object<MethodFunction<GraphExecutor>>(Ref<GraphExecutor>(this), std::string(name),
                                                      named.method);
  }
  return nullptr;
}

// Models of old compilers keep weights in their code and tell where by storage number.
void GraphExecutor::bind_linked(const Ref<Function>& lookup) {
  const Ref<Function> function = lookup ? lookup : code_->find_anywhere(kLinkedLookup);
  if (!function) return;
  for (uint32_t i = 0; i < graph_.arguments.size(); ++i) {
    const uint32_t entry = input_entry(i);
    TVMValue values[4];
    int codes[4] = {kTVMArgInt, kTVMDLTensorHandle, kTVMDLDevice, kTVMNullptr};
    int count = 1;
    values[0].v_int64 = graph_.storage_ids[entry];
    if (lookup) {  // (module, storage number, a tensor of the shape, device) -> NDArray or None
      values[3].v_device = {kDLCPU, 0};
      values[2].v_handle = bindings_.tensor(entry);
      values[1] = values[0];
      values[0].v_handle = static_cast<Object*>(code_.get());
      codes[0] = kTVMModuleHandle;
      codes[1] = kTVMArgInt;
      codes[2] = kTVMDLTensorHandle;
      codes[3] = kTVMDLDevice;
      count = 4;
    }
    Result found;
    function->call(values, codes, count, found);
    if (found.code() == kTVMNDArrayHandle) {
      bind_shared(input_name(i), static_cast<NDArray&>(*found.object()));
    } else if (found.code() == kTVMOpaqueHandle && found.value().v_handle != nullptr) {
      bindings_.point_at(entry, found.value().v_handle, code_, true);
      is_parameter_[i] = true;
    }
  }
}

void GraphExecutor::bind_shared(std::string_view name, NDArray& array) {
  const uint32_t input = input_of(name);
  require_match(input_entry(input), array.tensor(), input_text(input));
  void* address = zero_copy_address(input_entry(input), array.tensor(), input_text(input));
  bindings_.point_at(input_entry(input), address, Ref<NDArray>(&array), true);
  is_parameter_[input] = true;
}

void register_executor() { register_native("tvm.graph_executor.create", create); }

}  // namespace safetensor
