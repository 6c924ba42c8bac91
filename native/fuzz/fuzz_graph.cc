// The graph's JSON: what is read must be a graph that an executor can walk without looking again.
#include <string_view>

#include "core/dtype.h"
#include "core/error.h"
#include "fuzz.h"
#include "graph/graph.h"

namespace {

using safetensor::Graph;
using safetensor::GraphNode;
using safetensor::NodeOutput;

bool exists(const Graph& graph, NodeOutput output) {
  return output.node < graph.nodes.size() && output.index < graph.nodes[output.node].output_count;
}

void check_nodes(const Graph& graph) {
  PROMISE(graph.first_entry.size() == graph.nodes.size() + 1);
  for (size_t n = 0; n < graph.nodes.size(); ++n) {
    const GraphNode& node = graph.nodes[n];
    PROMISE(graph.first_entry[n] + node.output_count == graph.first_entry[n + 1]);
    PROMISE(size_t{node.first_input} + node.input_count <= graph.inputs.size());
    for (uint32_t i = 0; i < node.input_count; ++i) {
      PROMISE(exists(graph, graph.inputs[node.first_input + i]));
      PROMISE(graph.inputs[node.first_input + i].node < n);
    }
  }
}

void check_entries(const Graph& graph) {
  const size_t entries = graph.entry_count();
  PROMISE(graph.first_entry.back() == entries && graph.first_side.size() == entries + 1);
  PROMISE(graph.storage_ids.size() == entries && graph.first_side.back() == graph.sides.size());
  for (uint32_t e = 0; e < entries; ++e) {
    PROMISE(graph.first_side[e] <= graph.first_side[e + 1] && graph.storage_ids[e] < entries);
    safetensor::byte_count(graph.dtypes[e], graph.shape(e), graph.ndim(e));
  }
}

}  // namespace

int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  Graph graph;
  try {
    graph = safetensor::read_graph({reinterpret_cast<const char*>(data), size});
  } catch (const safetensor::Error&) {
    return 0;
  }
  check_nodes(graph);
  check_entries(graph);
  for (const uint32_t node : graph.arguments) {
    PROMISE(node < graph.nodes.size() && graph.nodes[node].is_argument());
  }
  for (const NodeOutput output : graph.outputs) PROMISE(exists(graph, output));
  return 0;
}
