// guarded_launch.cc - another runtime's parallel sections: tasks that fail give back their scratch
// memory, and none is overlooked.

#include <atomic>

#include "parallel/workspace_guard.h"
#include "safetensor_tvm.h"

namespace {

using Launch = int (*)(FTVMParallelLambda, void*, int);

std::atomic<Launch> launch_of_guest{nullptr};

struct Section {
  FTVMParallelLambda task;
  void* data;
  std::atomic<bool> failed{false};
};

int guarded_task(int id, TVMParallelGroupEnv* env, void* data) {
  auto* section = static_cast<Section*>(data);
  safetensor::WorkspaceGuard guard;
  const int status = section->task(id, env, section->data);
  if (status == 0) {
    guard.succeeded();
  } else {
    section->failed = true;
  }
  return status;
}

int guarded_launch(FTVMParallelLambda task, void* data, int count) {
  Section section{task, data};
  const int status = launch_of_guest.load(std::memory_order_acquire)(guarded_task, &section, count);
  // Where Apache's runtime has one thread, it does not look at what the task returned.
  return status == 0 && section.failed ? -1 : status;
}

}  // namespace

void* SafeTensorGuardLaunch(void* launch) {
  if (launch == reinterpret_cast<void*>(&guarded_launch)) return launch;
  launch_of_guest.store(reinterpret_cast<Launch>(launch), std::memory_order_release);
  return reinterpret_cast<void*>(&guarded_launch);
}
