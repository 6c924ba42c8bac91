// graph_text.h - writes graph JSON for tests, right or deliberately wrong.
#pragma once

#include <string>
#include <utility>
#include <vector>

inline std::string joined(const std::vector<std::string>& items) {
  std::string text = "[";
  for (std::size_t i = 0; i < items.size(); ++i) text += (i > 0 ? "," : "") + items[i];
  return text + "]";
}

// Every node has one output. What a test changes after adding nodes is written as it then is.
struct GraphText {
  std::vector<std::string> nodes, arguments, rows{"0"}, heads, types, storage, devices, shapes;
  std::string extra;  // further top-level members, each with a comma before it

  int input(const std::string& name, const std::string& shape = "[4]") {
    arguments.push_back(std::to_string(nodes.size()));
    return node("{\"op\":\"null\",\"name\":\"" + name + "\",\"inputs\":[]}", shape);
  }
  int op(const std::string& function, const std::vector<int>& inputs,
         const std::string& shape = "[4]", std::string storage_id = "") {
    std::vector<std::string> edges;
    for (const int from : inputs) edges.push_back("[" + std::to_string(from) + ",0,0]");
    const int id = node("{\"op\":\"tvm_op\",\"name\":\"node" + std::to_string(nodes.size()) +
                            "\",\"inputs\":" + joined(edges) + ",\"attrs\":{\"func_name\":\"" +
                            function + "\",\"num_inputs\":\"" + std::to_string(inputs.size()) +
                            "\",\"num_outputs\":\"1\",\"flatten_data\":\"0\",\"hash\":\"x\"}}",
                        shape);
    if (!storage_id.empty()) storage.back() = std::move(storage_id);
    return id;
  }
  int reshape(int from, const std::string& shape) {
    return op("__nop", {from}, shape, storage[static_cast<std::size_t>(from)]);
  }
  GraphText& output(int id) {
    heads.push_back("[" + std::to_string(id) + ",0,0]");
    return *this;
  }

  std::string json() const {
    return "{\"nodes\":" + joined(nodes) + ",\"arg_nodes\":" + joined(arguments) +
           ",\"heads\":" + joined(heads) + ",\"attrs\":{\"dltype\":[\"list_str\"," + joined(types) +
           "],\"device_index\":[\"list_int\"," + joined(devices) +
           "],\"storage_id\":[\"list_int\"," + joined(storage) + "],\"shape\":[\"list_shape\"," +
           joined(shapes) + "]},\"node_row_ptr\":" + joined(rows) + extra + "}";
  }

 private:
  int node(std::string text, const std::string& shape) {
    nodes.push_back(std::move(text));
    rows.push_back(std::to_string(nodes.size()));
    types.push_back("\"float32\"");
    storage.push_back(std::to_string(nodes.size() - 1));
    devices.push_back("1");
    shapes.push_back(shape);
    return static_cast<int>(nodes.size()) - 1;
  }
};
