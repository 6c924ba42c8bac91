// check.h - what the test programs have in common: CHECK counts failures, main returns them.
#pragma once

#include <atomic>
#include <cstdio>
#include <string>

#include "safetensor_tvm.h"

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define ST_SANITIZED
#endif

inline std::atomic<int> failed_checks{0};

#define CHECK(condition)                                                          \
  do {                                                                            \
    if (!(condition)) {                                                           \
      ++failed_checks;                                                            \
      std::fprintf(stderr, "%s:%d: FAILED %s\n", __FILE__, __LINE__, #condition); \
    }                                                                             \
  } while (0)

inline int test_result() { return failed_checks == 0 ? 0 : 1; }

inline std::string last_error_text() {
  const char* text = TVMGetLastError();
  return text != nullptr ? text : "";
}
