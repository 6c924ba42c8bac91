// Parallel sections of another runtime: what tasks that fail leave behind, and that they are told.
#include <thread>
#include <vector>

#include "scratch.h"

namespace {

using Launch = int (*)(FTVMParallelLambda, void*, int);

constexpr std::size_t kSize = 5000;
constexpr unsigned char kMark = 7;

std::atomic<int> calls{0};

// Every odd task fails and keeps its block.
int odd_fails(int id, TVMParallelGroupEnv*, void* data) {
  ++calls;
  const Bytes block = take_filled(kSize, kMark);
  static_cast<Bytes*>(data)[id] = block;
  return id % 2 == 1 ? -1 : give(block);
}

int none_fails(int, TVMParallelGroupEnv*, void*) {
  ++calls;
  return give(take(kSize));
}

// As Apache's with workers: each task on a thread, which looks at what is left once it has run.
int on_threads(FTVMParallelLambda task, void* data, int count) {
  std::atomic<bool> failed{false};
  std::vector<std::thread> threads;
  for (int id = 0; id < count; ++id) {
    threads.emplace_back([&, id] {
      TVMParallelGroupEnv env{nullptr, count};
      if (task(id, &env, data) != 0) failed = true;
      const Bytes again = take(kSize);
      CHECK(give(again) == 0);
      SafeTensorWipeWorkspaces();
      CHECK(holds(again, kSize, 0));
    });
  }
  for (auto& thread : threads) thread.join();
  return failed ? -1 : 0;
}

// As Apache's with one thread: it does not look.
int overlooks(FTVMParallelLambda task, void* data, int count) {
  TVMParallelGroupEnv env{nullptr, count};
  for (int id = 0; id < count; ++id) task(id, &env, data);
  return 0;
}

void check(Launch launch) {
  void* guarded = SafeTensorGuardLaunch(reinterpret_cast<void*>(launch));
  CHECK(guarded != reinterpret_cast<void*>(launch));
  CHECK(SafeTensorGuardLaunch(guarded) == guarded);
  const auto section = reinterpret_cast<Launch>(guarded);

  Bytes blocks[4] = {};
  calls = 0;
  CHECK(section(odd_fails, blocks, 4) == -1);
  CHECK(calls == 4);
  calls = 0;
  CHECK(section(none_fails, nullptr, 4) == 0);
  CHECK(calls == 4);
}

}  // namespace

int main() {
  check(on_threads);
  check(overlooks);

  // What the caller's kernel holds stays, and what failed is free again.
  const Bytes outer = take_filled(kSize, kMark);
  check(overlooks);
  CHECK(holds(outer, kSize, kMark));
  CHECK(give(outer) == 0);
  SafeTensorWipeWorkspaces();
  CHECK(holds(outer, kSize, 0));
  return test_result();
}
