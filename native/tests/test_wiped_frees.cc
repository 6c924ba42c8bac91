// A library whose calls of free() are changed overwrites what it frees, and no other does. The
// process's own free() looks at the memory in the last moment in which that is allowed.
#include <dlfcn.h>
#include <malloc.h>

#include <algorithm>
#include <cstdlib>
#include <cstring>
#include <string>

#include "check.h"

namespace {

enum class Seen { kNothing, kAsItWas, kZeros, kOther };

constexpr unsigned char kMark = 0x5a;
const volatile void* watched = nullptr;
std::size_t watched_size = 0;
Seen seen = Seen::kNothing;

bool all(const unsigned char* bytes, unsigned char value) {
  return std::all_of(bytes, bytes + watched_size, [value](auto byte) { return byte == value; });
}

void look(const volatile void* memory) {
  if (memory == nullptr || memory != watched) return;
  const auto* bytes = static_cast<const unsigned char*>(const_cast<const void*>(watched));
  seen = all(bytes, 0) ? Seen::kZeros : all(bytes, kMark) ? Seen::kAsItWas : Seen::kOther;
  watched = nullptr;
}

}  // namespace

#ifdef ST_SANITIZED  // their own free() cannot be replaced, but has a hook
extern "C" int __sanitizer_install_malloc_and_free_hooks(void (*allocated)(const volatile void*,
                                                                           std::size_t),
                                                         void (*freed)(const volatile void*));
#else
extern "C" void __libc_free(void* memory);
extern "C" void free(void* memory) noexcept {
  look(memory);
  __libc_free(memory);
}
#endif

namespace {

class Library {
 public:
  Library(const char* name, int mode)
      : handle_(dlopen((std::string(ST_MODULES "/") + name).c_str(), mode)) {
    if (handle_ == nullptr) std::fprintf(stderr, "  %s\n", dlerror());
    CHECK(handle_ != nullptr);
  }
  ~Library() { dlclose(handle_); }
  Library(const Library&) = delete;
  Library& operator=(const Library&) = delete;

  int wipe_frees() const { return SafeTensorWipeFrees(handle_); }

  void give_back(void* memory) const {
    reinterpret_cast<void (*)(void*)>(dlsym(handle_, "give_back"))(memory);
  }

  // What is in memory of this size when it reaches free().
  Seen frees(std::size_t size) const {
    auto* memory = static_cast<unsigned char*>(std::malloc(size));
    CHECK(memory != nullptr);
    watched_size = malloc_usable_size(memory);
    std::memset(memory, kMark, watched_size);
    watched = memory;
    seen = Seen::kNothing;
    give_back(memory);
    return seen;
  }

 private:
  void* handle_;
};

constexpr std::size_t kSizes[] = {1, 24, 1000, 100000, 4 << 20};

// The loader has not looked up free() yet, and must not do so any more.
void overwritten_from_the_first_call() {
  const Library library("frees.so", RTLD_LAZY);
  CHECK(library.wipe_frees() == 1);
  for (const std::size_t size : kSizes) CHECK(library.frees(size) == Seen::kZeros);
}

// Loaded anew, it begins as it is in its file.
void overwritten_after_other_calls() {
  const Library library("frees.so", RTLD_NOW);
  for (const std::size_t size : kSizes) CHECK(library.frees(size) == Seen::kAsItWas);
  for (int times = 0; times < 2; ++times) {
    CHECK(library.wipe_frees() == 1);
    for (const std::size_t size : kSizes) CHECK(library.frees(size) == Seen::kZeros);
    library.give_back(nullptr);
  }
}

// The loader has made its table of calls read-only.
void bound_at_once() {
  const Library library("frees_bound_at_once.so", RTLD_LAZY);
  CHECK(library.wipe_frees() == 0);
  CHECK(library.frees(1000) == Seen::kAsItWas);
}

void without_calls_of_free() {
  const Library library("calls_runtime.so", RTLD_LAZY);
  CHECK(library.wipe_frees() == 0);
  CHECK(SafeTensorWipeFrees(nullptr) == 0);
}

}  // namespace

int main() {
#ifdef ST_SANITIZED
  CHECK(__sanitizer_install_malloc_and_free_hooks([](auto, auto) {}, look) != 0);
#endif
  overwritten_from_the_first_call();
  overwritten_after_other_calls();
  bound_at_once();
  without_calls_of_free();
  return test_result();
}
