// What kernels that fail leave in the scratch memory of their threads: a compiler's code returns at
// once when a call in it fails, and frees nothing.
#include <stdexcept>
#include <thread>
#include <vector>

#include "graph_text.h"
#include "kernels.h"
#include "scratch.h"

namespace {

constexpr std::size_t kSize = 5000;
constexpr unsigned char kOuter = 1, kInner = 2;

// The last blocks that the kernels of this thread took.
thread_local Bytes outer_block, inner_block, other_inner_block;

int abandon(TVMValue*, int*, int, TVMValue*, int*, void*) {
  inner_block = take_filled(kSize, kInner);
  other_inner_block = take_filled(kSize, kInner);
  TVMAPISetLastError("abandoned");
  return -1;
}

int abandon_some(TVMValue* args, int* codes, int count, TVMValue* ret, int* code, void* r) {
  CHECK(give(take(kSize)) == 0);
  const Bytes below = take_filled(kSize, kInner);
  const int failed = abandon(args, codes, count, ret, code, r);
  CHECK(give(below) == 0);
  return failed;
}

int abandon_by_exception(TVMValue* args, int* codes, int count, TVMValue* ret, int* code, void* r) {
  abandon(args, codes, count, ret, code, r);
  throw std::runtime_error("thrown");
}

int abandon_while_wiped(TVMValue* args, int* codes, int count, TVMValue* ret, int* code, void* r) {
  const int failed = abandon(args, codes, count, ret, code, r);
  wipe_on_another_thread();
  CHECK(holds(inner_block, kSize, kInner));
  return failed;
}

// Calls the function that it is given, and copes with its failure.
int cope(TVMValue* args, int*, int, TVMValue*, int*, void*) {
  outer_block = take_filled(kSize, kOuter);
  CHECK(call(args[0].v_handle, {}).failed_with("abandoned"));
  CHECK(holds(outer_block, kSize, kOuter));
  CHECK(take(kSize) == inner_block);
  CHECK(give(inner_block) == 0);
  wipe_on_another_thread();
  CHECK(holds(outer_block, kSize, kOuter));
  return give(outer_block);
}

int fail_too(TVMValue* args, int*, int, TVMValue*, int*, void*) {
  outer_block = take_filled(kSize, kOuter);
  return call(args[0].v_handle, {}).rc;
}

int keep(TVMValue*, int*, int, TVMValue*, int*, void*) {
  outer_block = take_filled(kSize, kOuter);
  return 0;
}

Module library() {
  FakeLibrary fake("failures_");
  fake.function("abandon", abandon).function("abandon_some", abandon_some);
  fake.function("abandon_by_exception", abandon_by_exception);
  fake.function("abandon_while_wiped", abandon_while_wiped);
  fake.function("cope", cope).function("fail_too", fail_too).function("keep", keep);
  Outcome loaded = fake.load();
  CHECK(loaded.ok());
  return Module(loaded.give());
}

// The calling thread has no block any more: its memory can be wiped at once, and begins anew.
void expect_empty(Bytes first, unsigned char mark) {
  CHECK(holds(first, kSize, mark));
  wipe_on_another_thread();
  CHECK(holds(first, kSize, 0));
  CHECK(take(kSize) == first);
  CHECK(give(first) == 0);
}

void serial() {
  const Module code = library();
  CHECK(code.call("abandon").failed_with("abandoned"));
  CHECK(give(other_inner_block) == -1);
  expect_empty(inner_block, kInner);
  const Bytes first = inner_block;
  for (int i = 0; i < 3; ++i) {
    CHECK(code.call("abandon").failed_with("abandoned"));
    CHECK(inner_block == first);
  }
  CHECK(code.call("abandon_some").failed_with("abandoned"));
  expect_empty(first, kInner);
  CHECK(code.call("abandon_by_exception").failed_with("thrown"));
  expect_empty(inner_block, kInner);
  CHECK(code.call("abandon_while_wiped").failed_with("abandoned"));
  expect_empty(inner_block, 0);
}

void nested() {
  const Module code = library();
  TVMFunctionHandle inner = code.find("abandon");
  const Value argument(inner, kTVMPackedFuncHandle);
  CHECK(code.call("cope", {argument}).ok());
  expect_empty(outer_block, 0);
  CHECK(code.call("fail_too", {argument}).failed_with("abandoned"));
  expect_empty(outer_block, kOuter);
  TVMFuncFree(inner);
}

void success_frees_nothing() {
  const Module code = library();
  CHECK(code.call("keep").ok());
  CHECK(code.call("abandon").failed_with("abandoned"));
  wipe_on_another_thread();
  CHECK(holds(outer_block, kSize, kOuter));
  CHECK(give(outer_block) == 0);
  expect_empty(outer_block, 0);
}

void in_a_graph() {
  GraphText graph;
  const int kept = graph.op("keep", {graph.input("x")});
  graph.output(graph.op("abandon", {kept}));
  const Module code = library();
  const Module model = executor(graph.json(), code);
  CHECK(model.call("run").failed_with("abandoned"));
  CHECK(outer_block != inner_block);
  CHECK(give(outer_block) == 0);
  expect_empty(outer_block, kOuter);
}

struct Tasks {
  int failing;
  std::vector<Bytes> blocks;  // of each task
};

// One fails, and the others do while they wait for it.
int abandon_in_task(int task, TVMParallelGroupEnv* env, void* data) {
  auto& tasks = *static_cast<Tasks*>(data);
  tasks.blocks[static_cast<std::size_t>(task)] = take_filled(kSize, kInner);
  if (task != tasks.failing) return TVMBackendParallelBarrier(task, env);
  TVMAPISetLastError("abandoned");
  return -1;
}

int throw_in_task(int task, TVMParallelGroupEnv*, void* data) {
  static_cast<Tasks*>(data)->blocks[static_cast<std::size_t>(task)] = take_filled(kSize, kInner);
  throw std::runtime_error("thrown");
}

// The threads of the pool keep their memory, so that it can be looked at: the first launch of the
// process finds all of them idle, and has no others.
void in_tasks() {
  const int threads = static_cast<int>(call_global("runtime.NumThreads", {}).integer());
  CHECK(threads == 4);
  Tasks tasks{threads / 2, std::vector<Bytes>(static_cast<std::size_t>(threads))};
  outer_block = take_filled(kSize, kOuter);
  CHECK(TVMBackendParallelLaunch(abandon_in_task, &tasks, threads) == -1);
  CHECK(holds(outer_block, kSize, kOuter));
  for (const Bytes block : tasks.blocks) CHECK(holds(block, kSize, kInner));
  SafeTensorWipeWorkspaces();
  CHECK(holds(outer_block, kSize, kOuter));
  CHECK(give(outer_block) == 0);
  for (const Bytes block : tasks.blocks) CHECK(holds(block, kSize, 0));
  expect_empty(outer_block, 0);
}

void in_a_task_that_runs_alone() {
  for (const FTVMParallelLambda kernel : {abandon_in_task, throw_in_task}) {
    Tasks tasks{0, std::vector<Bytes>(1)};
    CHECK(TVMBackendParallelLaunch(kernel, &tasks, 1) == -1);
    expect_empty(tasks.blocks[0], kInner);
  }
}

// What another runtime calls frees nothing before that runtime says so.
void for_another_host() {
  SafeTensorFreeWorkspaces();
  CHECK(abandon(nullptr, nullptr, 0, nullptr, nullptr, nullptr) == -1);
  const Bytes first = inner_block;
  wipe_on_another_thread();
  CHECK(holds(first, kSize, kInner));
  std::thread([] {
    SafeTensorFreeWorkspaces();
    const Bytes block = take_filled(kSize, kInner);
    SafeTensorFreeWorkspaces();
    SafeTensorFreeWorkspaces();
    expect_empty(block, kInner);
  }).join();
  CHECK(holds(first, kSize, kInner));
  SafeTensorFreeWorkspaces();
  expect_empty(first, 0);
}

void while_others_wipe() {
  const Wiper one, another;
  std::vector<std::thread> threads;
  for (int i = 0; i < 3; ++i) {
    threads.emplace_back([] {
      const Module code = library();
      TVMFunctionHandle inner = code.find("abandon");
      for (int times = 0; times < 1000; ++times) {
        CHECK(call(inner, {}).failed_with("abandoned"));
        outer_block = take_filled(kSize, kOuter);
        CHECK(call(inner, {}).failed_with("abandoned"));
        CHECK(holds(outer_block, kSize, kOuter));
        SafeTensorFreeWorkspaces();
      }
      TVMFuncFree(inner);
    });
  }
  for (std::thread& thread : threads) thread.join();
}

}  // namespace

int main() {
  in_tasks();
  serial();
  nested();
  success_frees_nothing();
  in_a_graph();
  in_a_task_that_runs_alone();
  for_another_host();
  while_others_wipe();
  return test_result();
}
