// A parallel task that fails is always reported, with its own reason. CTest runs this with one
// thread and with several.
#include <stdexcept>
#include <string>

#include "check.h"

namespace {

constexpr int kLaunches = 10000;

struct Failure {
  int task;  // which task fails; the last one when there are fewer
  const char* reason;
};

bool fails(int task_id, const TVMParallelGroupEnv* env, int chosen) {
  return task_id == (chosen < env->num_task ? chosen : env->num_task - 1);
}

int fail(int task_id, TVMParallelGroupEnv* env, void* data) {
  const auto* failure = static_cast<const Failure*>(data);
  if (!fails(task_id, env, failure->task)) return 0;
  if (failure->reason != nullptr) TVMAPISetLastError(failure->reason);
  return -1;
}

int complain_but_succeed(int, TVMParallelGroupEnv*, void*) {
  TVMAPISetLastError("a stale complaint");
  return 0;
}

int throw_from_task(int, TVMParallelGroupEnv*, void*) { throw std::runtime_error("thrown"); }

void count_reports(int chosen, int num_task) {
  Failure failure{chosen, "the disk is full"};
  int reported = 0;
  int explained = 0;
  for (int i = 0; i < kLaunches; ++i) {
    TVMAPISetLastError("older");
    if (TVMBackendParallelLaunch(fail, &failure, num_task) != -1) continue;
    ++reported;
    const std::string text = last_error_text();
    if (text.rfind("task ", 0) == 0 && text.find(": the disk is full") != std::string::npos) {
      ++explained;
    }
  }
  CHECK(reported == kLaunches);
  CHECK(explained == kLaunches);
}

void failing_without_reason() {
  Failure failure{1000, nullptr};
  for (int num_task : {0, 1, 3}) {
    for (int i = 0; i < 100; ++i) {
      // Neither an older error nor one that a succeeding task left behind is taken for the reason.
      TVMAPISetLastError("older");
      CHECK(TVMBackendParallelLaunch(complain_but_succeed, nullptr, num_task) == 0);
      CHECK(TVMBackendParallelLaunch(fail, &failure, num_task) == -1);
      const std::string text = last_error_text();
      CHECK(text.find(" failed and gave no reason") != std::string::npos);
      CHECK(text.rfind("task ", 0) == 0);
    }
  }
}

int fail_in_every_task(int task_id, TVMParallelGroupEnv*, void*) {
  TVMAPISetLastError(("reason " + std::to_string(task_id)).c_str());
  return 1;
}

}  // namespace

int main() {
  for (int num_task : {0, 2}) {
    count_reports(0, num_task);
    count_reports(1, num_task);
  }
  failing_without_reason();

  CHECK(TVMBackendParallelLaunch(fail_in_every_task, nullptr, 4) == -1);
  CHECK(last_error_text() == "task 0: reason 0");
  for (int num_task : {0, 1, 4}) {
    CHECK(TVMBackendParallelLaunch(throw_from_task, nullptr, num_task) == -1);
    CHECK(last_error_text() == "task 0: thrown");
  }

  CHECK(TVMBackendParallelLaunch(nullptr, nullptr, 0) == -1);
  CHECK(TVMBackendParallelLaunch(complain_but_succeed, nullptr, -1) == -1);
  CHECK(last_error_text().find("-1 tasks") != std::string::npos);
  CHECK(TVMBackendParallelLaunch(complain_but_succeed, nullptr, 100000) == -1);
  return test_result();
}
