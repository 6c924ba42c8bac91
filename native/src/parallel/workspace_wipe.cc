// The list of all threads' workspaces, and the wiping of those that other threads own.
#include <pthread.h>

#include <mutex>
#include <type_traits>

#include "core/error.h"
#include "parallel/workspace.h"
#include "safetensor_tvm.h"

namespace safetensor {
namespace {

// Locked while a workspace is made, ends or is wiped by another thread. Threads may do all of that
// when static objects are destroyed already, so nothing here has a destructor.
std::mutex list_mutex;
Workspace* first = nullptr;
static_assert(std::is_trivially_destructible_v<std::mutex>);

// A forked child has none of the wipers: it must not find the list locked, or its one thread's
// workspace being wiped for ever. Workspaces of the other threads stay in its list.
[[maybe_unused]] const int registered = pthread_atfork(
    [] { list_mutex.lock(); }, [] { list_mutex.unlock(); }, [] { list_mutex.unlock(); });

}  // namespace

Workspace::Workspace() {
  const std::lock_guard<std::mutex> lock(list_mutex);
  next_ = first;
  if (next_ != nullptr) next_->previous_ = this;
  first = this;
}

Workspace::~Workspace() {
  {
    const std::lock_guard<std::mutex> lock(list_mutex);
    (previous_ != nullptr ? previous_->next_ : first) = next_;
    if (next_ != nullptr) next_->previous_ = previous_;
  }
  drop_chunks();
}

void Workspace::wipe_all() {
  const std::lock_guard<std::mutex> lock(list_mutex);
  for (Workspace* each = first; each != nullptr; each = each->next_) each->wipe_or_ask();
}

// For the holder of the list's mutex, so that there is one at a time.
void Workspace::wipe_or_ask() noexcept {
  State state = state_.load(std::memory_order_relaxed);
  while (state != State::kInUseWipeAsked) {
    if (state == State::kInUse) {
      if (state_.compare_exchange_weak(state, State::kInUseWipeAsked, std::memory_order_relaxed)) {
        return;
      }
    } else if (state_.compare_exchange_weak(state, State::kBeingWiped, std::memory_order_acquire,
                                            std::memory_order_relaxed)) {
      wipe();
      state_.store(State::kIdle, std::memory_order_release);
      return;
    }
  }
}

}  // namespace safetensor

void SafeTensorWipeWorkspaces() {
  safetensor::guarded([] { safetensor::Workspace::wipe_all(); });
}
