// graph.h - a model's graph: operators in the order in which they run, and the tensors between.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "safetensor_tvm.h"

namespace safetensor {

// One output of one node. Every output of every node is an entry: a tensor with a number.
struct NodeOutput {
  uint32_t node;
  uint32_t index;
};

struct GraphNode {
  std::string name;
  std::string function;      // empty: an argument (an input or a parameter)
  uint32_t first_input = 0;  // in Graph::inputs
  uint32_t input_count = 0;
  uint32_t output_count = 1;

  bool is_argument() const noexcept { return function.empty(); }
  bool is_reshape() const noexcept { return function == "__nop"; }
  bool is_copy() const noexcept { return function == "__copy"; }
};

struct Graph {
  std::vector<GraphNode> nodes;
  std::vector<NodeOutput> inputs;     // of all nodes
  std::vector<uint32_t> arguments;    // nodes, in the order of input indices
  std::vector<NodeOutput> outputs;    // of the whole graph
  std::vector<uint32_t> first_entry;  // by node; one more at the end: the number of entries
  std::vector<DLDataType> dtypes;     // by entry
  std::vector<int64_t> sides;         // of all shapes
  std::vector<uint32_t> first_side;   // by entry; one more at the end
  std::vector<uint32_t> storage_ids;  // by entry: entries with the same number share memory

  size_t entry_count() const noexcept { return dtypes.size(); }
  uint32_t entry(NodeOutput output) const noexcept {
    return first_entry[output.node] + output.index;
  }
  int ndim(uint32_t entry) const noexcept {
    return static_cast<int>(first_side[entry + 1] - first_side[entry]);
  }
  const int64_t* shape(uint32_t entry) const noexcept { return sides.data() + first_side[entry]; }
};

// Text out of a graph for an error message: quoted, short and printable.
std::string shown(std::string_view text);

// Reads a graph and checks everything about it that does not need the model's code. Throws Error.
Graph read_graph(std::string_view json);

}  // namespace safetensor
