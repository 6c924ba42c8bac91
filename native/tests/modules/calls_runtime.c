/* Has undefined TVMBackend symbols, as C that a compiler wrote does: the process must provide them.
 */
#include "safetensor_tvm.h"

int use_workspace(TVMValue* args, int* codes, int count, TVMValue* ret, int* code, void* resource) {
  char* block = (char*)TVMBackendAllocWorkspace(kDLCPU, 0, 1000, kDLFloat, 32);
  (void)args, (void)codes, (void)count, (void)resource;
  if (block == NULL) return -1;
  block[999] = 7;
  ret->v_int64 = block[999];
  *code = kTVMArgInt;
  return TVMBackendFreeWorkspace(kDLCPU, 0, block);
}

/* What compilers for C call a function, not a string. */
int __tvm_main__(TVMValue* args, int* codes, int count, TVMValue* ret, int* code, void* resource) {
  return use_workspace(args, codes, count, ret, code, resource);
}
