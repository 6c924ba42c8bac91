#include "graph/program.h"

#include <string>
#include <unordered_map>

#include "core/error.h"
#include "parallel/workspace_guard.h"
#include "tensor/tensors.h"

namespace safetensor {
namespace {

// A function without compiled code of its own, such as a host's, in the place of an operator.
int call_function(TVMValue* values, int* codes, int count, TVMValue*, int*, void* resource) {
  return guarded([&] {
    Result ignored;
    static_cast<Function*>(resource)->call(values, codes, count, ignored);
  });
}

int copy_input(TVMValue* values, int*, int count, TVMValue*, int*, void*) {
  return guarded([&] {
    copy_tensor(*static_cast<DLTensor*>(values[0].v_handle),
                *static_cast<DLTensor*>(values[count - 1].v_handle));
  });
}

Ref<Function> resolve(const GraphNode& node, Module& code) {
  // Names like this are a module's own machinery, which takes other arguments than an operator.
  if (node.function.compare(0, 2, "__") == 0) {
    throw Error("the graph calls " + shown(node.function) +
                "; names that begin with __ are not a model's functions");
  }
  Ref<Function> function = code.find_anywhere(node.function);
  if (!function) {
    throw Error("the graph calls " + shown(node.function) +
                ", which neither the model's library nor its imports define");
  }
  return function;
}

}  // namespace

Program::Program(const Graph& graph, Bindings& bindings, Module& code) : graph_(graph) {
  size_t arguments = 0;
  size_t steps = 0;
  for (const GraphNode& node : graph.nodes) {
    if (node.is_argument() || node.is_reshape()) continue;
    arguments += size_t{node.input_count} + node.output_count;
    ++steps;
  }
  // Neither may move: steps point into them.
  values_.resize(arguments);
  codes_.assign(arguments, kTVMDLTensorHandle);
  steps_.reserve(steps);

  std::unordered_map<std::string_view, Function*> known;
  size_t next = 0;
  for (uint32_t n = 0; n < graph.nodes.size(); ++n) {
    const GraphNode& node = graph.nodes[n];
    if (node.is_argument() || node.is_reshape()) continue;
    Step step{&copy_input,
              values_.data() + next,
              codes_.data() + next,
              static_cast<int>(node.input_count + node.output_count),
              n,
              nullptr};
    for (uint32_t i = 0; i < node.input_count; ++i) {
      values_[next++].v_handle = bindings.tensor(graph.entry(graph.inputs[node.first_input + i]));
    }
    for (uint32_t i = 0; i < node.output_count; ++i) {
      values_[next++].v_handle = bindings.tensor(graph.entry({n, i}));
    }
    if (!node.is_copy()) {
      Function*& function = known[node.function];
      if (function == nullptr) {
        functions_.push_back(resolve(node, code));
        function = functions_.back().get();
      }
      step.code = function->compiled();
      if (step.code == nullptr) {
        step.code = &call_function;
        step.resource = function;
      }
    }
    steps_.push_back(step);
  }
}

void Program::run() {
  const uint32_t& errors = error_count();
  TVMValue returned;
  int returned_code = kTVMNullptr;
  for (const Step& step : steps_) {
    const uint32_t errors_before = errors;
    WorkspaceGuard guard;
    if (step.code(step.values, step.codes, step.count, &returned, &returned_code, step.resource) !=
        0) {
      report(step, errors != errors_before);
    }
    guard.succeeded();
  }
}

void Program::report(const Step& step, bool has_text) const {
  const GraphNode& node = graph_.nodes[step.node];
  // Without an error of its own, what is there is from before, when somebody coped with it.
  const char* text = has_text ? last_error() : nullptr;
  if (text == nullptr) throw Error(node.function + " failed and gave no reason");
  throw Error(node.function + ": " + text);
}

}  // namespace safetensor
