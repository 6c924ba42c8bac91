/* safetensor_tvm_ffi.h - the part of tvm-ffi's C ABI (0.1, of TVM 0.25 and newer) that a host of
 * Relax models needs.
 *
 * The library is Apache's own libtvm_ffi, which the program names; nothing here is implemented in
 * this folder. What holds for every function that returns int: 0 is success, -1 a failure whose
 * error the calling thread fetches with TVMFFIErrorMoveFromRaised(). Arguments are borrowed for the
 * call. A returned object is a reference that the caller gives back with TVMFFIObjectDecRef().
 */
#ifndef SAFETENSOR_TVM_FFI_H_
#define SAFETENSOR_TVM_FFI_H_

#include "safetensor_tvm.h"

#ifdef __cplusplus
extern "C" {
#endif

enum {
  kTVMFFINone = 0,
  kTVMFFIInt = 1,
  kTVMFFIBool = 2,
  kTVMFFIRawStr = 8,    /* arguments only */
  kTVMFFISmallStr = 11, /* up to 7 bytes, in the value itself */
  kTVMFFIObject = 64,   /* this and all above are objects */
  kTVMFFIStr = 65,
  kTVMFFIFunction = 68,
  kTVMFFITensor = 70,
  kTVMFFIArray = 71,
  kTVMFFIModule = 73
};

typedef struct TVMFFIVersion {
  uint32_t major;
  uint32_t minor;
  uint32_t patch;
} TVMFFIVersion;

typedef struct TVMFFIAny {
  int32_t type_index;
  uint32_t small_str_len; /* 0 unless it is a small string */
  union {
    int64_t v_int64;
    void* v_ptr;
    const char* v_c_str;
    char v_bytes[8];
  };
} TVMFFIAny;

typedef struct TVMFFIByteArray {
  const char* data;
  size_t size;
} TVMFFIByteArray;

/* What every object begins with. */
typedef struct TVMFFIObject {
  uint64_t combined_ref_count;
  int32_t type_index;
  uint32_t padding;
  void (*deleter)(void* self, int flags);
} TVMFFIObject;

/* What follows the header of an error, an array (also of a tuple), and a tensor or a string, which
 * are a DLTensor and a TVMFFIByteArray. */
typedef struct TVMFFIErrorCell {
  TVMFFIByteArray kind;
  TVMFFIByteArray message;
  TVMFFIByteArray backtrace;
} TVMFFIErrorCell;

typedef struct TVMFFIArrayCell {
  TVMFFIAny* items;
  int64_t size;
} TVMFFIArrayCell;

void TVMFFIGetVersion(TVMFFIVersion* version);
int TVMFFIFunctionGetGlobal(const TVMFFIByteArray* name, void** out); /* NULL where there is none */
int TVMFFIFunctionCall(void* function, TVMFFIAny* args, int32_t num_args, TVMFFIAny* result);
int TVMFFIObjectDecRef(void* object);
void TVMFFIErrorMoveFromRaised(void** out); /* NULL where nothing was raised */

/* Shares the tensor's memory, and owns `tensor` from then on: its deleter runs when nothing needs
 * it any more. */
int TVMFFITensorFromDLPack(DLManagedTensor* tensor, int32_t require_alignment,
                           int32_t require_contiguous, void** out);

#ifdef __cplusplus
}
#endif

#endif /* SAFETENSOR_TVM_FFI_H_ */
