#include "graph/graph_parser.h"

#include <charconv>
#include <utility>

#include "core/dtype.h"
#include "core/error.h"
#include "graph/limits.h"

namespace safetensor {
std::string shown(std::string_view text) {
  std::string safe;
  for (const char c : text.substr(0, 64)) safe += c >= 0x20 && c < 0x7f ? c : '?';
  return "'" + safe + (text.size() > 64 ? "...'" : "'");
}

void GraphParser::fail(const std::string& what) const {
  std::string at;
  for (const Place place : places_) {
    if (place == Place::kNode) at = ", node " + std::to_string(raw_.graph.nodes.size() - 1);
  }
  throw Error("the graph" + at + ": " + what);
}

void GraphParser::unexpected(const char* value) const {
  fail(std::string(value) + " is out of place" + (key_.empty() ? "" : " near " + shown(key_)));
}

void GraphParser::push(Place place) {
  if (places_.size() == kMaxGraphDepth) {
    fail("its JSON is nested deeper than " + std::to_string(kMaxGraphDepth) + " levels");
  }
  places_.push_back(place);
}

void GraphParser::once(unsigned bit, unsigned& seen, const std::string& name) {
  if ((seen & bit) != 0) fail(shown(name) + " is given twice");
  seen |= bit;
}

void GraphParser::begin_node() {
  if (raw_.graph.nodes.size() == kMaxGraphNodes) {
    fail("it has more than " + std::to_string(kMaxGraphNodes) + " nodes");
  }
  GraphNode& node = raw_.graph.nodes.emplace_back();
  node.first_input = static_cast<uint32_t>(raw_.graph.inputs.size());
  raw_.declared_inputs.push_back(0);
  node_seen_ = 0;
  node_attrs_seen_ = 0;
  node_is_op_ = false;
}

void GraphParser::end_node() {
  GraphNode& node = raw_.graph.nodes.back();
  if ((node_seen_ & (kHasOp | kHasName | kHasInputs)) != (kHasOp | kHasName | kHasInputs)) {
    fail("it needs 'op', 'name' and 'inputs'");
  }
  if (!node_is_op_) {
    node.function.clear();
    node.output_count = 1;
    return;
  }
  if (node_attrs_seen_ != (kHasFunction | kHasNumInputs | kHasNumOutputs | kHasFlatten)) {
    fail(shown(node.name) + " needs 'func_name', 'num_inputs', 'num_outputs' and 'flatten_data'");
  }
  if (node.function.empty()) fail(shown(node.name) + " has an empty func_name");
}

void GraphParser::end_edge() {
  const bool of_node = places_[places_.size() - 2] == Place::kInputs;
  if (edge_size_ < 2) fail("an input or output is written [node, output]");
  Graph& graph = raw_.graph;
  // Later checks compare with the number of nodes and outputs, which fit easily.
  if (edge_[0] < 0 || edge_[0] > UINT32_MAX || edge_[1] < 0 || edge_[1] > UINT32_MAX) {
    fail("there is no output " + std::to_string(edge_[1]) + " of node " + std::to_string(edge_[0]));
  }
  auto& edges = of_node ? graph.inputs : graph.outputs;
  if (edges.size() == (of_node ? kMaxGraphEdges : kMaxGraphNodes)) fail("it has too many edges");
  edges.push_back({static_cast<uint32_t>(edge_[0]), static_cast<uint32_t>(edge_[1])});
  if (of_node) ++graph.nodes.back().input_count;
}

void GraphParser::node_attr(std::string& value) {
  const auto number = [&](uint32_t& out) {
    const auto [end, error] = std::from_chars(value.data(), value.data() + value.size(), out);
    if (error != std::errc() || end != value.data() + value.size() || out > kMaxGraphNodes) {
      fail(shown(key_) + " is " + shown(value) + ", which is no usable count");
    }
  };
  GraphNode& node = raw_.graph.nodes.back();
  if (key_ == "func_name") {
    once(kHasFunction, node_attrs_seen_, key_);
    node.function = std::move(value);
  } else if (key_ == "num_inputs") {
    once(kHasNumInputs, node_attrs_seen_, key_);
    number(raw_.declared_inputs.back());
  } else if (key_ == "num_outputs") {
    once(kHasNumOutputs, node_attrs_seen_, key_);
    number(node.output_count);
  } else if (key_ == "flatten_data") {
    once(kHasFlatten, node_attrs_seen_, key_);
    if (value != "0") fail("flatten_data is " + shown(value) + "; only \"0\" is supported");
  }
}

void GraphParser::tag(const std::string& value) {
  if (!attr_tag_.empty()) unexpected("a string");
  attr_tag_ = value;
  const char* expected = nullptr;
  if (attr_name_ == "shape") expected = "list_shape";
  if (attr_name_ == "dltype" || attr_name_ == "storage_scope") expected = "list_str";
  if (attr_name_ == "storage_id" || attr_name_ == "device_index") expected = "list_int";
  if (expected != nullptr && value != expected) {
    fail("the attribute " + shown(attr_name_) + " is tagged " + shown(value) + ", not '" +
         expected + "'");
  }
  // An unknown attribute may be left out only when it cannot say how tensors are laid out.
  if (expected == nullptr && value != "list_int" && value != "size_t") {
    fail("the attribute " + shown(attr_name_) + " is not supported");
  }
}

void GraphParser::begin_tagged_list() {
  if (attr_tag_.empty() || attr_has_list_) unexpected("a list");
  attr_has_list_ = true;
  if (attr_name_ == "dltype") return push(Place::kTypes);
  if (attr_name_ == "storage_scope") return push(Place::kScopes);
  if (attr_name_ == "shape") return push(Place::kShapes);
  if (attr_name_ != "storage_id" && attr_name_ != "device_index") return push(Place::kSkipped);
  integers_ = attr_name_ == "storage_id" ? &raw_.storage_ids : &raw_.device_types;
  push(Place::kIntegers);
}

GraphParser::Raw GraphParser::finish() {
  if (top_seen_ != (kHasNodes | kHasArgs | kHasRows | kHasHeads | kHasAttrs)) {
    fail("it needs 'nodes', 'arg_nodes', 'node_row_ptr', 'heads' and 'attrs'");
  }
  constexpr unsigned needed = kHasTypes | kHasStorage | kHasShapes;
  if ((attrs_seen_ & needed) != needed) fail("its attrs need 'dltype', 'storage_id' and 'shape'");
  raw_.graph.first_side.push_back(static_cast<uint32_t>(raw_.graph.sides.size()));
  return std::move(raw_);
}

}  // namespace safetensor
