// graph_parser.h - receives the events of a JSON parser and keeps what a graph is made of.
#pragma once

#include <cstdint>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "graph/graph.h"

namespace safetensor {

// The text is read where it lies: no tree is built and nothing but the graph is kept.
// Throws Error out of the parser as soon as something is wrong.
class GraphParser {
 public:
  // What the text said, still unchecked against each other.
  struct Raw {
    Graph graph;                            // nodes, inputs, outputs, dtypes, sides, first_side
    std::vector<uint32_t> declared_inputs;  // num_inputs by node
    std::vector<int64_t> arguments;
    std::vector<int64_t> first_entry;
    std::vector<int64_t> storage_ids;
    std::vector<int64_t> device_types;
  };

  Raw finish();  // after the last event

  // The interface of nlohmann::json's SAX parser.
  bool null();
  bool boolean(bool);
  bool number_integer(int64_t value);
  bool number_unsigned(uint64_t value);
  bool number_float(double, const std::string&);
  bool string(std::string& value);
  bool binary(nlohmann::json::binary_t&);
  bool start_object(size_t);
  bool key(std::string& value);
  bool end_object();
  bool start_array(size_t);
  bool end_array();
  bool parse_error(size_t position, const std::string&, const nlohmann::json::exception&);

 private:
  enum class Place {
    kTop,    // the outermost object
    kNodes,  // its list of nodes
    kNode,
    kInputs,  // a node's inputs
    kNodeAttrs,
    kOutputs,   // the graph's heads
    kEdge,      // [node, output, version] in one of these two
    kIntegers,  // a plain list of integers
    kAttrs,     // the graph's attributes
    kTagged,    // ["list_int", [...]], an attribute's value
    kTypes,     // what a tag announced
    kScopes,
    kShapes,
    kShape,
    kSkipped,
  };

  // Which keys of an object were seen.
  enum Top : unsigned { kHasNodes = 1, kHasArgs = 2, kHasRows = 4, kHasHeads = 8, kHasAttrs = 16 };
  enum Attr : unsigned {
    kHasTypes = 1,
    kHasStorage = 2,
    kHasShapes = 4,
    kHasDevices = 8,
    kHasScopes = 16
  };
  enum Node : unsigned {
    kHasOp = 1,
    kHasName = 2,
    kHasInputs = 4,
    kHasNodeAttrs = 8,
    kHasDeps = 16
  };
  enum NodeAttr : unsigned {
    kHasFunction = 1,
    kHasNumInputs = 2,
    kHasNumOutputs = 4,
    kHasFlatten = 8
  };

  [[noreturn]] void fail(const std::string& what) const;
  [[noreturn]] void unexpected(const char* value) const;
  void push(Place place);
  void once(unsigned bit, unsigned& seen, const std::string& name);
  void begin_node();
  void end_node();
  void end_edge();
  void tag(const std::string& value);
  void begin_tagged_list();
  void node_attr(std::string& value);
  bool integer(int64_t value);

  Raw raw_;
  std::vector<Place> places_;
  std::string key_;
  bool started_ = false;
  unsigned top_seen_ = 0;
  unsigned attrs_seen_ = 0;
  unsigned node_seen_ = 0;
  unsigned node_attrs_seen_ = 0;
  bool node_is_op_ = false;
  std::string attr_name_;
  std::string attr_tag_;
  bool attr_has_list_ = false;
  int64_t edge_[3] = {};
  int edge_size_ = 0;
  std::vector<int64_t>* integers_ = nullptr;
};

}  // namespace safetensor
