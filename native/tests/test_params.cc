// Parameters: files that are whole and fit are taken, all others are refused and change nothing.
#include <string>

#include "graph_text.h"
#include "kernels.h"

namespace {

std::string sum_graph() {
  GraphText graph;
  const int x = graph.input("x");
  return graph.output(graph.op("add", {x, graph.input("p")})).json();
}

Outcome load(const Module& model, const std::string& file) {
  const TVMByteArray bytes{file.data(), file.size()};
  return model.call("load_params", {&bytes});
}

float first_output(const Module& model) {
  Tensor y({4});
  CHECK(model.call("run").ok());
  CHECK(model.call("get_output", {0, y}).ok());
  return y.at(0);
}

void whole_file() {
  const Module code = kernel_library();
  const Module model = executor(sum_graph(), code);
  CHECK(load(model, params_file({{"p", {5, 6, 7, 8}}})).ok());
  CHECK(first_output(model) == 5);
  CHECK(load(model, params_file({})).ok());
  CHECK(load(model, params_file({{"p", {1, 1, 1, 1}}, {"x", {2, 2, 2, 2}}})).ok());
  CHECK(first_output(model) == 3);
  const Outcome info = model.call("get_input_info");
  const Outcome shapes =
      call_global("runtime.MapGetItem", {{info.handle(), kTVMObjectHandle}, "shape"});
  CHECK(call_global("runtime.MapSize", {{shapes.handle(), kTVMObjectHandle}}).integer() == 0);
}

void damaged_files() {
  const Module code = kernel_library();
  const Module model = executor(sum_graph(), code);
  const std::string good = params_file({{"x", {1, 1, 1, 1}}, {"p", {5, 6, 7, 8}}});
  for (std::size_t length = 0; length < good.size(); ++length) {
    CHECK(load(model, good.substr(0, length)).rc == -1);
  }
  CHECK(load(model, good + '\0').failed_with("goes on for 1 bytes"));
  CHECK(first_output(model) == 0);

  // Any damage to the head of the file is an error or changes a name's or the data's bytes.
  for (std::size_t at = 0; at < good.size(); ++at) {
    std::string damaged = good;
    damaged[at] = static_cast<char>(damaged[at] ^ 0x80);
    load(model, damaged);
  }
  const Stream huge = Stream().u64(0xF7E58D4F05049CB7).u64(0).u64(UINT64_MAX);
  CHECK(load(model, huge.bytes).failed_with("claims 18446744073709551615 elements"));
  const Stream name = Stream().u64(0xF7E58D4F05049CB7).u64(0).u64(1).u64(UINT64_MAX / 2);
  CHECK(load(model, name.bytes).rc == -1);
}

void wrong_content() {
  const Module code = kernel_library();
  const Module model = executor(sum_graph(), code);
  CHECK(load(model, params_file({{"q", {1, 2, 3, 4}}})).failed_with("no input or parameter 'q'"));
  CHECK(load(model, params_file({{"p", {1}}, {"p", {2}}})).failed_with("two tensors named 'p'"));
  CHECK(load(model, params_file({{"p", {1, 2, 3}}}))
            .failed_with("float32 [4] but the tensor is float32 [3]"));
  // A right tensor before a wrong one is not taken either.
  CHECK(load(model, params_file({{"x", {9, 9, 9, 9}}, {"p", {1}}})).rc == -1);
  CHECK(first_output(model) == 0);

  const auto with_tensor = [](const Stream& tensor) {
    Stream file;
    file.u64(0xF7E58D4F05049CB7).u64(0).u64(1).text("p").u64(1);
    return file.bytes + tensor.bytes;
  };
  CHECK(load(model, with_tensor(Stream().tensor({4}, {1, 2, 3, 4}, kInt32))).failed_with("int32"));
  CHECK(load(model, with_tensor(Stream().tensor({2, 2}, {1, 2, 3, 4}))).failed_with("[2, 2]"));
  CHECK(load(model, with_tensor(Stream().tensor({4}, {1, 2, 3, 4}, {kDLFloat, 32, 4}))).rc == -1);
  CHECK(load(model, with_tensor(Stream().tensor({-4}, {}))).failed_with("negative"));
  CHECK(load(model, with_tensor(Stream().tensor({INT64_MAX, 16}, {})))
            .failed_with("larger than memory"));
  CHECK(load(model, with_tensor(Stream().tensor(std::vector<int64_t>(33, 1), {1})))
            .failed_with("33 dimensions"));
  Stream gpu;
  gpu.u64(0xDD5E40F096B4A13F).u64(0).add<int32_t>(2).add<int32_t>(0);
  CHECK(load(model, with_tensor(gpu)).failed_with("device type 2"));
}

void sharing() {
  const Module code = kernel_library();
  const Module first = executor(sum_graph(), code);
  Module second = executor(sum_graph(), code);
  const std::string file = params_file({{"p", {5, 6, 7, 8}}});
  CHECK(load(first, file).ok());
  const Stream head = Stream().u64(0xF7E58D4F05049CB7).u64(0).u64(1).text("p");
  const TVMByteArray names{head.bytes.data(), head.bytes.size()};
  CHECK(second.call("share_params", {first.value(), &names}).ok());
  CHECK(first_output(second) == 5);
  CHECK(first.call("get_input", {"p"}).tensor()->data ==
        second.call("get_input", {"p"}).tensor()->data);

  // Writing to one of them leaves the other alone.
  CHECK(load(second, params_file({{"p", {1, 1, 1, 1}}})).ok());
  CHECK(first_output(second) == 1 && first_output(first) == 5);
  CHECK(second.call("share_params", {first.value(), &names}).ok());
  CHECK(second.call("share_params", {first.value(), &names}).ok());
  CHECK(first_output(second) == 5);

  const Stream other = Stream().u64(0xF7E58D4F05049CB7).u64(0).u64(1).text("q");
  const TVMByteArray unknown{other.bytes.data(), other.bytes.size()};
  CHECK(second.call("share_params", {first.value(), &unknown}).failed_with("'q'"));
  CHECK(second.call("share_params", {code.value(), &names}).failed_with("not a library"));

  // The memory outlives the executor that it was loaded into.
  Module third = executor(sum_graph(), code);
  CHECK(third.call("share_params", {second.value(), &names}).ok());
  second.reset();
  CHECK(first_output(third) == 5);
}

float linked[4] = {3, 3, 3, 3};

int linked_param(TVMValue* args, int*, int, TVMValue* ret, int* code, void*) {
  *code = args[0].v_int64 == 1 ? kTVMOpaqueHandle : kTVMNullptr;
  ret->v_handle = args[0].v_int64 == 1 ? linked : nullptr;
  return 0;
}

void linked_in() {
  FakeLibrary library("linked_");
  library.function("add", kernels::add).function("_lookup_linked_param", linked_param);
  Outcome loaded = library.load();
  const Module code(loaded.give());
  const Module model = executor(sum_graph(), code);
  CHECK(first_output(model) == 3);
  Tensor p({4}, {8, 8, 8, 8});
  CHECK(model.call("set_input", {"p", p}).ok());  // what is linked in is read-only
  CHECK(first_output(model) == 8 && linked[0] == 3);
}

// A host that binds its own memory pays for none here: this parameter would fit nowhere.
void unbound_memory() {
  const Module code = kernel_library();
  GraphText graph;
  const int x = graph.input("x");
  graph.input("vast", "[70368744177664]");
  graph.output(graph.op("twice", {x}));
  const Module model = executor(graph.json(), code);
  CHECK(model.call("run").failed_with("out of memory"));
  CHECK(model.call("get_input", {"vast"}).failed_with("out of memory"));
  CHECK(model.call("get_input", {"x"}).ok());
  int64_t shape[] = {70368744177664};
  DLTensor vast{code.get(), {kDLCPU, 0}, 1, kFloat32, shape, nullptr, 0};
  const auto address = reinterpret_cast<uintptr_t>(code.get()) / 64 * 64;
  vast.data = reinterpret_cast<void*>(address);  // never read: nothing computes with it
  CHECK(model.call("set_input_zero_copy", {"vast", &vast}).ok());
  CHECK(model.call("run").ok());

  const Module unset = executor(graph.json(), code);  // x gets memory, what is bound still none
  CHECK(unset.call("set_input_zero_copy", {"vast", &vast}).ok());
  CHECK(unset.call("run").ok());
}

void saved_and_loaded() {
  const std::string file = params_file({{"a", {1, 2, 3}}, {"b", {4}}});
  const TVMByteArray bytes{file.data(), file.size()};
  const Outcome map = call_global("runtime.LoadParams", {&bytes});
  const Value params(map.handle(), kTVMObjectHandle);
  CHECK(call_global("runtime.MapSize", {params}).integer() == 2);
  CHECK(call_global("runtime.SaveParams", {params}).text == file);
  const TVMByteArray half{file.data(), file.size() / 2};
  CHECK(call_global("runtime.LoadParams", {&half}).rc == -1);
  const Outcome text = call_global("runtime.Map", {"a", "not an array"});
  CHECK(call_global("runtime.SaveParams", {{text.handle(), kTVMObjectHandle}}).rc == -1);
}

}  // namespace

int main() {
  unbound_memory();
  saved_and_loaded();
  whole_file();
  damaged_files();
  wrong_content();
  sharing();
  linked_in();
  return test_result();
}
