// Modules beside the code: import trees, factories and constants, right and hostile.
#include <string>
#include <vector>

#include "graph_text.h"
#include "kernels.h"

namespace {

std::string sum_graph() {
  GraphText graph;
  const int x = graph.input("x");
  return graph.output(graph.op("add", {x, graph.input("p")})).json();
}

Stream& add_factory(Stream& stream, const std::string& param = "p") {
  stream.text("GraphExecutorFactory").text(sum_graph());
  stream.u64(1).u64(1).text(param).tensor({4}, {5, 6, 7, 8});
  return stream.text("default");
}

// Every blob gets a prefix of its own and stays alive, as a library's would.
Outcome load(const Stream& content) {
  static std::vector<std::string> blobs;
  static int next = 0;
  if (blobs.capacity() == 0) blobs.reserve(100000);
  blobs.push_back(blob_of(content));
  FakeLibrary library("blob" + std::to_string(next++) + "_");
  return library.function("add", kernels::add).imports(blobs.back()).load();
}

Stream factory_blob() {
  Stream blob;
  blob.u64(3);
  add_factory(blob).text("_lib").text("_import_tree").numbers({0, 1, 1}).numbers({1});
  return blob;
}

float first_output(const Module& model) {
  Tensor y({4});
  CHECK(model.call("run").ok());
  CHECK(model.call("get_output", {0, y}).ok());
  return y.at(0);
}

void factory() {
  Outcome loaded = load(factory_blob());
  CHECK(loaded.ok());
  Module root(loaded.give());
  CHECK(call_global("runtime.ModuleGetTypeKey", {root.value()}).text == "GraphExecutorFactory");
  CHECK(root.call("get_graph_json").text == sum_graph());
  const DLDevice cpu{kDLCPU, 0};
  CHECK(root.call("default", {DLDevice{kDLCUDA, 0}}).failed_with("cuda"));
  Module first(root.call("default", {cpu}).give());
  const Module second(root.call("default", {cpu}).give());
  CHECK(first_output(first) == 5 && first_output(second) == 5);
  const Outcome a = first.call("get_input", {"p"});
  CHECK(a.tensor()->data == second.call("get_input", {"p"}).tensor()->data);

  // A parameter that one executor overwrites is still the factory's in the other.
  Tensor p({4}, {1, 1, 1, 1});
  CHECK(first.call("set_input", {"p", p}).ok());
  CHECK(first_output(first) == 1 && first_output(second) == 5);

  const Outcome params = root.call("get_graph_params");
  const Outcome array =
      call_global("runtime.MapGetItem", {{params.handle(), kTVMObjectHandle}, "p"});
  CHECK(static_cast<float*>(array.tensor()->data)[3] == 8);

  const Module bare(root.call("remove_params").give());
  root.reset();
  first.reset();
  const Module third(bare.call("default", {cpu}).give());
  CHECK(first_output(third) == 0 && first_output(second) == 5);
}

void wrong_factories() {
  Stream unknown_param;
  unknown_param.u64(3);
  add_factory(unknown_param, "q").text("_lib").text("_import_tree").numbers({0, 1, 1}).numbers({1});
  const Module root(load(unknown_param).give());
  CHECK(root.call("default", {DLDevice{kDLCPU, 0}}).failed_with("'q'"));

  Stream alone;  // its code is not among its imports
  alone.u64(3);
  add_factory(alone).text("_lib").text("_import_tree").numbers({0, 0, 0}).numbers({});
  const Module lonely(load(alone).give());
  CHECK(lonely.call("default", {DLDevice{kDLCPU, 0}}).failed_with("does not import"));
}

int constants_seen = 0;

int init_uses(TVMValue* args, int* codes, int, TVMValue* ret, int* code, void*) {
  const Value array(args[0].v_handle, codes[0]);
  CHECK(call_global("runtime.ArraySize", {array}).integer() == 1);
  const Outcome item = call_global("runtime.ArrayGetItem", {array, 0});
  CHECK(static_cast<float*>(item.tensor()->data)[1] == 2);
  ++constants_seen;
  ret->v_int64 = 0;
  *code = kTVMArgInt;
  return 0;
}

int uses(TVMValue*, int*, int, TVMValue* ret, int* code, void*) {
  ret->v_int64 = 10 + constants_seen;
  *code = kTVMArgInt;
  return 0;
}

void constants() {
  Stream content;
  content.u64(3).text("const_loader");
  content.u64(1).text("weights").u64(1).tensor({2}, {1, 2});
  content.u64(1).text("uses").u64(1).u64(1).text("weights");
  content.text("_lib").text("_import_tree").numbers({0, 1, 1}).numbers({1});
  static const std::string blob = blob_of(content);
  FakeLibrary library("constants_");
  library.function("uses", uses).function("__init_uses", init_uses).imports(blob);
  Outcome loaded = library.load();
  const Module root(loaded.give());
  CHECK(root.call("uses").integer() == 11);
  CHECK(root.call("uses").integer() == 11);  // initialised once
}

void truncated() {
  const Stream whole = factory_blob();
  for (std::size_t length = 0; length < whole.bytes.size(); ++length) {
    Stream part;
    part.bytes = whole.bytes.substr(0, length);
    CHECK(load(part).rc == -1);
  }
  Stream longer = whole;
  longer.bytes += "x";
  CHECK(load(longer).failed_with("goes on for 1 bytes"));
}

void wrong_trees() {
  const auto tree = [](std::vector<uint64_t> rows, std::vector<uint64_t> children) {
    Stream content;
    content.u64(4).text("_lib");
    for (int i = 0; i < 2; ++i) content.text("const_loader").u64(0).u64(0).u64(0).u64(0);
    return content.text("_import_tree").numbers(rows).numbers(children);
  };
  CHECK(load(tree({0, 1, 2, 2}, {1, 2})).ok());
  CHECK(load(tree({0, 2, 3, 3}, {1, 2, 2})).ok());  // a module with two parents
  CHECK(load(tree({0, 1, 2, 3}, {1, 2, 1})).failed_with("import each other"));
  CHECK(load(tree({0, 1, 1, 1}, {0})).failed_with("import each other"));
  CHECK(load(tree({0, 1, 2, 3}, {1, 2, 0})).failed_with("import each other"));
  CHECK(load(tree({0, 1, 1, 1}, {3})).failed_with("names module 3 of 3"));
  CHECK(load(tree({0, 1, 1, 1}, {UINT64_MAX})).failed_with("names module"));
  CHECK(load(tree({0, 1}, {1})).failed_with("not one for 3 modules"));
  CHECK(load(tree({}, {})).failed_with("not one for 3 modules"));
  CHECK(load(tree({1, 1, 1, 1}, {1})).failed_with("not one for 3 modules"));
  CHECK(load(tree({0, 2, 1, 2}, {1, 2})).failed_with("ends before it begins"));
  CHECK(load(tree({0, 1, 1, UINT64_MAX}, {1})).rc == -1);
}

void wrong_blobs() {
  CHECK(load(Stream().u64(1).text("cuda"))
            .failed_with("kind 'cuda', which this runtime cannot load"));
  CHECK(load(Stream().u64(1).text("")).failed_with("kind ''"));
  CHECK(load(Stream().u64(UINT64_MAX)).failed_with("claims 18446744073709551615 elements"));
  CHECK(load(Stream().u64(1).u64(UINT64_MAX)).failed_with("claims"));
  CHECK(load(Stream().u64(2).text("_lib").text("_lib")).failed_with("two entries"));
  CHECK(load(Stream().u64(1).text("_import_tree").numbers({0}).numbers({})).rc == -1);
  Stream many;
  many.u64(2000);
  many.bytes.resize(many.bytes.size() + 20000);
  CHECK(load(many).failed_with("2000 modules"));
  Stream wrong_constant;
  wrong_constant.u64(1).text("const_loader").u64(0).u64(0).u64(1).text("f").u64(1).u64(1).text("w");
  CHECK(load(wrong_constant).failed_with("'w', which const_loader lacks"));
}

// A library without a tree imports whatever else is there.
void old_blob() {
  Stream content;
  content.u64(1).text("const_loader").u64(0).u64(0).u64(0).u64(0);
  Outcome loaded = load(content);
  CHECK(loaded.ok());
  const Module root(loaded.give());
  CHECK(call_global("runtime.ModuleGetTypeKey", {root.value()}).text == "library");
  CHECK(call_global("runtime.ModuleImportsSize", {root.value()}).integer() == 1);
}

}  // namespace

int main() {
  factory();
  wrong_factories();
  constants();
  truncated();
  wrong_trees();
  wrong_blobs();
  old_blob();
  return test_result();
}
