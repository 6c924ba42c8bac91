// graph_events.cc - GraphParser's side that faces the JSON parser.
#include <utility>

#include "core/dtype.h"
#include "core/error.h"
#include "graph/graph_parser.h"
#include "graph/limits.h"

namespace safetensor {

bool GraphParser::null() {
  if (places_.empty() || places_.back() != Place::kSkipped) unexpected("null");
  return true;
}

bool GraphParser::boolean(bool) {
  if (places_.empty() || places_.back() != Place::kSkipped) unexpected("a boolean");
  return true;
}

bool GraphParser::number_float(double, const std::string&) {
  if (places_.empty() || places_.back() != Place::kSkipped) unexpected("a fraction");
  return true;
}

bool GraphParser::binary(nlohmann::json::binary_t&) { unexpected("binary data"); }

bool GraphParser::number_integer(int64_t value) { return integer(value); }

bool GraphParser::number_unsigned(uint64_t value) {
  if (value > INT64_MAX) fail("the number " + std::to_string(value) + " is too large");
  return integer(static_cast<int64_t>(value));
}

bool GraphParser::integer(int64_t value) {
  if (places_.empty()) unexpected("a number");
  switch (places_.back()) {
    case Place::kIntegers:
      if (integers_->size() > kMaxGraphNodes) fail("a list has too many numbers");
      integers_->push_back(value);
      return true;
    case Place::kEdge:
      if (edge_size_ == 3) fail("an input or output has more than three numbers");
      edge_[edge_size_++] = value;
      return true;
    case Place::kShape:
      if (raw_.graph.sides.size() == kMaxGraphSides) fail("its shapes have too many sides");
      raw_.graph.sides.push_back(value);
      return true;
    case Place::kTagged:  // the value of a "size_t" attribute, which is never one of ours
      if (attr_tag_ != "size_t" || attr_has_list_) unexpected("a number");
      attr_has_list_ = true;
      return true;
    case Place::kSkipped:
      return true;
    default:
      unexpected("a number");
  }
}

bool GraphParser::string(std::string& value) {
  if (places_.empty()) unexpected("a string");
  switch (places_.back()) {
    case Place::kNode:
      if (key_ == "name") {
        raw_.graph.nodes.back().name = std::move(value);
      } else if (key_ == "op" && (value == "null" || value == "tvm_op")) {
        node_is_op_ = value == "tvm_op";
      } else {
        fail(shown(key_) + " cannot be " + shown(value));
      }
      return true;
    case Place::kNodeAttrs:
      node_attr(value);
      return true;
    case Place::kTagged:
      tag(value);
      return true;
    case Place::kTypes:
      if (raw_.graph.dtypes.size() == kMaxGraphNodes) fail("it has too many entries");
      raw_.graph.dtypes.push_back(parse_dtype(value));
      return true;
    case Place::kScopes:
      if (!value.empty() && value != "global") {
        fail("memory of scope " + shown(value) + " is not available on the CPU");
      }
      return true;
    case Place::kSkipped:
      return true;
    default:
      unexpected("a string");
  }
}

bool GraphParser::key(std::string& value) {
  key_ = std::move(value);
  switch (places_.back()) {
    case Place::kTop:
      if (key_ == "nodes") once(kHasNodes, top_seen_, key_);
      if (key_ == "arg_nodes") once(kHasArgs, top_seen_, key_);
      if (key_ == "node_row_ptr") once(kHasRows, top_seen_, key_);
      if (key_ == "heads") once(kHasHeads, top_seen_, key_);
      if (key_ == "attrs") once(kHasAttrs, top_seen_, key_);
      return true;
    case Place::kNode:
      if (key_ == "op") once(kHasOp, node_seen_, key_);
      if (key_ == "name") once(kHasName, node_seen_, key_);
      if (key_ == "inputs") once(kHasInputs, node_seen_, key_);
      if (key_ == "attr" || key_ == "attrs") once(kHasNodeAttrs, node_seen_, key_);
      if (key_ == "control_deps") once(kHasDeps, node_seen_, key_);
      return true;
    case Place::kAttrs:
      attr_name_ = key_;
      if (key_ == "dltype") once(kHasTypes, attrs_seen_, key_);
      if (key_ == "storage_id") once(kHasStorage, attrs_seen_, key_);
      if (key_ == "shape") once(kHasShapes, attrs_seen_, key_);
      if (key_ == "device_index") once(kHasDevices, attrs_seen_, key_);
      if (key_ == "storage_scope") once(kHasScopes, attrs_seen_, key_);
      return true;
    default:
      return true;
  }
}

bool GraphParser::start_object(size_t) {
  if (places_.empty()) {
    if (started_) unexpected("an object");
    started_ = true;
    push(Place::kTop);
    return true;
  }
  const Place place = places_.back();
  if (place == Place::kSkipped || (place == Place::kTop && key_ == "metadata")) {
    push(Place::kSkipped);
  } else if (place == Place::kTop && key_ == "attrs") {
    push(Place::kAttrs);
  } else if (place == Place::kNodes) {
    begin_node();
    push(Place::kNode);
  } else if (place == Place::kNode && (key_ == "attr" || key_ == "attrs")) {
    push(Place::kNodeAttrs);
  } else {
    unexpected("an object");
  }
  return true;
}

bool GraphParser::start_array(size_t) {
  if (places_.empty()) unexpected("a list");
  switch (places_.back()) {
    case Place::kTop:
      if (key_ == "nodes") {
        push(Place::kNodes);
      } else if (key_ == "heads") {
        push(Place::kOutputs);
      } else if (key_ == "arg_nodes" || key_ == "node_row_ptr") {
        integers_ = key_ == "arg_nodes" ? &raw_.arguments : &raw_.first_entry;
        push(Place::kIntegers);
      } else if (key_ == "metadata") {
        push(Place::kSkipped);
      } else {
        unexpected("a list");
      }
      return true;
    case Place::kNode:
      if (key_ != "inputs" && key_ != "control_deps") unexpected("a list");
      push(key_ == "inputs" ? Place::kInputs : Place::kSkipped);
      return true;
    case Place::kInputs:
    case Place::kOutputs:
      edge_size_ = 0;
      push(Place::kEdge);
      return true;
    case Place::kAttrs:
      attr_tag_.clear();
      attr_has_list_ = false;
      push(Place::kTagged);
      return true;
    case Place::kTagged:
      begin_tagged_list();
      return true;
    case Place::kShapes:
      if (raw_.graph.first_side.size() == kMaxGraphNodes) fail("it has too many entries");
      raw_.graph.first_side.push_back(static_cast<uint32_t>(raw_.graph.sides.size()));
      push(Place::kShape);
      return true;
    case Place::kSkipped:
      push(Place::kSkipped);
      return true;
    default:
      unexpected("a list");
  }
}

bool GraphParser::end_object() {
  if (places_.back() == Place::kNode) end_node();
  places_.pop_back();
  return true;
}

bool GraphParser::end_array() {
  if (places_.back() == Place::kEdge) end_edge();
  if (places_.back() == Place::kTagged && !attr_has_list_) {
    fail("the attribute " + shown(attr_name_) + " has no value");
  }
  places_.pop_back();
  return true;
}

bool GraphParser::parse_error(size_t position, const std::string&,
                              const nlohmann::json::exception&) {
  throw Error("the graph is not valid JSON at byte " + std::to_string(position));
}

}  // namespace safetensor
