// Libraries: what is found in them, what they call, how they are imported, shared and unloaded.
#include <dlfcn.h>
#include <fcntl.h>
#include <unistd.h>

#include <fstream>
#include <string>
#include <thread>
#include <vector>

#include "graph_text.h"
#include "kernels.h"

namespace {

std::string path_of(const char* name) { return std::string(ST_MODULES "/") + name + ".so"; }

void lookups() {
  const Module answers = Module::load(path_of("answers"));
  CHECK(answers.call("answer").integer() == 42);
  CHECK(answers.call("__tvm_main__").integer() == 42);
  for (const char* name : {"missing", "abort", "exit", "malloc", ""}) {
    CHECK(answers.find(name) == nullptr);
    CHECK(answers.find(name, true) == nullptr);
  }
  const Module runtime = Module::load(path_of("calls_runtime"));
  CHECK(runtime.call("use_workspace").integer() == 7);
  CHECK(runtime.call("__tvm_main__").integer() == 7);
  const Module asking = Module::load(path_of("calls_import"));
  CHECK(asking.find("__tvm_module_ctx") == nullptr);  // a variable is not a function
  CHECK(asking.call("fail_with_text").failed_with("fail_with_text: Assert fail: as asked"));
  CHECK(
      asking.call("fail_without_text").failed_with("fail_without_text failed and gave no reason"));
}

void graphs_name_only_the_models_functions() {
  const Module answers = Module::load(path_of("answers"));
  for (const char* name : {"abort", "exit", "malloc", "__tvm_main__", "__cxa_finalize"}) {
    GraphText graph;
    graph.output(graph.op(name, {graph.input("x")}));
    CHECK(create(graph.json(), answers).rc == -1);
  }
}

void loading_errors() {
  TVMModuleHandle handle = nullptr;
  CHECK(TVMModLoadFromFile("/no/such/file.so", "so", &handle) == -1);
  CHECK(contains(last_error_text(), "/no/such/file.so"));
  CHECK(TVMModLoadFromFile("/no/such/file.hsaco", "", &handle) == -1);
  CHECK(contains(last_error_text(), "hsaco"));
  CHECK(TVMModLoadFromFile(nullptr, "so", &handle) == -1);
  CHECK(TVMModLoadFromFile(path_of("short_blob").c_str(), "so", &handle) == -1);
  CHECK(contains(last_error_text(), "claims 65535 bytes but has 16"));
  CHECK(TVMModLoadFromFile(path_of("unknown_import").c_str(), "so", &handle) == -1);
  CHECK(contains(last_error_text(), "kind 'cuda'"));
  CHECK(TVMModLoadFromFile(path_of("small_slot").c_str(), "so", &handle) == -1);
  CHECK(contains(last_error_text(), "4 bytes and cannot hold"));
  CHECK(TVMModLoadFromFile(path_of("answers").c_str(), nullptr, &handle) == 0);
  TVMModFree(handle);
  CHECK(TVMModLoadFromFile(path_of("answers").c_str(), "dso", &handle) == 0);
  TVMModFree(handle);
}

void imports() {
  Module asking = Module::load(path_of("calls_import"));
  Module answers = Module::load(path_of("answers"));
  CHECK(asking.call("ask").failed_with("calls 'answer', which neither"));
  CHECK(TVMModImport(asking.get(), answers.get()) == 0);
  CHECK(TVMModImport(asking.get(), answers.get()) == 0);  // once is enough
  CHECK(call_global("runtime.ModuleImportsSize", {asking.value()}).integer() == 1);
  CHECK(call_global("runtime.ModuleGetImport", {asking.value(), 0}).handle() == answers.get());
  CHECK(call_global("runtime.ModuleGetImport", {asking.value(), 1}).rc == -1);
  CHECK(call_global("runtime.ModuleGetTypeKey", {asking.value()}).text == "library");
  CHECK(asking.call("ask").integer() == 142);
  CHECK(asking.find("answer") == nullptr);
  CHECK(asking.call("answer").integer() == 42);  // through the import

  CHECK(TVMModImport(answers.get(), asking.get()) == -1);
  CHECK(contains(last_error_text(), "import each other"));
  CHECK(TVMModImport(answers.get(), answers.get()) == -1);
  CHECK(TVMModImport(answers.get(), nullptr) == -1);
  answers.reset();  // the import keeps it
  CHECK(asking.call("ask").integer() == 142);
}

bool loaded(const char* name) {
  void* handle = dlopen(path_of(name).c_str(), RTLD_LAZY | RTLD_NOLOAD);
  if (handle != nullptr) dlclose(handle);
  return handle != nullptr;
}

int seven(TVMValue*, int*, int, TVMRetValueHandle ret, void*) {
  TVMValue value;
  value.v_int64 = 7;
  int code = kTVMArgInt;
  return TVMCFuncSetReturn(ret, &value, &code, 1);
}

// The library's code remembers the functions it called; they must be those of a live module.
void same_library_twice() {
  Module first = Module::load(path_of("calls_import"));
  Module second = Module::load(path_of("calls_import"));
  CHECK(first.get() == second.get());
  CHECK(TVMModImport(first.get(), Module::load(path_of("answers")).get()) == 0);
  CHECK(first.call("ask").integer() == 142);
  first.reset();
  CHECK(second.call("ask").integer() == 142);
  TVMFunctionHandle ask = second.find("ask");
  second.reset();
  CHECK(call(ask, {}).integer() == 142);  // a function keeps its library
  TVMFuncFree(ask);
  CHECK(!loaded("calls_import") && !loaded("answers"));

  // Somebody else keeps the code loaded while its module goes away.
  void* pinned = dlopen(path_of("calls_import").c_str(), RTLD_LAZY);
  first = Module::load(path_of("calls_import"));
  CHECK(TVMModImport(first.get(), Module::load(path_of("answers")).get()) == 0);
  CHECK(first.call("ask").integer() == 142);
  first.reset();
  second = Module::load(path_of("calls_import"));
  CHECK(second.call("ask").integer() == 142);
  second.reset();
  dlclose(pinned);

  TVMFunctionHandle function = nullptr;
  CHECK(TVMFuncCreateFromCFunc(seven, nullptr, nullptr, &function) == 0);
  CHECK(TVMFuncRegisterGlobal("answer", function, 0) == 0);
  TVMFuncFree(function);
  first = Module::load(path_of("calls_import"));
  CHECK(first.call("ask").ok());
  CHECK(TVMFuncRemoveGlobal("answer") == 0);
  CHECK(first.call("ask").ok());  // the module keeps what its code may call again
}

void copy_file(const std::string& from, int to) {
  std::ifstream in(from, std::ios::binary);
  const std::string bytes((std::istreambuf_iterator<char>(in)), std::istreambuf_iterator<char>());
  CHECK(write(to, bytes.data(), bytes.size()) == static_cast<ssize_t>(bytes.size()));
}

// Memory files have no name but /proc/self/fd/N, and N comes again for the next file.
void reused_descriptors() {
  char name[] = "/tmp/safetensor-module-XXXXXX";
  const int fd = mkstemp(name);
  CHECK(fd >= 0);
  unlink(name);
  copy_file(path_of("answers"), fd);
  const std::string path = "/proc/self/fd/" + std::to_string(fd);
  const Module first = Module::load(path);
  CHECK(first && first.call("answer").integer() == 42);

  char other_name[] = "/tmp/safetensor-module-XXXXXX";
  const int other = mkstemp(other_name);
  unlink(other_name);
  copy_file(path_of("answers_differently"), other);
  CHECK(dup2(other, fd) == fd);
  close(other);
  const Module second = Module::load(path);
  CHECK(second && second.get() != first.get());
  CHECK(second && second.call("answer").integer() == 43);
  CHECK(first.call("answer").integer() == 42);
  close(fd);
}

void several_names_for_one_place() {
  const Module aliased = Module::load(path_of("aliased_symbols"));
  const Outcome found = aliased.call("look_up");
  if (!found.ok()) std::fprintf(stderr, "  %s\n", found.text.c_str());
  CHECK(found.ok());
}

// The library is gone as soon as it is loaded; another one may then have its address.
void factory_without_its_library() {
  const Module factory = Module::load(path_of("lone_factory"));
  const Module other = Module::load(path_of("answers"));
  CHECK(TVMModImport(factory.get(), other.get()) == 0);
  CHECK(factory.call("get_graph_json").failed_with("does not import the library"));
}

void loads_in_parallel() {
  std::vector<std::thread> threads;
  for (int t = 0; t < 4; ++t) {
    threads.emplace_back([] {
      for (int i = 0; i < 100; ++i) {
        Module asking = Module::load(path_of("calls_import"));
        Module answers = Module::load(path_of("answers"));
        CHECK(TVMModImport(asking.get(), answers.get()) == 0);
        CHECK(asking.call("ask").integer() == 142);
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
}

}  // namespace

int main() {
  lookups();
  graphs_name_only_the_models_functions();
  loading_errors();
  imports();
  same_library_twice();
  reused_descriptors();
  several_names_for_one_place();
  factory_without_its_library();
  loads_in_parallel();
  return test_result();
}
