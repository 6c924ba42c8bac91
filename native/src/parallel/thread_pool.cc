#include "parallel/thread_pool.h"

#include <pthread.h>
#include <sched.h>
#include <signal.h>

#include <algorithm>
#include <new>
#include <string>

#include "core/error.h"
#include "parallel/cpu_topology.h"
#include "parallel/extra_threads.h"

namespace safetensor {
namespace {

// What it costs to share a loop, from measurements: handing a task to a worker that is awake takes
// about 1 us, and waking one takes tens, a few of them on the calling thread.
constexpr uint32_t kWorthATaskNs = 2000;
constexpr uint32_t kWorthAWakeNs = 40000;

// How long a worker without work stays awake, in pauses. It stays longer when the last wait was
// rewarded and shorter when it was not.
constexpr int kLeastPatience = 1000;
constexpr int kMostPatience = 8000;

struct Caller {
  int limit = 0;           // 0: none
  uint32_t dice = 1;       // chooses the launches to measure
  uint32_t missed_ns = 0;  // work that sleeping workers could have shared
};

thread_local Caller caller;

// One launch in 16, by chance: a fixed period could always meet the same kernel of a model.
bool worth_measuring() noexcept {
  caller.dice = caller.dice * 1664525U + 1013904223U;
  return caller.dice >> 28 == 0;
}

std::atomic<ThreadPool*> the_pool{nullptr};
std::mutex creation_mutex;

}  // namespace

ThreadPool& ThreadPool::instance() {
  ThreadPool* pool = the_pool.load(std::memory_order_acquire);
  if (pool != nullptr) return *pool;
  const std::lock_guard<std::mutex> lock(creation_mutex);
  pool = the_pool.load(std::memory_order_acquire);
  if (pool == nullptr) {
    static const int registered = pthread_atfork(nullptr, nullptr, begin_anew);
    static_cast<void>(registered);
    pool = new ThreadPool(preferred_threads(kMostWorkers));
    the_pool.store(pool, std::memory_order_release);
  }
  return *pool;
}

// A forked child has none of the workers.
void ThreadPool::begin_anew() noexcept {
  ThreadPool* pool = the_pool.load(std::memory_order_acquire);
  if (pool != nullptr) new (pool) ThreadPool(pool->width_);
}

int ThreadPool::threads() const noexcept {
  return caller.limit > 0 ? std::min(caller.limit, width_) : width_;
}

void ThreadPool::limit_threads(int most) noexcept { caller.limit = most; }

int ThreadPool::launch(FTVMParallelLambda kernel, void* data, int tasks) {
  if (tasks == 0) {
    if (task_depth > 0 || threads() == 1) return run_alone(kernel, data);
    return launch_shared(kernel, data);
  }
  if (tasks == 1) return run_alone(kernel, data);
  return launch_exactly(kernel, data, tasks);
}

int ThreadPool::launch_shared(FTVMParallelLambda kernel, void* data) {
  KernelTime& time = times_.of(kernel);
  const uint32_t serial_ns = time.serial_ns();
  int tasks = threads();
  bool wake = true;  // a loop that was never measured may be a long one
  if (serial_ns != 0) {
    tasks = std::min<int>(tasks, static_cast<int>(serial_ns / kWorthATaskNs));
    if (tasks <= 1) return run_timed(kernel, data, time);
    wake = serial_ns >= kWorthAWakeNs;
  }

  Crew crew;
  gather(tasks - 1, wake, &crew);
  if (!wake && crew.size < tasks - 1) {
    // Not worth the wait for a worker to wake up; but many such loops in a row are.
    caller.missed_ns += serial_ns;
    if (caller.missed_ns >= kWorthAWakeNs) {
      caller.missed_ns = 0;
      rouse(tasks - 1 - crew.size);
    }
  }
  if (crew.size == 0) return run_timed(kernel, data, time);

  Launch launch(kernel, data, crew.size + 1);
  set_to_work(crew, &launch);
  take_part(crew, &launch);
  launch.wait();
  time.add(launch.busy_ns());
  return launch.outcome();
}

int ThreadPool::run_timed(FTVMParallelLambda kernel, void* data, KernelTime& time) {
  if (!worth_measuring()) return run_alone(kernel, data);
  const uint64_t start = now_ns();
  const int code = run_alone(kernel, data);
  time.add(now_ns() - start);
  return code;
}

int ThreadPool::launch_exactly(FTVMParallelLambda kernel, void* data, int tasks) {
  if (tasks < 0 || tasks > kMostTasks) {
    throw Error("a parallel launch asks for " + std::to_string(tasks) +
                " tasks at once; it can have 1 to " + std::to_string(kMostTasks) +
                ", or 0 to leave the number to the runtime");
  }
  Crew crew;
  gather(std::min(tasks, width_) - 1, true, &crew);
  Launch launch(kernel, data, tasks);
  ExtraThreads extra(&launch, crew.size + 1, tasks);
  if (!extra.ready()) {
    for_each_worker(crew.awake, [&](int i) { workers_[i].stay_awake(false); });
    for_each_worker(crew.asleep, [&](int i) { workers_[i].stay_awake(true); });
    throw Error("a parallel launch needs " + std::to_string(tasks) +
                " threads at once; the system would not start one of them");
  }
  set_to_work(crew, &launch);
  extra.go();
  take_part(crew, &launch);
  launch.wait();
  extra.join();
  return launch.outcome();
}

void ThreadPool::gather(int most, bool wake, Crew* crew) noexcept {
  crew->size = awake_.take(most, &crew->awake);
  if (!wake || crew->size == most) return;
  crew->size += asleep_.take(most - crew->size, &crew->asleep);
  if (crew->size < most) start_workers(most - crew->size, crew);
}

void ThreadPool::start_workers(int most, Crew* crew) noexcept {
  if (started_.load(std::memory_order_relaxed) >= width_ - 1) return;
  const std::unique_lock<std::mutex> lock(start_mutex_, std::try_to_lock);
  if (!lock.owns_lock()) return;  // another launch is at it and gets them

  // The host's signals are for the host's threads, all but those that a fault here raises.
  sigset_t blocked, before;
  sigfillset(&blocked);
  for (int fault : {SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGTRAP, SIGABRT}) sigdelset(&blocked, fault);
  pthread_sigmask(SIG_SETMASK, &blocked, &before);
  pthread_attr_t attributes;
  pthread_attr_init(&attributes);
  pthread_attr_setdetachstate(&attributes, PTHREAD_CREATE_DETACHED);
  const auto entry = [](void* order) -> void* {
    const auto* mine = static_cast<Worker*>(order);
    ThreadPool* pool = the_pool.load(std::memory_order_acquire);
    pthread_setname_np(pthread_self(), "tvm-worker");
    pool->work(static_cast<int>(mine - pool->workers_.data()));
    return nullptr;
  };
  int started = started_.load(std::memory_order_relaxed);
  for (; most > 0 && started < width_ - 1; --most) {
    pthread_t thread;
    if (pthread_create(&thread, &attributes, entry, &workers_[started]) != 0) break;
    crew->awake[started / 64] |= uint64_t{1} << (started % 64);
    ++crew->size;
    ++started;
  }
  started_.store(started, std::memory_order_relaxed);
  pthread_attr_destroy(&attributes);
  pthread_sigmask(SIG_SETMASK, &before, nullptr);
}

void ThreadPool::set_to_work(const Crew& crew, Launch* launch) noexcept {
  int task = 0;
  for_each_worker(crew.awake, [&](int i) { workers_[i].run(launch, ++task, false); });
  for_each_worker(crew.asleep, [&](int i) { workers_[i].run(launch, ++task, true); });
}

// A worker may have lost its CPU to another process, or be slow to wake up. Its task can be taken
// over when task 0 is done: had task 0 met a barrier, it would not be done before all had begun.
void ThreadPool::take_part(const Crew& crew, Launch* launch) noexcept {
  launch->run(0);
  launch->finish();
  if (crew.size == 0 || launch->finishes_soon()) return;
  int task = 0;
  const auto take_over = [&](int worker) {
    ++task;
    if (!workers_[worker].take_back(*launch)) return;
    launch->run(task);
    launch->finish();
  };
  for_each_worker(crew.awake, take_over);
  for_each_worker(crew.asleep, take_over);
}

void ThreadPool::rouse(int most) noexcept {
  WorkerMask sleepers{};
  if (asleep_.take(most, &sleepers) == 0) return;
  for_each_worker(sleepers, [&](int i) { workers_[i].stay_awake(true); });
}

void ThreadPool::work(int worker) noexcept {
  Worker& self = workers_[worker];
  int patience = kMostPatience;
  while (!self.has_order()) sched_yield();  // the first order is on its way
  for (;;) {
    const bool has_task = self.accept() != Worker::kStayAwake;
    Launch* launch = self.launch();
    const int task = self.task();
    if (has_task) launch->run(task);
    // Idle before finished: the launcher's next loop may follow at once and shall find it.
    awake_.add(worker);
    if (has_task) launch->finish();
    await_order(worker, &patience);
  }
}

void ThreadPool::await_order(int worker, int* patience) noexcept {
  Worker& self = workers_[worker];
  for (int i = 0; i < *patience; ++i) {
    if (self.has_order()) {
      *patience = std::min(*patience * 2, kMostPatience);
      return;
    }
    cpu_pause();
  }
  if (awake_.remove(worker)) {
    *patience = std::max(*patience / 2, kLeastPatience);
    asleep_.add(worker);
    while (!self.has_order()) self.sleep();
  } else {
    while (!self.has_order()) cpu_pause();  // just taken: its order is on its way
  }
}

}  // namespace safetensor
