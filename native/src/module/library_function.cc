#include "module/library_function.h"

#include "core/error.h"
#include "parallel/workspace_guard.h"

namespace safetensor {

void LibraryFunction::call(TVMValue* values, int* codes, int count, Result& result) {
  clear_last_error();
  TVMValue returned;
  returned.v_handle = nullptr;
  int returned_code = kTVMNullptr;
  WorkspaceGuard guard;
  if (code_(values, codes, count, &returned, &returned_code, nullptr) != 0) {
    const char* text = last_error();
    throw Error(text != nullptr ? name_ + ": " + text : name_ + " failed and gave no reason");
  }
  guard.succeeded();
  result.take(returned, returned_code);
}

}  // namespace safetensor
