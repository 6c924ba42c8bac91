// graph_executor.h - runs one model: the module behind tvm.graph_executor.create.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "graph/bindings.h"
#include "graph/graph.h"
#include "graph/program.h"
#include "module/module.h"

namespace safetensor {

// Not for two threads at once; any number of executors of one model may run side by side.
class GraphExecutor final : public Module {
 public:
  static constexpr char kTypeKey[] = "GraphExecutor";

  // lookup (or NULL) tells where weights that are linked into the code lie.
  GraphExecutor(std::string_view json, Ref<Module> code, const Ref<Function>& lookup);

  const char* type_key() const noexcept override { return kTypeKey; }
  Ref<Function> find(std::string_view name) override;

  // Parameters of a factory: read where they are, by all of its executors.
  void bind_shared(std::string_view name, NDArray& array);

 private:
  using Method = void (GraphExecutor::*)(const Args&, Result&);
  struct NamedMethod {
    std::string_view name;
    Method method;
  };
  static constexpr uint32_t kNone = UINT32_MAX;
  // Of one storage number: the first input there and the first two outputs, or kNone.
  struct Users {
    uint32_t input = kNone;
    uint32_t output = kNone;
    uint32_t next_output = kNone;
  };
  static const NamedMethod kMethods[];

  // executor_methods.cc: the functions of TVM's executor under their own names.
  void set_input(const Args& args, Result& result);
  void set_input_zero_copy(const Args& args, Result& result);
  void set_output_zero_copy(const Args& args, Result& result);
  void get_input(const Args& args, Result& result);
  void get_output(const Args& args, Result& result);
  void get_num_inputs(const Args& args, Result& result);
  void get_num_outputs(const Args& args, Result& result);
  void get_input_index(const Args& args, Result& result);
  void get_input_name(const Args& args, Result& result);
  void get_input_info(const Args& args, Result& result);
  void get_output_info(const Args& args, Result& result);
  void run(const Args& args, Result& result);
  void run_from_inputs(const Args& args, Result& result);
  void load_params(const Args& args, Result& result);
  void share_params(const Args& args, Result& result);

  // executor_entries.cc: from what a caller names to an entry, and what must hold of its tensors.
  const std::string& input_name(uint32_t input) const {
    return graph_.nodes[graph_.arguments[input]].name;
  }
  uint32_t input_entry(uint32_t input) const { return graph_.first_entry[graph_.arguments[input]]; }
  bool find_input(std::string_view name, uint32_t& input) const;
  uint32_t input_of(std::string_view name) const;  // an error lists the inputs there are
  uint32_t input_of(const Args& args, int i) const;
  uint32_t output_of(const Args& args, int i) const;
  std::string input_text(uint32_t input) const { return "input '" + input_name(input) + "'"; }
  std::string output_text(uint32_t output) const;
  void require_match(uint32_t entry, const DLTensor& tensor, const std::string& what) const;
  void* zero_copy_address(uint32_t entry, const DLTensor& tensor, const std::string& what) const;
  void require_own_output(uint32_t output) const;
  Ref<Object> describe(const std::vector<uint32_t>& entries, const std::vector<std::string>& names);

  void bind_linked(const Ref<Function>& lookup);
  void find_users();

  Ref<Module> code_;
  Graph graph_;
  Bindings bindings_;
  Program program_;
  std::unordered_map<std::string_view, uint32_t> inputs_;  // input index by name
  std::vector<bool> is_parameter_;                         // by input index
  std::vector<Users> users_;                               // by storage number
};

}  // namespace safetensor
