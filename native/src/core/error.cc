#include "core/error.h"

#include "core/thread_slot.h"

namespace safetensor {
namespace {

struct LastError {
  std::string text;
  bool set = false;
};

thread_local uint32_t errors_set = 0;

}  // namespace

const uint32_t& error_count() noexcept { return errors_set; }

void set_last_error(const char* text) noexcept {
  ++errors_set;
  try {
    LastError& error = ThreadSlot<LastError>::get();
    error.set = true;
    error.text = text != nullptr ? text : "an error without text";
  } catch (...) {
    if (LastError* error = ThreadSlot<LastError>::find()) error->text.clear();
  }
}

const char* last_error() noexcept {
  const LastError* error = ThreadSlot<LastError>::find();
  return error != nullptr && error->set ? error->text.c_str() : nullptr;
}

void clear_last_error() noexcept {
  if (LastError* error = ThreadSlot<LastError>::find()) error->set = false;
}

}  // namespace safetensor
