// What a host does with an executor: inputs, outputs, zero copy, reshapes, errors of operators.
#include <string>
#include <thread>
#include <vector>

#include "graph_text.h"
#include "kernels.h"

namespace {

// y = 2 (x + p)
std::string sum_graph() {
  GraphText graph;
  const int x = graph.input("x");
  const int sum = graph.op("add", {x, graph.input("p")});
  return graph.output(graph.op("twice", {sum})).json();
}

void plain_run() {
  const Module code = kernel_library();
  const Module model = executor(sum_graph(), code);
  CHECK(model.call("get_num_inputs").integer() == 2);
  CHECK(model.call("get_num_outputs").integer() == 1);
  CHECK(model.call("get_input_index", {"p"}).integer() == 1);
  CHECK(model.call("get_input_index", {"q"}).integer() == -1);
  CHECK(model.call("get_input_name", {1}).text == "p");
  CHECK(model.call("get_input", {"q"}).result.code == kTVMNullptr);

  CHECK(model.call("run").ok());  // nothing was set: all zeros
  Tensor out({4});
  CHECK(model.call("get_output", {0, out}).ok());
  CHECK(out.at(0) == 0 && out.at(3) == 0);

  Tensor x({4}, {1, 2, 3, 4}), p({4}, {10, 20, 30, 40});
  CHECK(model.call("set_input", {"x", x}).ok());
  CHECK(model.call("set_input", {1, p}).ok());
  CHECK(model.call("run").ok());
  CHECK(model.call("get_output", {0, out}).ok());
  CHECK(out.at(0) == 22 && out.at(3) == 88);
  for (const Value& key : {Value(0), Value("node3"), Value("node3:0")}) {
    const Outcome view = model.call("get_output", {key});
    CHECK(view.result.code == kTVMNDArrayHandle);
    CHECK(static_cast<float*>(view.tensor()->data)[3] == 88);
  }
  const Outcome held = model.call("get_input", {"p"});
  CHECK(static_cast<float*>(held.tensor()->data)[1] == 20);
}

void wrong_calls() {
  const Module code = kernel_library();
  const Module model = executor(sum_graph(), code);
  Tensor x({4}), longer({5}), flat({2, 2}), whole({4}, kInt32);
  CHECK(model.call("set_input", {"q", x}).failed_with("no input or parameter 'q'; it has: x, p"));
  CHECK(model.call("set_input", {2, x}).failed_with("no input 2; the model has 2"));
  CHECK(model.call("set_input", {-1, x}).failed_with("no input -1"));
  CHECK(model.call("set_input", {"x", longer})
            .failed_with("float32 [4] but the tensor is float32 [5]"));
  CHECK(model.call("set_input", {"x", flat}).failed_with("float32 [2, 2]"));
  CHECK(model.call("set_input", {"x", whole}).failed_with("int32 [4]"));
  CHECK(model.call("set_input", {"x", 3}).failed_with("argument 1 must be a tensor"));
  CHECK(model.call("set_input", {"x"}).failed_with("needs 2 arguments but got 1"));
  CHECK(model.call("set_input_zero_copy", {"x", longer}).failed_with("float32 [5]"));
  CHECK(model.call("get_output", {1}).failed_with("no output 1; the model has 1"));
  CHECK(model.call("get_output", {"nobody"}).failed_with("no output 'nobody'"));
  CHECK(model.call("get_output", {0, longer}).failed_with("float32 [5]"));

  Tensor shifted({8});
  shifted.get()->shape[0] = 4;
  shifted.get()->byte_offset = 4;
  CHECK(model.call("set_input", {"x", shifted}).ok());
  CHECK(model.call("set_input_zero_copy", {"x", shifted}).failed_with("not a multiple of 64"));
  int64_t strides[1] = {2};
  x.get()->strides = strides;
  CHECK(model.call("set_input", {"x", x}).failed_with("strides"));
  strides[0] = 1;
  CHECK(model.call("set_input", {"x", x}).ok());
  x.get()->device.device_type = kDLCUDA;
  CHECK(model.call("set_input", {"x", x}).failed_with("cuda"));
  x.get()->device.device_type = kDLCPU;
  x.get()->data = nullptr;
  CHECK(model.call("set_input", {"x", x}).failed_with("no data"));
  CHECK(model.find("no_such_function") == nullptr);
}

void zero_copy() {
  const Module code = kernel_library();
  const Module model = executor(sum_graph(), code);
  Tensor x({4}, {1, 2, 3, 4}), p({4}, {1, 1, 1, 1}), y({4});
  CHECK(model.call("set_input_zero_copy", {"x", x}).ok());
  CHECK(model.call("set_input_zero_copy", {"p", p}).ok());
  CHECK(model.call("set_output_zero_copy", {"node3:0", y}).ok());
  CHECK(model.call("run").ok());
  CHECK(y.at(0) == 4 && y.at(3) == 10);
  x.at(0) = 5;
  CHECK(model.call("run").ok());
  CHECK(y.at(0) == 12);
  CHECK(model.call("get_input", {"x"}).tensor()->data == x.get()->data);
  CHECK(model.call("get_output", {0}).tensor()->data == y.get()->data);
  Tensor other({4}, {7, 7, 7, 7});
  CHECK(model.call("set_input", {"x", other}).ok());  // goes where the input is: to the host
  CHECK(x.at(2) == 7);
  CHECK(model.call("set_input_zero_copy", {"x", other}).ok());
  other.at(0) = 0;
  CHECK(model.call("run").ok());
  CHECK(y.at(0) == 2 && x.at(0) == 7);
}

// in -> reshape -> twice -> reshape -> reshape (an output): memory moves through the reshapes.
void reshapes() {
  const Module code = kernel_library();
  GraphText graph;
  const int first = graph.reshape(graph.input("in", "[2,2]"), "[4]");
  const int doubled = graph.op("twice", {first});
  const int last = graph.reshape(graph.reshape(doubled, "[1,4]"), "[4,1]");
  graph.output(last);
  const Module model = executor(graph.json(), code);
  Tensor in({2, 2}, {1, 2, 3, 4}), out({4, 1});
  CHECK(model.call("set_input", {"in", in}).ok());
  CHECK(model.call("run").ok());
  CHECK(model.call("get_output", {0, out}).ok());
  CHECK(out.at(0) == 2 && out.at(3) == 8);
  Tensor in2({2, 2}, {5, 6, 7, 8}), out2({4, 1});
  CHECK(model.call("set_input_zero_copy", {"in", in2}).ok());
  CHECK(model.call("set_output_zero_copy", {0, out2}).ok());
  CHECK(model.call("run").ok());
  CHECK(out2.at(0) == 10 && out2.at(3) == 16);
  CHECK(out.at(0) == 2);
}

void shared_outputs() {
  const Module code = kernel_library();
  GraphText graph;
  const int x = graph.input("x");
  const int doubled = graph.op("twice", {x});
  const int apart = graph.op("twice", {doubled});
  graph.output(x).output(graph.reshape(x, "[2,2]")).output(doubled);
  graph.output(graph.reshape(doubled, "[4,1]")).output(apart);
  const Module model = executor(graph.json(), code);
  Tensor y({4}), square({2, 2}), column({4, 1});
  CHECK(model.call("set_output_zero_copy", {0, y}).failed_with("is the memory of input 'x'"));
  CHECK(model.call("set_output_zero_copy", {1, square}).failed_with("is the memory of input 'x'"));
  CHECK(model.call("set_output_zero_copy", {2, y}).failed_with("are the same memory"));
  CHECK(model.call("set_output_zero_copy", {3, column}).failed_with("are the same memory"));
  CHECK(model.call("set_output_zero_copy", {4, y}).ok());
  Tensor in({4}, {1, 2, 3, 4});
  CHECK(model.call("set_input_zero_copy", {"x", in}).ok());
  CHECK(model.call("run").ok());
  CHECK(y.at(3) == 16);
  CHECK(model.call("get_output", {1, square}).ok() && square.at(3) == 4);
  CHECK(model.call("get_output", {3, column}).ok() && column.at(3) == 8);
}

// So many that a look at all of them in every call would take minutes.
void many_inputs_and_outputs() {
  constexpr int count = 100'000, rounds = 10;
  const Module code = kernel_library();
  GraphText graph;
  for (int i = 0; i < count; ++i) graph.input("x" + std::to_string(i), "[1]");
  for (int i = 0; i < count; ++i) graph.output(graph.op("twice", {i}, "[1]"));
  const Module model = executor(graph.json(), code);
  TVMFunctionHandle bind = model.find("set_output_zero_copy");
  Tensor y({1});
  for (int i = 0; i < rounds * count; ++i) CHECK(call(bind, {i % count, y}).ok());
  TVMFuncFree(bind);
}

void reused_storage() {
  const Module code = kernel_library();
  GraphText graph;
  int last = graph.input("x");
  for (int i = 0; i < 6; ++i) last = graph.op("twice", {last}, "[4]", i % 2 == 0 ? "1" : "2");
  graph.output(last);
  const Module model = executor(graph.json(), code);
  Tensor x({4}, {1, 1, 1, 1}), y({4});
  CHECK(model.call("set_input", {"x", x}).ok());
  CHECK(model.call("set_output_zero_copy", {0, y}).ok());
  CHECK(model.call("run").ok());
  CHECK(y.at(0) == 64);
}

void copies() {
  const Module code = kernel_library();
  GraphText graph;
  graph.output(graph.op("__copy", {graph.input("x")}));
  const Module model = executor(graph.json(), code);
  Tensor x({4}, {1, 2, 3, 4}), y({4});
  CHECK(model.call("set_input_zero_copy", {"x", x}).ok());
  CHECK(model.call("run").ok());
  CHECK(model.call("get_output", {0, y}).ok() && y.at(3) == 4);
}

void outputs_in_an_array() {
  const Module code = kernel_library();
  const Module model = executor(sum_graph(), code);
  Tensor x({4}, {1, 2, 3, 4}), p({4}, {1, 1, 1, 1});
  const Outcome outputs = model.call("run_from_inputs", {1, 0, "x", x, 1, p});
  CHECK(outputs.result.code == kTVMObjectHandle);
  const Value array(outputs.handle(), kTVMObjectHandle);
  CHECK(call_global("runtime.ArraySize", {array}).integer() == 1);
  const Outcome first = call_global("runtime.ArrayGetItem", {array, 0});
  CHECK(first.result.code == kTVMNDArrayHandle);
  CHECK(static_cast<float*>(first.tensor()->data)[3] == 10);
  CHECK(model.call("run_from_inputs", {1, 0, "q", x}).failed_with("no input or parameter 'q'"));
  CHECK(model.call("run_from_inputs", {2, 0, "x", x}).failed_with("cuda"));
  CHECK(model.call("run_from_inputs", {1, 0, "x"}).rc == -1);
}

std::string described(const Outcome& info, const char* part, const char* name) {
  const Outcome map = call_global("runtime.MapGetItem", {{info.handle(), kTVMObjectHandle}, part});
  const Value inner(map.handle(), kTVMObjectHandle);
  if (call_global("runtime.MapCount", {inner, name}).integer() == 0) return "absent";
  const Outcome item = call_global("runtime.MapGetItem", {inner, name});
  const Value object(item.handle(), kTVMObjectHandle);
  if (std::string(part) == "dtype") return call_global("runtime.GetFFIString", {object}).text;
  std::string shape;
  const int64_t ndim = call_global("runtime.GetShapeTupleSize", {object}).integer();
  for (int64_t i = 0; i < ndim; ++i) {
    shape += std::to_string(call_global("runtime.GetShapeTupleElem", {object, i}).integer()) + ",";
  }
  return shape;
}

// An operator with two outputs comes first, so that node numbers and entry numbers differ.
void descriptions() {
  const Module code = kernel_library();
  GraphText graph;
  const int a = graph.input("a", "[2,3]");
  graph.op("twice", {a}, "[6]");
  graph.nodes.back().replace(graph.nodes.back().find("outputs\":\"1\""), 12, "outputs\":\"2\"");
  graph.types.push_back("\"int8\"");
  graph.storage.push_back("2");
  graph.devices.push_back("1");
  graph.shapes.push_back("[9]");
  graph.rows.back() = "3";
  graph.nodes.push_back("{\"op\":\"null\",\"name\":\"b\",\"inputs\":[]}");
  graph.arguments.push_back("2");
  graph.rows.push_back("4");
  graph.types.push_back("\"int64\"");
  graph.storage.push_back("3");
  graph.devices.push_back("1");
  graph.shapes.push_back("[7,8]");
  graph.heads.push_back("[1,1,0]");
  const Module model = executor(graph.json(), code);
  const Outcome inputs = model.call("get_input_info");
  CHECK(described(inputs, "shape", "a") == "2,3,");
  CHECK(described(inputs, "dtype", "a") == "float32");
  CHECK(described(inputs, "shape", "b") == "7,8,");
  CHECK(described(inputs, "dtype", "b") == "int64");
  const Outcome outputs = model.call("get_output_info");
  CHECK(described(outputs, "shape", "node1") == "9,");
  CHECK(described(outputs, "dtype", "node1") == "int8");
}

void two_threads() {
  const Module code = kernel_library();
  const std::string graph = sum_graph();
  std::vector<std::thread> threads;
  for (int t = 0; t < 2; ++t) {
    threads.emplace_back([&, t] {
      const auto base = static_cast<float>(t);
      for (int round = 0; round < 20; ++round) {
        const Module model = executor(graph, code);
        Tensor x({4}, {base, base, base, base}), p({4}, {1, 2, 3, 4}), y({4});
        CHECK(model.call("set_input", {"x", x}).ok() && model.call("set_input", {"p", p}).ok());
        for (int i = 0; i < 50; ++i) CHECK(model.call("run").ok());
        CHECK(model.call("get_output", {0, y}).ok() && y.at(3) == 2 * (base + 4));
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
}

}  // namespace

int main() {
  plain_run();
  wrong_calls();
  zero_copy();
  reshapes();
  shared_outputs();
  many_inputs_and_outputs();
  reused_storage();
  copies();
  outputs_in_an_array();
  descriptions();
  two_threads();
  return test_result();
}
