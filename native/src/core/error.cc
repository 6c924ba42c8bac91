#include "core/error.h"

namespace safetensor {
namespace {

struct LastError {
  std::string text;
  bool set = false;
};

thread_local LastError current;

}  // namespace

void set_last_error(const char* text) noexcept {
  current.set = true;
  try {
    current.text = text != nullptr ? text : "an error without text";
  } catch (...) {
    current.text.clear();
  }
}

const char* last_error() noexcept { return current.set ? current.text.c_str() : nullptr; }

void clear_last_error() noexcept { current.set = false; }

}  // namespace safetensor
