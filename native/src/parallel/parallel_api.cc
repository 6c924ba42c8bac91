// The parallel part of the C ABI. Nothing is locked, allocated or asked of the system on the way to
// a loop that runs alone.
#include <mutex>

#include "core/error.h"
#include "core/registry.h"
#include "core/result.h"
#include "parallel/thread_pool.h"
#include "safetensor_tvm.h"

namespace safetensor {
namespace {

// config_threadpool(mode, threads): the modes choose cores and bind threads to them in TVM; here
// they are accepted, and only the number counts, for the calling thread's own launches.
void config_threadpool(const Args& args, Result&) {
  args.expect(2);
  const int64_t mode = args.integer(0);
  if (mode != 1 && mode != -1 && mode != -2 && mode != -3) {
    throw Error("runtime.config_threadpool: mode " + std::to_string(mode) +
                " is none of 1 (big cores), -1 (little cores), -2 (one core per thread), "
                "-3 (all cores shared)");
  }
  const int64_t threads = args.integer(1);
  if (threads < 0 || threads > kMostWorkers) {
    throw Error("runtime.config_threadpool: " + std::to_string(threads) + " threads; give 1 to " +
                std::to_string(kMostWorkers) + ", or 0 for as many as the machine has cores");
  }
  ThreadPool::limit_threads(static_cast<int>(threads));
}

void num_threads(const Args&, Result& result) {
  result.set_integer(ThreadPool::instance().threads());
}

// Held while f runs, so that nobody goes on before it is done; f may itself want something once.
std::recursive_mutex run_once_mutex;

}  // namespace

void register_threading() {
  register_native("runtime.config_threadpool", config_threadpool);
  register_native("runtime.NumThreads", num_threads);
}

}  // namespace safetensor

using namespace safetensor;

int TVMBackendParallelLaunch(FTVMParallelLambda flambda, void* cdata, int num_task) {
  int code = 0;
  const int thrown = guarded([&] {
    if (flambda == nullptr) throw Error("TVMBackendParallelLaunch: the kernel is NULL");
    code = ThreadPool::instance().launch(flambda, cdata, num_task);
  });
  return thrown != 0 ? thrown : code;
}

int TVMBackendParallelBarrier(int /*task_id*/, TVMParallelGroupEnv* penv) {
  if (penv == nullptr) {
    set_last_error("TVMBackendParallelBarrier: the environment is NULL");
    return -1;
  }
  if (penv->num_task <= 1) return 0;
  return Launch::of(*penv)->barrier();
}

// A failed f leaves *handle NULL, so that the next caller tries again.
int TVMBackendRunOnce(void** handle, int (*f)(void*), void* cdata, int /*nbytes*/) {
  if (handle == nullptr || f == nullptr) {
    set_last_error("TVMBackendRunOnce: the handle or the function is NULL");
    return -1;
  }
  if (__atomic_load_n(handle, __ATOMIC_ACQUIRE) != nullptr) return 0;
  int code = 0;
  const int thrown = guarded([&] {
    const std::lock_guard<std::recursive_mutex> lock(run_once_mutex);
    if (__atomic_load_n(handle, __ATOMIC_ACQUIRE) != nullptr) return;
    code = f(cdata);
    if (code == 0) __atomic_store_n(handle, static_cast<void*>(handle), __ATOMIC_RELEASE);
  });
  return thrown != 0 ? thrown : code;
}
