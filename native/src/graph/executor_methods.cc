// executor_methods.cc - GraphExecutor: the functions that a host calls.
#include <string>

#include "core/containers.h"
#include "core/dtype.h"
#include "core/error.h"
#include "graph/graph_executor.h"
#include "module/module_loader.h"
#include "tensor/param_list.h"
#include "tensor/tensors.h"

namespace safetensor {

void GraphExecutor::set_input(const Args& args, Result&) {
  const uint32_t input = input_of(args, 0);
  const DLTensor& tensor = *args.tensor(1);
  require_match(input_entry(input), tensor, input_text(input));
  bindings_.write(input_entry(input), tensor_data(tensor));
}

void GraphExecutor::set_input_zero_copy(const Args& args, Result&) {
  const uint32_t input = input_of(args, 0);
  const uint32_t entry = input_entry(input);
  bindings_.point_at(entry, zero_copy_address(entry, *args.tensor(1), input_text(input)), nullptr,
                     false);
}

void GraphExecutor::set_output_zero_copy(const Args& args, Result&) {
  const uint32_t output = output_of(args, 0);
  const uint32_t entry = graph_.entry(graph_.outputs[output]);
  require_own_output(output);
  bindings_.point_at(entry, zero_copy_address(entry, *args.tensor(1), output_text(output)), nullptr,
                     false);
}

void GraphExecutor::get_input(const Args& args, Result& result) {
  uint32_t input = 0;
  if (args.is_text(0) && !find_input(args.text(0), input)) {
    result.set_none();  // hosts ask this way whether an input exists
    return;
  }
  result.set_object(bindings_.view(input_entry(input_of(args, 0))));
}

void GraphExecutor::get_output(const Args& args, Result& result) {
  const uint32_t output = output_of(args, 0);
  const uint32_t entry = graph_.entry(graph_.outputs[output]);
  if (args.size() < 2) {
    result.set_object(bindings_.view(entry));
    return;
  }
  const DLTensor& target = *args.tensor(1);
  require_match(entry, target, output_text(output));
  copy_tensor(bindings_.view(entry)->tensor(), target);
}

void GraphExecutor::get_num_inputs(const Args&, Result& result) {
  result.set_integer(static_cast<int64_t>(graph_.arguments.size()));
}

void GraphExecutor::get_num_outputs(const Args&, Result& result) {
  result.set_integer(static_cast<int64_t>(graph_.outputs.size()));
}

void GraphExecutor::get_input_index(const Args& args, Result& result) {
  uint32_t input = 0;
  result.set_integer(find_input(args.text(0), input) ? int64_t{input} : -1);
}

void GraphExecutor::get_input_name(const Args& args, Result& result) {
  result.set_text(input_name(input_of(args, 0)));
}

void GraphExecutor::get_input_info(const Args&, Result& result) {
  std::vector<uint32_t> entries;
  std::vector<std::string> names;
  for (uint32_t i = 0; i < graph_.arguments.size(); ++i) {
    if (is_parameter_[i]) continue;
    entries.push_back(input_entry(i));
    names.push_back(input_name(i));
  }
  result.set_object(describe(entries, names));
}

void GraphExecutor::get_output_info(const Args&, Result& result) {
  std::vector<uint32_t> entries;
  std::vector<std::string> names;
  for (const NodeOutput output : graph_.outputs) {
    entries.push_back(graph_.entry(output));
    names.push_back(graph_.nodes[output.node].name);
  }
  result.set_object(describe(entries, names));
}

void GraphExecutor::run(const Args&, Result&) {
  bindings_.allocate_missing();
  program_.run();
}

// (device type, device number, key, tensor, ...) -> the outputs, copied
void GraphExecutor::run_from_inputs(const Args& args, Result& result) {
  require_cpu(static_cast<int>(args.integer(0)), static_cast<int>(args.integer(1)));
  if (args.size() % 2 != 0) throw Error("run_from_inputs needs a tensor after every input's name");
  for (int i = 2; i < args.size(); i += 2) {
    const uint32_t input = input_of(args, i);
    const DLTensor& tensor = *args.tensor(i + 1);
    require_match(input_entry(input), tensor, input_text(input));
    bindings_.write(input_entry(input), tensor_data(tensor));
  }
  bindings_.allocate_missing();
  program_.run();
  auto outputs = make_object<Array>();
  for (const NodeOutput output : graph_.outputs) {
    const Ref<NDArray> view = bindings_.view(graph_.entry(output));
    const DLTensor& tensor = view->tensor();
    Ref<NDArray> copy = NDArray::allocate(
        tensor.dtype, std::vector<int64_t>(tensor.shape, tensor.shape + tensor.ndim));
    copy_tensor(tensor, copy->tensor());
    outputs->items.push_back(std::move(copy));
  }
  result.set_object(outputs);
}

void GraphExecutor::load_params(const Args& args, Result&) {
  const std::vector<Param> params = read_params(args.text(0));
  // All of them before the first is written, so that a wrong file changes nothing.
  for (const Param& param : params) {
    const uint32_t input = input_of(param.name);
    DLTensor tensor{};
    tensor.dtype = param.tensor.dtype;
    tensor.ndim = static_cast<int32_t>(param.tensor.shape.size());
    tensor.shape = const_cast<int64_t*>(param.tensor.shape.data());
    require_match(input_entry(input), tensor, "parameter '" + input_name(input) + "'");
    if (param.tensor.data.size() != bindings_.bytes(input_entry(input))) {
      throw Error("parameter '" + input_name(input) + "' has " +
                  std::to_string(param.tensor.data.size()) + " bytes but the graph's takes " +
                  std::to_string(bindings_.bytes(input_entry(input))));
    }
  }
  for (const Param& param : params) {
    const uint32_t input = input_of(param.name);
    bindings_.write(input_entry(input), param.tensor.data.data());
    is_parameter_[input] = true;
  }
}

// (executor, a parameters file or the beginning of one, up to the names)
void GraphExecutor::share_params(const Args& args, Result&) {
  Module& module = module_of(args.object(0), args.function());
  if (std::string_view(module.type_key()) != kTypeKey) {
    throw Error(std::string("share_params needs a GraphExecutor, not a ") + module.type_key());
  }
  auto& other = static_cast<GraphExecutor&>(module);
  const std::vector<std::string_view> names = read_param_names(args.text(1));
  for (const std::string_view name : names) {
    const uint32_t input = input_of(name);
    const uint32_t source = other.input_of(name);
    require_match(input_entry(input), *other.bindings_.tensor(other.input_entry(source)),
                  input_text(input));
  }
  for (const std::string_view name : names) {
    const uint32_t input = input_of(name);
    bindings_.share(input_entry(input), other.bindings_, other.input_entry(other.input_of(name)));
    is_parameter_[input] = true;
  }
}

}  // namespace safetensor
