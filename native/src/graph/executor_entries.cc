// executor_entries.cc - GraphExecutor: the entry that a caller means, and what a caller's tensor
// must be like to take its place.
#include <string>

#include "core/containers.h"
#include "core/dtype.h"
#include "core/error.h"
#include "graph/graph_executor.h"
#include "tensor/tensors.h"

namespace safetensor {
namespace {

constexpr size_t kNamesInErrors = 16;
constexpr size_t kKernelAlignment = 64;  // what compiled code assumes of every buffer

std::string type_text(DLDataType dtype, const int64_t* shape, int ndim) {
  return to_string(dtype) + " " + shape_text(shape, ndim);
}

uint32_t checked_index(int64_t index, size_t size, const char* what) {
  if (index >= 0 && static_cast<uint64_t>(index) < size) return static_cast<uint32_t>(index);
  throw Error("there is no " + std::string(what) + " " + std::to_string(index) +
              "; the model has " + std::to_string(size));
}

}  // namespace

bool GraphExecutor::find_input(std::string_view name, uint32_t& input) const {
  const auto found = inputs_.find(name);
  if (found == inputs_.end()) return false;
  input = found->second;
  return true;
}

uint32_t GraphExecutor::input_of(std::string_view name) const {
  uint32_t input = 0;
  if (find_input(name, input)) return input;
  std::string names;
  for (uint32_t i = 0; i < graph_.arguments.size() && i < kNamesInErrors; ++i) {
    names += (i == 0 ? "" : ", ") + input_name(i);
  }
  if (graph_.arguments.size() > kNamesInErrors) names += ", ...";
  throw Error("the model has no input or parameter " + shown(name) + "; it has: " + names);
}

uint32_t GraphExecutor::input_of(const Args& args, int i) const {
  if (args.is_text(i)) return input_of(args.text(i));
  return checked_index(args.integer(i), graph_.arguments.size(), "input");
}

uint32_t GraphExecutor::output_of(const Args& args, int i) const {
  if (!args.is_text(i)) return checked_index(args.integer(i), graph_.outputs.size(), "output");
  const std::string_view name = args.text(i);
  for (size_t o = graph_.outputs.size(); o-- > 0;) {  // of equal names the last, as in TVM
    const NodeOutput output = graph_.outputs[o];
    const std::string& node = graph_.nodes[output.node].name;
    if (name == node || name == node + ":" + std::to_string(output.index)) {
      return static_cast<uint32_t>(o);
    }
  }
  throw Error("the model has no output " + shown(name) +
              "; its outputs are named after their node, as in " +
              (graph_.outputs.empty() ? "'node:0'" : output_text(0)));
}

std::string GraphExecutor::output_text(uint32_t output) const {
  const NodeOutput from = graph_.outputs[output];
  return "output '" + graph_.nodes[from.node].name + ":" + std::to_string(from.index) + "'";
}

void GraphExecutor::require_match(uint32_t entry, const DLTensor& tensor,
                                  const std::string& what) const {
  const int ndim = graph_.ndim(entry);
  bool same = tensor.dtype == graph_.dtypes[entry] && tensor.ndim == ndim;
  for (int d = 0; same && d < ndim; ++d) same = tensor.shape[d] == graph_.shape(entry)[d];
  if (same) return;
  const int shown_ndim = tensor.ndim >= 0 && tensor.ndim <= kMaxDimensions ? tensor.ndim : 0;
  throw Error(what + " is " + type_text(graph_.dtypes[entry], graph_.shape(entry), ndim) +
              " but the tensor is " + type_text(tensor.dtype, tensor.shape, shown_ndim));
}

void* GraphExecutor::zero_copy_address(uint32_t entry, const DLTensor& tensor,
                                       const std::string& what) const {
  require_match(entry, tensor, what);
  std::byte* address = tensor_data(tensor);
  if (reinterpret_cast<uintptr_t>(address) % kKernelAlignment != 0) {
    throw Error(what + " cannot be used where it is: its address is not a multiple of " +
                std::to_string(kKernelAlignment) + "; copy it instead");
  }
  return address;
}

// Once for all outputs: a hostile graph has as many as it likes, and as many inputs.
void GraphExecutor::find_users() {
  for (uint32_t i = 0; i < graph_.arguments.size(); ++i) {
    Users& users = users_[graph_.storage_ids[input_entry(i)]];
    if (users.input == kNone) users.input = i;
  }
  for (uint32_t o = 0; o < graph_.outputs.size(); ++o) {
    Users& users = users_[graph_.storage_ids[graph_.entry(graph_.outputs[o])]];
    uint32_t& place = users.output == kNone ? users.output : users.next_output;
    if (place == kNone) place = o;
  }
}

// An output may move to the caller's memory only if nobody else reads or writes what it leaves.
void GraphExecutor::require_own_output(uint32_t output) const {
  const uint32_t entry = graph_.entry(graph_.outputs[output]);
  const Users& users = users_[graph_.storage_ids[entry]];
  if (users.input != kNone) {
    throw Error(output_text(output) + " is the memory of " + input_text(users.input) +
                " and cannot be moved; copy it with get_output");
  }
  const uint32_t other = users.output == output ? users.next_output : users.output;
  if (other != kNone) {
    throw Error(output_text(output) + " and output " + std::to_string(other) +
                " are the same memory, so neither can be moved; copy them with get_output");
  }
  if (bindings_.is_argument(entry)) {
    throw Error(output_text(output) + " is never computed and cannot be moved");
  }
}

// TVM's {"shape": {name: ShapeTuple}, "dtype": {name: String}}.
Ref<Object> GraphExecutor::describe(const std::vector<uint32_t>& entries,
                                    const std::vector<std::string>& names) {
  auto shapes = make_object<Map>();
  auto dtypes = make_object<Map>();
  for (size_t i = 0; i < entries.size(); ++i) {
    const int64_t* shape = graph_.shape(entries[i]);
    shapes->set(names[i], make_object<ShapeTuple>(
                              std::vector<int64_t>(shape, shape + graph_.ndim(entries[i]))));
    dtypes->set(names[i], make_object<String>(to_string(graph_.dtypes[entries[i]])));
  }
  auto info = make_object<Map>();
  info->set("shape", shapes);
  info->set("dtype", dtypes);
  return info;
}

}  // namespace safetensor
