// Every task runs exactly once: in loops of any length, in loops inside tasks, from many threads
// at once, with barriers, and after a fork. CTest runs this with one thread and with several.
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <chrono>
#include <cstdint>
#include <cstdlib>
#include <thread>
#include <vector>

#include "check.h"

namespace {

constexpr int kMost = 64;

struct Counts {
  std::array<std::atomic<int>, kMost> of_task{};
  std::atomic<int> tasks{0};
  int spin = 0;  // how long each task takes
  int nested = -1;
};

void compute(int rounds) {
  volatile double x = 1;
  for (int i = 0; i < rounds; ++i) x = x * 1.0000001;
}

int count(int task_id, TVMParallelGroupEnv* env, void* data) {
  auto* counts = static_cast<Counts*>(data);
  counts->tasks = env->num_task;
  if (task_id < 0 || task_id >= env->num_task || task_id >= kMost) return -1;
  ++counts->of_task[static_cast<std::size_t>(task_id)];
  compute(counts->spin);
  return 0;
}

void expect_once_each(int num_task, int spin) {
  Counts counts;
  counts.spin = spin;
  CHECK(TVMBackendParallelLaunch(count, &counts, num_task) == 0);
  const int tasks = counts.tasks;
  CHECK(tasks >= 1 && tasks <= kMost);
  CHECK(num_task == 0 || tasks == num_task);
  for (int i = 0; i < kMost; ++i) {
    CHECK(counts.of_task[static_cast<std::size_t>(i)] == (i < tasks ? 1 : 0));
  }
}

void every_task_once() {
  for (int i = 0; i < 2000; ++i) {
    expect_once_each(0, i % 7 == 0 ? 20000 : 10);
    expect_once_each(1, 10);
    if (i % 20 == 0) expect_once_each(1 + i / 20 % 12, 10);  // also more tasks than workers
  }
}

// Loops that are too short to share run alone, and are shared again when they grow.
void tasks_follow_the_work() {
  const char* width = std::getenv("TVM_NUM_THREADS");
  const bool can_share = width == nullptr || std::atoi(width) > 1;
  for (int i = 0; i < 2; ++i) {
    Counts counts;
    int alone = 0;
    for (int launch = 0; launch < 1000; ++launch) {
      CHECK(TVMBackendParallelLaunch(count, &counts, 0) == 0);
      if (launch >= 500 && counts.tasks == 1) ++alone;
    }
    CHECK(alone > 400);
    int shared = 0;
    counts.spin = 100000;
    for (int launch = 0; launch < 400; ++launch) {
      CHECK(TVMBackendParallelLaunch(count, &counts, 0) == 0);
      if (counts.tasks > 1) ++shared;
    }
    CHECK((shared > 0) == can_share);
  }
}

int launch_again(int, TVMParallelGroupEnv*, void* data) {
  auto* outer = static_cast<Counts*>(data);
  for (int i = 0; i < 3; ++i) {
    Counts counts;
    if (TVMBackendParallelLaunch(count, &counts, outer->nested) != 0) return -1;
    const int expected = outer->nested == 0 ? 1 : outer->nested;
    if (counts.tasks != expected) return -1;
    for (int task = 0; task < expected; ++task) {
      if (counts.of_task[static_cast<std::size_t>(task)] != 1) return -1;
    }
  }
  compute(20000);
  return 0;
}

void loops_inside_tasks() {
  for (int nested : {0, 1, 3}) {
    Counts counts;
    counts.nested = nested;
    for (int i = 0; i < 50; ++i) {
      CHECK(TVMBackendParallelLaunch(launch_again, &counts, 0) == 0);
      CHECK(TVMBackendParallelLaunch(launch_again, &counts, 2) == 0);
    }
  }
}

void many_callers() {
  std::vector<std::thread> callers;
  for (int caller = 0; caller < 8; ++caller) {
    callers.emplace_back([] {
      for (int i = 0; i < 300; ++i) expect_once_each(0, i % 3 * 5000);
      for (int i = 0; i < 20; ++i) expect_once_each(5, 100);
    });
  }
  for (std::thread& caller : callers) caller.join();
}

constexpr int kRounds = 2000;

struct Rounds {
  std::array<int, kMost> done{};  // plain: the barrier alone orders the accesses
  std::atomic<int> out_of_step{0};
};

int keep_step(int task_id, TVMParallelGroupEnv* env, void* data) {
  auto* rounds = static_cast<Rounds*>(data);
  for (int round = 1; round <= kRounds; ++round) {
    rounds->done[static_cast<std::size_t>(task_id)] = round;
    if (TVMBackendParallelBarrier(task_id, env) != 0) return -1;
    for (int i = 0; i < env->num_task; ++i) {
      if (rounds->done[static_cast<std::size_t>(i)] != round) ++rounds->out_of_step;
    }
    if (TVMBackendParallelBarrier(task_id, env) != 0) return -1;
  }
  return 0;
}

int desert_the_others(int task_id, TVMParallelGroupEnv* env, void*) {
  if (task_id == env->num_task - 1) {
    TVMAPISetLastError("deserted");
    return -1;
  }
  return TVMBackendParallelBarrier(task_id, env);
}

void barriers() {
  for (int num_task : {0, 1, 2, 4}) {
    Rounds rounds;
    CHECK(TVMBackendParallelLaunch(keep_step, &rounds, num_task) == 0);
    CHECK(rounds.out_of_step == 0);
  }
  for (int i = 0; i < 20; ++i) {
    CHECK(TVMBackendParallelLaunch(desert_the_others, nullptr, 3) == -1);
  }
  CHECK(TVMBackendParallelBarrier(0, nullptr) == -1);
}

int count_call(void* data) {
  ++*static_cast<std::atomic<int>*>(data);
  return 0;
}

int refuse(void*) { return -1; }

void once() {
  void* handle = nullptr;
  std::atomic<int> calls{0};
  CHECK(TVMBackendRunOnce(&handle, refuse, nullptr, 0) == -1);
  std::vector<std::thread> callers;
  for (int i = 0; i < 4; ++i) {
    callers.emplace_back([&] {
      CHECK(TVMBackendRunOnce(&handle, count_call, &calls, 0) == 0);
      CHECK(calls == 1);
    });
  }
  for (std::thread& caller : callers) caller.join();
  CHECK(calls == 1);
}

#ifndef ST_SANITIZED  // the sanitizers do not follow threads into a forked child
void fork_and_launch() {
  const pid_t child = fork();
  if (child == 0) {
    for (int i = 0; i < 20; ++i) expect_once_each(0, 20000);
    _exit(test_result());
  }
  int status = -1;
  CHECK(waitpid(child, &status, 0) == child);
  CHECK(WIFEXITED(status) && WEXITSTATUS(status) == 0);
}
#endif

// Workers are awake when main returns, and nobody waits for them. The fastest of a few runs: the
// machine may be busy with something else.
void exit_at_once() {
  using Clock = std::chrono::steady_clock;
  std::chrono::duration<double> fastest = Clock::duration::max();
  for (int i = 0; i < 5; ++i) {
    const auto start = Clock::now();
    char self[] = "/proc/self/exe";
    char role[] = "launch-and-exit";
    char* arguments[] = {self, role, nullptr};
    pid_t child;
    CHECK(posix_spawn(&child, self, nullptr, nullptr, arguments, environ) == 0);
    int status = -1;
    CHECK(waitpid(child, &status, 0) == child);
    CHECK(WIFEXITED(status) && WEXITSTATUS(status) == 0);
    fastest = std::min<std::chrono::duration<double>>(fastest, Clock::now() - start);
  }
  std::printf("a process that used the pool lived for %.3f s\n", fastest.count());
#ifndef ST_SANITIZED  // which makes the start and the end of a process slow
  CHECK(fastest.count() < 0.2);
#endif
}

}  // namespace

int main(int argc, char**) {
  if (argc > 1) {
    for (int i = 0; i < 20; ++i) expect_once_each(0, 20000);
    return test_result();
  }
  every_task_once();
  tasks_follow_the_work();
  loops_inside_tasks();
  many_callers();
  barriers();
  once();
#ifndef ST_SANITIZED
  fork_and_launch();
#endif
  exit_at_once();
  return test_result();
}
