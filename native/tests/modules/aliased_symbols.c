/* Some linkers export names of their own, such as __bss_start, for the place where a variable
 * happens to lie. */
#include "safetensor_tvm.h"

void* __tvm_module_ctx = 0;
int (*__TVMBackendGetFuncFromEnv)(void*, const char*, TVMFunctionHandle*) = 0;

#define ALIAS(name) \
  __asm__(".globl " name "\n.set " name ", __tvm_module_ctx\n.type " name ", @notype")
ALIAS("__bss_start");
ALIAS("_edata");
ALIAS("alias_a");
ALIAS("alias_b");
ALIAS("alias_c");
ALIAS("alias_d");

int look_up(TVMValue* args, int* codes, int count, TVMValue* ret, int* code, void* resource) {
  TVMFunctionHandle found = 0;
  (void)args, (void)codes, (void)count, (void)ret, (void)code, (void)resource;
  return __TVMBackendGetFuncFromEnv(__tvm_module_ctx, "runtime.NumThreads", &found);
}
