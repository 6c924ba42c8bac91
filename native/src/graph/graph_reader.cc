// graph_reader.cc - from the JSON text to a graph whose every number has been checked.
#include <algorithm>
#include <unordered_set>
#include <utility>

#include "core/dtype.h"
#include "core/error.h"
#include "graph/graph.h"
#include "graph/graph_parser.h"
#include "graph/limits.h"
#include "tensor/tensors.h"

namespace safetensor {
namespace {

[[noreturn]] void wrong(const std::string& what) { throw Error("the graph: " + what); }

std::string node_text(const Graph& graph, size_t node) {
  return "node " + std::to_string(node) + " (" + shown(graph.nodes[node].name) + ")";
}

void check_rows(Graph& graph, const std::vector<int64_t>& rows) {
  if (rows.size() != graph.nodes.size() + 1) {
    wrong("node_row_ptr has " + std::to_string(rows.size()) + " numbers for " +
          std::to_string(graph.nodes.size()) + " nodes");
  }
  int64_t next = 0;
  for (size_t i = 0; i < rows.size(); ++i) {
    if (rows[i] != next) {
      wrong("node_row_ptr[" + std::to_string(i) + "] is " + std::to_string(rows[i]) +
            " but the nodes before it have " + std::to_string(next) + " outputs");
    }
    if (i < graph.nodes.size()) next += graph.nodes[i].output_count;
  }
  const auto entries = static_cast<size_t>(next);
  if (entries > kMaxGraphNodes || graph.dtypes.size() != entries ||
      graph.first_side.size() != entries + 1) {
    wrong("its nodes have " + std::to_string(entries) + " outputs but dltype has " +
          std::to_string(graph.dtypes.size()) + " items and shape " +
          std::to_string(graph.first_side.size() - 1));
  }
  graph.first_entry.assign(rows.begin(), rows.end());
}

void check_inputs(const Graph& graph, const std::vector<uint32_t>& declared) {
  for (size_t n = 0; n < graph.nodes.size(); ++n) {
    const GraphNode& node = graph.nodes[n];
    if (node.is_argument() ? node.input_count != 0 : node.input_count != declared[n]) {
      wrong(node_text(graph, n) + " has " + std::to_string(node.input_count) + " inputs where " +
            std::to_string(node.is_argument() ? 0 : declared[n]) + " belong");
    }
    for (uint32_t i = 0; i < node.input_count; ++i) {
      const NodeOutput from = graph.inputs[node.first_input + i];
      if (from.node >= n) {
        wrong(node_text(graph, n) + " takes its input " + std::to_string(i) + " from node " +
              std::to_string(from.node) + ", which does not come before it");
      }
      if (from.index >= graph.nodes[from.node].output_count) {
        wrong(node_text(graph, n) + " takes output " + std::to_string(from.index) + " of " +
              node_text(graph, from.node) + ", which has " +
              std::to_string(graph.nodes[from.node].output_count));
      }
    }
  }
}

void check_arguments(Graph& graph, const std::vector<int64_t>& arguments) {
  std::unordered_set<std::string_view> names;
  for (const int64_t node : arguments) {
    if (node < 0 || static_cast<uint64_t>(node) >= graph.nodes.size()) {
      wrong("arg_nodes names node " + std::to_string(node) + " of " +
            std::to_string(graph.nodes.size()));
    }
    const auto n = static_cast<uint32_t>(node);
    if (!graph.nodes[n].is_argument())
      wrong("arg_nodes names " + node_text(graph, n) + ", an operator");
    if (!names.insert(graph.nodes[n].name).second) {
      wrong("two inputs are named " + shown(graph.nodes[n].name));
    }
    graph.arguments.push_back(n);
  }
  for (const NodeOutput output : graph.outputs) {
    if (output.node >= graph.nodes.size() ||
        output.index >= graph.nodes[output.node].output_count) {
      wrong("heads names output " + std::to_string(output.index) + " of node " +
            std::to_string(output.node) + ", which does not exist");
    }
  }
}

void check_tensors(Graph& graph, const GraphParser::Raw& raw) {
  const size_t entries = graph.entry_count();
  if (raw.storage_ids.size() != entries ||
      (!raw.device_types.empty() && raw.device_types.size() != entries)) {
    wrong("it has " + std::to_string(entries) + " entries but storage_id has " +
          std::to_string(raw.storage_ids.size()) + " items and device_index " +
          std::to_string(raw.device_types.size()));
  }
  graph.storage_ids.reserve(entries);
  for (uint32_t e = 0; e < entries; ++e) {
    const std::string entry = "entry " + std::to_string(e);
    const int64_t device = raw.device_types.empty() ? int64_t{kDLCPU} : raw.device_types[e];
    if (device < INT32_MIN || device > INT32_MAX) wrong(entry + " lies on an impossible device");
    try {
      require_cpu(static_cast<int>(device), 0);
      byte_count(graph.dtypes[e], graph.shape(e), graph.ndim(e));
    } catch (const Error& error) {
      wrong(entry + ": " + error.what());
    }
    const unsigned bits = unsigned{graph.dtypes[e].bits} * graph.dtypes[e].lanes;
    if (bits % 8 != 0 && bits != 1 && bits != 4) {
      wrong(entry + " has elements of " + std::to_string(bits) + " bits");
    }
    const int64_t storage = raw.storage_ids[e];
    if (storage < 0 || static_cast<uint64_t>(storage) >= entries) {
      wrong(entry + " has the storage_id " + std::to_string(storage) + "; 0 to " +
            std::to_string(entries - 1) + " are possible");
    }
    graph.storage_ids.push_back(static_cast<uint32_t>(storage));
  }
}

// An operator that only renames or copies its input must have one of the same size.
void check_special(const Graph& graph) {
  for (size_t n = 0; n < graph.nodes.size(); ++n) {
    const GraphNode& node = graph.nodes[n];
    if (!node.is_reshape() && !node.is_copy()) continue;
    if (node.input_count == 0 || node.output_count != 1) {
      wrong(node_text(graph, n) + " is " + node.function + " and needs an input and one output");
    }
    const uint32_t from = graph.entry(graph.inputs[node.first_input]);
    const uint32_t to = graph.first_entry[n];
    if (byte_count(graph.dtypes[from], graph.shape(from), graph.ndim(from)) !=
        byte_count(graph.dtypes[to], graph.shape(to), graph.ndim(to))) {
      wrong(node_text(graph, n) + " is " + node.function +
            " but its output's size differs from its input's");
    }
    if (node.is_reshape() && graph.storage_ids[from] != graph.storage_ids[to]) {
      wrong(node_text(graph, n) + " is __nop but does not share its input's storage");
    }
  }
}

}  // namespace

Graph read_graph(std::string_view json) {
  if (json.size() > kMaxGraphBytes) {
    wrong("its JSON has " + std::to_string(json.size()) + " bytes; at most " +
          std::to_string(kMaxGraphBytes) + " are read");
  }
  GraphParser parser;
  nlohmann::json::sax_parse(json.data(), json.data() + json.size(), &parser);
  GraphParser::Raw raw = parser.finish();
  Graph graph = std::move(raw.graph);
  check_rows(graph, raw.first_entry);
  check_inputs(graph, raw.declared_inputs);
  check_arguments(graph, raw.arguments);
  check_tensors(graph, raw);
  check_special(graph);
  return graph;
}

}  // namespace safetensor
