#include "core/error.h"

#include "core/thread_slot.h"

namespace safetensor {
namespace {

struct LastError {
  std::string text;
  bool set = false;
};

}  // namespace

void set_last_error(const char* text) noexcept {
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
