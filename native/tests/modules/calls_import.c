/* Calls a function by name through its module, as compiled code does for runtime functions. */
#include "safetensor_tvm.h"

void* __tvm_module_ctx = NULL;
int (*__TVMBackendGetFuncFromEnv)(void*, const char*, TVMFunctionHandle*) = NULL;
int (*__TVMFuncCall)(TVMFunctionHandle, TVMValue*, int*, int, TVMValue*, int*) = NULL;
void (*__TVMAPISetLastError)(const char*) = NULL;

/* Real code has a plain variable; a race detector takes another thread's use of what it points to
 * for a race unless the hand-over is spelled out. */
static TVMFunctionHandle cached = NULL;

/* Returns 100 + answer(). */
int ask(TVMValue* args, int* codes, int count, TVMValue* ret, int* code, void* resource) {
  TVMValue values[1];
  int types[1] = {kTVMNullptr};
  (void)args, (void)codes, (void)count, (void)resource;
  TVMFunctionHandle answer = __atomic_load_n(&cached, __ATOMIC_ACQUIRE);
  if (answer == NULL) {
    if (__TVMBackendGetFuncFromEnv(__tvm_module_ctx, "answer", &answer) != 0) return -1;
    __atomic_store_n(&cached, answer, __ATOMIC_RELEASE);
  }
  if (__TVMFuncCall(answer, values, types, 0, &values[0], &types[0]) != 0) return -1;
  ret->v_int64 = 100 + values[0].v_int64;
  *code = kTVMArgInt;
  return 0;
}

int fail_with_text(TVMValue* args, int* codes, int count, TVMValue* ret, int* code,
                   void* resource) {
  (void)args, (void)codes, (void)count, (void)ret, (void)code, (void)resource;
  __TVMAPISetLastError("Assert fail: as asked");
  return -1;
}

int fail_without_text(TVMValue* args, int* codes, int count, TVMValue* ret, int* code,
                      void* resource) {
  (void)args, (void)codes, (void)count, (void)ret, (void)code, (void)resource;
  return -1;
}
