// error.h - how this library reports failure: C++ code throws Error, and guarded() turns whatever
// was thrown into the -1 and the thread's last error that TVM's C API promises.
#pragma once

#include <cstdint>
#include <exception>
#include <new>
#include <stdexcept>
#include <string>
#include <utility>

namespace safetensor {

class Error : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

// The calling thread's last error. Never throws: when memory is short the text is dropped.
void set_last_error(const char* text) noexcept;

// NULL until the calling thread has had an error.
const char* last_error() noexcept;

// How many errors the calling thread has set; it stays at its place and wraps around.
const uint32_t& error_count() noexcept;

// Forgets the calling thread's error, so that a callee that fails without text can be told apart.
void clear_last_error() noexcept;

// Runs body; nothing it throws gets past here.
template <typename Body>
int guarded(Body&& body) noexcept {
  try {
    std::forward<Body>(body)();
    return 0;
  } catch (const std::bad_alloc&) {
    set_last_error("out of memory");
  } catch (const std::exception& e) {
    set_last_error(e.what());
  } catch (...) {
    set_last_error("an exception of an unknown type");
  }
  return -1;
}

}  // namespace safetensor
