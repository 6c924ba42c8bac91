#include "safetensor_tvm.h"

int answer(TVMValue* args, int* codes, int count, TVMValue* ret, int* code, void* resource) {
  (void)args, (void)codes, (void)count, (void)resource;
  ret->v_int64 = 43;
  *code = kTVMArgInt;
  return 0;
}
