// Graphs that are wrong, on purpose or by damage, are refused with a message that says why.
#include <sys/resource.h>

#include <string>

#include "graph_text.h"
#include "kernels.h"

namespace {

GraphText small() {
  GraphText graph;
  const int x = graph.input("x");
  const int p = graph.input("p");
  graph.output(graph.op("add", {x, p}));
  return graph;
}

void refuse(const std::string& json, const char* reason) {
  static const Module code = kernel_library();
  const Outcome created = create(json, code);
  CHECK(created.failed_with(reason));
}

std::string replaced(std::string text, const std::string& from, const std::string& to) {
  const std::size_t at = text.find(from);
  CHECK(at != std::string::npos);
  return text.replace(at, from.size(), to);
}

void wrong_text() {
  const std::string json = small().json();
  for (std::size_t length = 0; length < json.size(); ++length) {
    static const Module code = kernel_library();
    CHECK(create(json.substr(0, length), code).rc == -1);
  }
  refuse("", "not valid JSON");
  refuse(json + "x", "not valid JSON");
  refuse("[]", "out of place");
  refuse("3", "out of place");
  refuse("{}", "needs 'nodes'");
  refuse(std::string(100000, '['), "out of place");
  refuse("{\"metadata\":" + std::string(100000, '['), "nested deeper");
  refuse(replaced(json, "[0,0,0]", "[0,0,0,0]"), "more than three");
  refuse(replaced(json, "[0,0,0]", "[0]"), "[node, output]");
  refuse(replaced(json, "[0,0,0]", "[0,0.5]"), "out of place");
  refuse(replaced(json, "\"float32\"", "\"float33x\""), "not an element type");
  refuse(replaced(json, "\"float32\"", "\"int12\""), "12 bits");
  refuse(replaced(json, "list_shape", "list_int"), "tagged");
  refuse(replaced(json, "\"op\":\"null\"", "\"op\":\"call\""), "cannot be 'call'");
  refuse(replaced(json, "\"flatten_data\":\"0\"", "\"flatten_data\":\"1\""), "flatten_data");
  refuse(replaced(json, "\"num_inputs\":\"2\"", "\"num_inputs\":\"-2\""), "no usable count");
  refuse(replaced(json, "\"num_inputs\":\"2\"", "\"num_inputs\":\"3\""), "inputs where 3 belong");
  refuse(replaced(json, "\"func_name\":\"add\",", ""), "needs 'func_name'");
}

void duplicates() {
  const std::string json = small().json();
  refuse(replaced(json, "\"heads\":", "\"heads\":[],\"heads\":"), "given twice");
  refuse(replaced(json, "\"name\":\"x\"", "\"name\":\"x\",\"name\":\"y\""), "given twice");
  refuse(replaced(json, "\"func_name\":", "\"func_name\":\"twice\",\"func_name\":"), "given twice");
  refuse(replaced(json, "\"dltype\":", "\"dltype\":[\"list_str\",[]],\"dltype\":"), "given twice");
  refuse(replaced(json, "\"name\":\"p\"", "\"name\":\"x\""), "two inputs are named 'x'");
}

void wrong_numbers() {
  GraphText graph = small();
  graph.rows[2] = "1";
  refuse(graph.json(), "node_row_ptr[2]");
  graph = small();
  graph.rows.pop_back();
  refuse(graph.json(), "node_row_ptr has 3");
  graph = small();
  graph.arguments[1] = "99";
  refuse(graph.json(), "arg_nodes names node 99");
  graph = small();
  graph.arguments[1] = "-1";
  refuse(graph.json(), "arg_nodes names node -1");
  graph = small();
  graph.arguments[1] = "2";
  refuse(graph.json(), "an operator");
  graph = small();
  graph.arguments[1] = "18446744073709551615";
  refuse(graph.json(), "too large");
  graph = small();
  graph.heads[0] = "[7,0,0]";
  refuse(graph.json(), "heads names output 0 of node 7");
  graph = small();
  graph.heads[0] = "[2,1,0]";
  refuse(graph.json(), "heads names output 1 of node 2");
  graph = small();
  graph.heads[0] = "[4294967298,0,0]";
  refuse(graph.json(), "no output 0 of node 4294967298");
  graph = small();
  graph.storage[1] = "3";
  refuse(graph.json(), "storage_id 3");
  graph = small();
  graph.storage[1] = "-1";
  refuse(graph.json(), "storage_id -1");
  graph = small();
  graph.types.pop_back();
  refuse(graph.json(), "dltype has 2");
  graph = small();
  graph.shapes.pop_back();
  refuse(graph.json(), "shape 2");
  graph = small();
  graph.storage.pop_back();
  refuse(graph.json(), "storage_id has 2");
}

void wrong_order() {
  GraphText graph;
  const int x = graph.input("x");
  graph.op("add", {x, 2});
  graph.output(graph.op("twice", {1}));
  refuse(graph.json(), "does not come before it");

  GraphText itself;
  itself.input("x");
  itself.output(itself.op("twice", {1}));
  refuse(itself.json(), "does not come before it");

  GraphText second_output;
  second_output.input("x");
  second_output.nodes.push_back(
      "{\"op\":\"tvm_op\",\"name\":\"n\",\"inputs\":[[0,1,0]],\"attrs\":{\"func_name\":\"twice\","
      "\"num_inputs\":\"1\",\"num_outputs\":\"0\",\"flatten_data\":\"0\"}}");
  second_output.rows.push_back("1");
  refuse(second_output.json(), "output 1 of node 0");
}

void wrong_shapes() {
  GraphText graph = small();
  graph.shapes[0] = "[4294967296,4294967296,16]";
  refuse(graph.json(), "larger than memory");
  graph.shapes[0] = "[9223372036854775807]";
  refuse(graph.json(), "larger than memory");
  graph.shapes[0] = "[-4]";
  refuse(graph.json(), "negative");
  graph.shapes[0] = "[1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1]";
  refuse(graph.json(), "33 dimensions");
  graph.shapes[0] = graph.shapes[1] = graph.shapes[2] = "[1099511627776,1048576]";
  refuse(graph.json(), "together are larger");
  graph = small();
  graph.shapes[2] = "[70368744177664]";  // possible, but not to be had
  refuse(graph.json(), "bytes for their results but this machine has");
}

// A small text may claim much memory; until operators write there, nothing may be taken.
void claimed_memory() {
  GraphText graph;
  int last = graph.input("x", "[250000]");
  for (int i = 0; i < 400; ++i) last = graph.op("twice", {last}, "[250000]");
  graph.output(last);
  const auto peak_kib = [] {
    rusage usage{};
    getrusage(RUSAGE_SELF, &usage);
    return usage.ru_maxrss;
  };
  const long before = peak_kib();
  const Module model = executor(graph.json(), kernel_library());
  CHECK(peak_kib() - before < 100 * 1024);
}

void wrong_functions() {
  for (const char* name : {"abort", "exit", "malloc", "missing"}) {
    GraphText graph;
    graph.output(graph.op(name, {graph.input("x")}));
    refuse(graph.json(), "neither the model's library nor its imports define");
  }
  for (const char* name : {"__tvm_main__", "__TVMFuncCall", "__tvm_set_device"}) {
    GraphText graph;
    graph.output(graph.op(name, {graph.input("x")}));
    refuse(graph.json(), "begin with __");
  }
  GraphText larger;
  larger.output(larger.reshape(larger.input("x"), "[5]"));
  refuse(larger.json(), "size differs");
  GraphText elsewhere;
  elsewhere.output(elsewhere.op("__nop", {elsewhere.input("x")}));
  refuse(elsewhere.json(), "does not share");
  GraphText nothing;
  nothing.output(nothing.op("__nop", {}));
  refuse(nothing.json(), "needs an input");
}

void other_devices() {
  GraphText graph = small();
  graph.devices[2] = "2";
  refuse(graph.json(), "cuda");
  const Module code = kernel_library();
  CHECK(create(small().json(), code, {2, 0}).failed_with("cuda"));
  CHECK(create(small().json(), code, {1, 1}).failed_with("cpu(1)"));
  CHECK(create(small().json(), code, {1}).rc == -1);
  refuse(replaced(small().json(), "\"dltype\":",
                  "\"storage_scope\":[\"list_str\",[\"global.texture\"]],\"dltype\":"),
         "texture");
}

void tolerated() {
  const Module code = kernel_library();
  GraphText graph = small();
  graph.extra = ",\"metadata\":{\"any\":[1,2.5,null,true,{\"a\":[[]]}]}";
  CHECK(create(graph.json(), code).ok());
  CHECK(create(replaced(graph.json(), "\"dltype\":",
                        "\"more\":[\"list_int\",[1]],\"size\":[\"size_t\",3],\"dltype\":"),
               code)
            .ok());
  refuse(replaced(graph.json(), "\"dltype\":", "\"more\":[\"list_str\",[\"a\"]],\"dltype\":"),
         "not supported");
  graph.extra = ",\"surprise\":[]";
  CHECK(create(graph.json(), code).rc == -1);
}

}  // namespace

int main() {
  wrong_text();
  duplicates();
  wrong_numbers();
  wrong_order();
  wrong_shapes();
  claimed_memory();
  wrong_functions();
  other_devices();
  tolerated();
  return test_result();
}
