#include "parallel/launch.h"

#include <sched.h>

#include "core/error.h"
#include "parallel/kernel_times.h"
#include "parallel/workspace_guard.h"

namespace safetensor {
namespace {

constexpr uint32_t kSleeping = uint32_t{1} << 31;
constexpr int kFewPauses = 50;  // 1 us or 2
constexpr int kPauses = 4000;   // about as long as putting a thread to sleep and waking it
constexpr int kYields = 100;
constexpr int kBarrierPauses = 1000;

std::atomic<uint32_t> next_ticket{2};

uint32_t draw_ticket() noexcept {
  uint32_t ticket;
  do {
    ticket = next_ticket.fetch_add(2, std::memory_order_relaxed);  // even: never 1
  } while (ticket == 0);
  return ticket;
}

std::string describe_failure(int task) {
  const char* reason = last_error();
  const std::string name = "task " + std::to_string(task);
  return reason != nullptr ? name + ": " + reason : name + " failed and gave no reason";
}

// False when the kernel failed. The thread's last error is then the kernel's own, or none: an
// older text is forgotten first, lest it be taken for this task's.
bool call(FTVMParallelLambda kernel, int task, TVMParallelGroupEnv* env, void* data) noexcept {
  clear_last_error();
  ++task_depth;
  int code = 0;
  const int thrown = guarded([&] {
    WorkspaceGuard guard;
    code = kernel(task, env, data);
    if (code == 0) guard.succeeded();
  });
  --task_depth;
  return thrown == 0 && code == 0;
}

}  // namespace

Launch::Launch(FTVMParallelLambda kernel, void* data, int tasks) noexcept
    : kernel_(kernel),
      data_(data),
      env_{this, tasks},
      ticket_(draw_ticket()),
      unfinished_(static_cast<uint32_t>(tasks)) {}

void Launch::run(int task) noexcept {
  const uint64_t start = now_ns();
  // A copy: a kernel that writes to its environment must not change what the others see.
  TVMParallelGroupEnv env = env_;
  if (!call(kernel_, task, &env, data_)) record_failure(task);
  busy_ns_.fetch_add(now_ns() - start, std::memory_order_relaxed);
}

void Launch::record_failure(int task) noexcept {
  const std::lock_guard<std::mutex> lock(failure_mutex_);
  if (failed_task_ < 0 || task < failed_task_) {
    failed_task_ = task;
    failure_.clear();
    guarded([&] { failure_ = describe_failure(task); });
  }
  failed_.store(true, std::memory_order_release);
}

void Launch::finish() noexcept {
  const uint32_t before = unfinished_.fetch_sub(1, std::memory_order_acq_rel);
  if (before == (kSleeping | 1)) futex_wake_one(&unfinished_);
}

bool Launch::finishes_soon() const noexcept {
  for (int i = 0; i < kFewPauses; ++i) {
    if (unfinished_.load(std::memory_order_acquire) == 0) return true;
    cpu_pause();
  }
  return false;
}

void Launch::wait() noexcept {
  for (int i = 0; i < kPauses + kYields; ++i) {
    if (unfinished_.load(std::memory_order_acquire) == 0) return;
    i < kPauses ? cpu_pause() : static_cast<void>(sched_yield());
  }
  uint32_t now = unfinished_.fetch_or(kSleeping, std::memory_order_acq_rel) | kSleeping;
  while (now != kSleeping) {
    futex_wait(&unfinished_, now);
    now = unfinished_.load(std::memory_order_acquire);
  }
}

int Launch::outcome() const noexcept {
  if (failed_task_ < 0) return 0;
  set_last_error(failure_.empty() ? "a parallel task failed; no memory to say why"
                                  : failure_.c_str());
  return -1;
}

int Launch::barrier() noexcept {
  const uint32_t round = round_.load(std::memory_order_acquire);
  if (arrived_.fetch_add(1, std::memory_order_acq_rel) + 1 ==
      static_cast<uint32_t>(env_.num_task)) {
    arrived_.store(0, std::memory_order_relaxed);
    round_.store(round + 1, std::memory_order_release);
    return 0;
  }
  int pauses = kBarrierPauses;
  while (round_.load(std::memory_order_acquire) == round) {
    if (failed_.load(std::memory_order_acquire)) {
      set_last_error("a parallel task failed while this one waited for it at a barrier");
      return -1;
    }
    if (pauses > 0) {
      --pauses;
      cpu_pause();
    } else {
      sched_yield();
    }
  }
  return 0;
}

int run_alone(FTVMParallelLambda kernel, void* data) noexcept {
  TVMParallelGroupEnv env{nullptr, 1};
  if (call(kernel, 0, &env, data)) return 0;
  if (guarded([] { set_last_error(describe_failure(0).c_str()); }) != 0) {
    set_last_error("a parallel task failed; no memory to say why");
  }
  return -1;
}

}  // namespace safetensor
