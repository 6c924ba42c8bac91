// runtime.NumThreads and runtime.config_threadpool, which holds for the calling thread alone.
#include <cstdlib>
#include <thread>

#include "packed_call.h"

namespace {

int64_t threads() {
  PackedCall ask("runtime.NumThreads");
  CHECK(ask.run() == 0);
  return ask.result.v_int64;
}

// CTest runs this with TVM_NUM_THREADS=4.
void limits() {
  const char* configure = "runtime.config_threadpool";
  const char* width = std::getenv("TVM_NUM_THREADS");
  const int64_t all = threads();
  CHECK(width == nullptr || all == std::atoi(width));
  CHECK(call(configure, 1, 1) == 0);
  CHECK(threads() == 1);
  std::thread([&] { CHECK(threads() == all); }).join();
  CHECK(call(configure, -1, 200) == 0);
  CHECK(threads() == all);
  CHECK(call(configure, 1, 0) == 0);
  CHECK(threads() == all);
  CHECK(call(configure, 7, 1) == -1);
  CHECK(call(configure, 1, -1) == -1);
  CHECK(call(configure, 1) == -1);
}

}  // namespace

int main() {
  limits();
  return test_result();
}
