// The host's last calls may come when the process's thread-local objects are gone already.
#include <cstdlib>
#include <string>

#include "host.h"

namespace {

std::string long_path(char letter) { return "/" + std::string(300, letter) + ".so"; }

// Uses what the library keeps for each thread: text of errors and results, names, workspace.
void use_everything(char letter) {
  TVMModuleHandle module = nullptr;
  CHECK(TVMModLoadFromFile(long_path(letter).c_str(), "so", &module) == -1);
  CHECK(contains(last_error_text(), long_path(letter)));
  CHECK(call_global("safetensor.version", {}).text == "1.0.0");
  int count = 0;
  const char** names = nullptr;
  CHECK(TVMFuncListGlobalNames(&count, &names) == 0 && count > 0 && names[0][0] != '\0');
  void* small = TVMBackendAllocWorkspace(kDLCPU, 0, 5000, kDLFloat, 32);
  void* large = TVMBackendAllocWorkspace(kDLCPU, 0, 500000, kDLFloat, 32);
  CHECK(small != nullptr && large != nullptr);
  CHECK(TVMBackendFreeWorkspace(kDLCPU, 0, large) == 0);
  CHECK(TVMBackendFreeWorkspace(kDLCPU, 0, small) == 0);
  SafeTensorFreeWorkspaces();
  SafeTensorWipeWorkspaces();
}

void at_exit() {
  use_everything('b');
  use_everything('c');
  if (test_result() != 0) std::_Exit(1);
}

}  // namespace

int main() {
  std::atexit(at_exit);
  use_everything('a');
  return test_result();
}
