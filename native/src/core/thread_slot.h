// thread_slot.h - a thread's own T, which may still be used while the thread or the process ends:
// the host's last calls can come after this library's thread-local objects are destroyed.
#pragma once

#include <utility>

namespace safetensor {

// One for each type T and thread.
template <typename T>
class ThreadSlot {
 public:
  // Made on first use, and again (then for good) after the thread's destructors have run.
  static T& get() {
    if (value_ == nullptr) {
      value_ = new T;
      owner_.armed = true;  // the first access is what registers the destructor
    }
    return *value_;
  }

  // NULL before the first use.
  static T* find() noexcept { return value_; }

 private:
  struct Owner {
    ~Owner() { delete std::exchange(value_, nullptr); }
    bool armed = false;
  };

  static inline thread_local T* value_ = nullptr;
  static inline thread_local Owner owner_;
};

}  // namespace safetensor
