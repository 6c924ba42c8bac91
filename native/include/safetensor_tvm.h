/* safetensor_tvm.h - the C ABI of libsafetensor_tvm, which is TVM's own C API (TVM 0.14 to 0.19).
 *
 * A compiled module and a host that were written for Apache's libtvm_runtime link against these
 * names unchanged. What holds for every function that returns int:
 *   - 0 is success, -1 a failure that TVMGetLastError() describes on the calling thread.
 *   - Arguments are borrowed for the call. A returned handle is a reference that the caller frees.
 *   - No C++ exception and no abort() crosses this boundary.
 *   - Sizes are in bytes, shapes in elements, row-major, outermost first.
 */
#ifndef SAFETENSOR_TVM_H_
#define SAFETENSOR_TVM_H_

#include <stddef.h>
#include <stdint.h>

#define TVM_API __attribute__((visibility("default")))

#ifdef __cplusplus
extern "C" {
#endif

/* ---- DLPack ---- */

enum { kDLCPU = 1, kDLCUDA = 2 };

enum { kDLInt = 0, kDLUInt = 1, kDLFloat = 2, kDLOpaqueHandle = 3, kDLBfloat = 4 };

typedef struct DLDevice {
  int32_t device_type;
  int32_t device_id;
} DLDevice;

typedef struct DLDataType {
  uint8_t code;
  uint8_t bits;
  uint16_t lanes;
} DLDataType;

typedef struct DLTensor {
  void* data;
  DLDevice device;
  int32_t ndim;
  DLDataType dtype;
  int64_t* shape;
  int64_t* strides; /* NULL: compact, row-major */
  uint64_t byte_offset;
} DLTensor;

typedef struct DLManagedTensor {
  DLTensor dl_tensor;
  void* manager_ctx;
  void (*deleter)(struct DLManagedTensor* self);
} DLManagedTensor;

/* ---- Values ---- */

typedef union TVMValue {
  int64_t v_int64;
  double v_float64;
  void* v_handle;
  const char* v_str;
  DLDataType v_type;
  DLDevice v_device;
} TVMValue;

typedef struct TVMByteArray {
  const char* data;
  size_t size;
} TVMByteArray;

/* The type of a TVMValue, in the int array that travels beside it. */
enum {
  kTVMArgInt = 0,
  kTVMArgFloat = 2,
  kTVMOpaqueHandle = 3,
  kTVMNullptr = 4,
  kTVMDataType = 5,
  kTVMDLDevice = 6,
  kTVMDLTensorHandle = 7,
  kTVMObjectHandle = 8,
  kTVMModuleHandle = 9,
  kTVMPackedFuncHandle = 10,
  kTVMStr = 11,
  kTVMBytes = 12,
  kTVMNDArrayHandle = 13,
  kTVMObjectRValueRefArg = 14,
  kTVMArgBool = 15
};

typedef void* TVMModuleHandle;
typedef void* TVMFunctionHandle;
typedef void* TVMRetValueHandle;
typedef void* TVMStreamHandle;
typedef void* TVMObjectHandle;
typedef DLTensor* TVMArrayHandle;

/* A function of a compiled module: returns 0, or nonzero with the error set on this thread. */
typedef int (*TVMBackendPackedCFunc)(TVMValue* args, int* type_codes, int num_args,
                                     TVMValue* out_ret_value, int* out_ret_tcode,
                                     void* resource_handle);

/* A host's function, for TVMFuncCreateFromCFunc. */
typedef int (*TVMPackedCFunc)(TVMValue* args, int* type_codes, int num_args, TVMRetValueHandle ret,
                              void* resource_handle);
typedef void (*TVMPackedCFuncFinalizer)(void* resource_handle);

/* ---- Errors ---- */

TVM_API void TVMAPISetLastError(const char* msg);
TVM_API const char* TVMGetLastError(void); /* NULL: no error yet on this thread */

/* ---- Modules and functions ---- */

TVM_API int TVMModLoadFromFile(const char* file_name, const char* format, TVMModuleHandle* out);
TVM_API int TVMModImport(TVMModuleHandle mod, TVMModuleHandle dep);
TVM_API int TVMModGetFunction(TVMModuleHandle mod, const char* func_name, int query_imports,
                              TVMFunctionHandle* out); /* NULL and 0 when absent */
TVM_API int TVMModFree(TVMModuleHandle mod);
TVM_API int TVMFuncFree(TVMFunctionHandle func);
TVM_API int TVMFuncCall(TVMFunctionHandle func, TVMValue* arg_values, int* type_codes, int num_args,
                        TVMValue* ret_val, int* ret_type_code);
TVM_API int TVMCFuncSetReturn(TVMRetValueHandle ret, TVMValue* value, int* type_code, int num_ret);
TVM_API int TVMCbArgToReturn(TVMValue* value, int* code);
TVM_API int TVMFuncCreateFromCFunc(TVMPackedCFunc func, void* resource_handle,
                                   TVMPackedCFuncFinalizer fin, TVMFunctionHandle* out);
TVM_API int TVMFuncRegisterGlobal(const char* name, TVMFunctionHandle f, int override_existing);
TVM_API int TVMFuncGetGlobal(const char* name, TVMFunctionHandle* out); /* NULL and 0 when absent */
TVM_API int TVMFuncListGlobalNames(int* out_size, const char*** out_array);
TVM_API int TVMFuncRemoveGlobal(const char* name);

/* ---- Tensors ---- */

TVM_API int TVMArrayAlloc(const int64_t* shape, int ndim, int dtype_code, int dtype_bits,
                          int dtype_lanes, int device_type, int device_id, TVMArrayHandle* out);
TVM_API int TVMArrayFree(TVMArrayHandle handle);
TVM_API int TVMArrayCopyFromBytes(TVMArrayHandle handle, void* data, size_t nbytes);
TVM_API int TVMArrayCopyToBytes(TVMArrayHandle handle, void* data, size_t nbytes);
TVM_API int TVMArrayCopyFromTo(TVMArrayHandle from, TVMArrayHandle to, TVMStreamHandle stream);
TVM_API int TVMArrayFromDLPack(DLManagedTensor* from, TVMArrayHandle* out);
TVM_API int TVMArrayToDLPack(TVMArrayHandle from, DLManagedTensor** out);
TVM_API void TVMDLManagedTensorCallDeleter(DLManagedTensor* dltensor);
TVM_API int TVMArrayGetTypeIndex(TVMArrayHandle handle, unsigned* out_tindex);
TVM_API int TVMByteArrayFree(TVMByteArray* arr);

/* ---- Devices: CPU only ---- */

TVM_API int TVMDeviceAllocDataSpace(DLDevice dev, size_t nbytes, size_t alignment,
                                    DLDataType type_hint, void** out_data);
TVM_API int TVMDeviceAllocDataSpaceWithScope(DLDevice dev, int ndim, const int64_t* shape,
                                             DLDataType dtype, const char* mem_scope,
                                             void** out_data);
TVM_API int TVMDeviceFreeDataSpace(DLDevice dev, void* ptr);
TVM_API int TVMDeviceCopyDataFromTo(DLTensor* from, DLTensor* to, TVMStreamHandle stream);
TVM_API int TVMStreamCreate(int device_type, int device_id, TVMStreamHandle* out);
TVM_API int TVMStreamFree(int device_type, int device_id, TVMStreamHandle stream);
TVM_API int TVMSetStream(int device_type, int device_id, TVMStreamHandle handle);
TVM_API int TVMSynchronize(int device_type, int device_id, TVMStreamHandle stream);
TVM_API int TVMStreamStreamSynchronize(int device_type, int device_id, TVMStreamHandle src,
                                       TVMStreamHandle dst);

/* ---- Objects ---- */

TVM_API int TVMObjectRetain(TVMObjectHandle obj);
TVM_API int TVMObjectFree(TVMObjectHandle obj);
TVM_API int TVMObjectGetTypeIndex(TVMObjectHandle obj, unsigned* out_tindex);
TVM_API int TVMObjectTypeKey2Index(const char* type_key, unsigned* out_tindex);
TVM_API int TVMObjectTypeIndex2Key(unsigned tindex, char** out_type_key); /* free() it */
TVM_API int TVMObjectDerivedFrom(uint32_t child_type_index, uint32_t parent_type_index,
                                 int* is_derived);

/* ---- What compiled code calls ---- */

typedef struct TVMParallelGroupEnv {
  void* sync_handle;
  int32_t num_task;
} TVMParallelGroupEnv;

typedef int (*FTVMParallelLambda)(int task_id, TVMParallelGroupEnv* penv, void* cdata);

TVM_API void* TVMBackendAllocWorkspace(int device_type, int device_id, uint64_t nbytes,
                                       int dtype_code_hint, int dtype_bits_hint);
TVM_API int TVMBackendFreeWorkspace(int device_type, int device_id, void* ptr);
TVM_API int TVMBackendGetFuncFromEnv(void* mod_node, const char* func_name, TVMFunctionHandle* out);
TVM_API int TVMBackendRegisterSystemLibSymbol(const char* name, void* ptr);
TVM_API int TVMBackendRegisterEnvCAPI(const char* name, void* ptr);
TVM_API int TVMBackendParallelLaunch(FTVMParallelLambda flambda, void* cdata, int num_task);
TVM_API int TVMBackendParallelBarrier(int task_id, TVMParallelGroupEnv* penv);
TVM_API int TVMBackendRunOnce(void** handle, int (*f)(void*), void* cdata, int nbytes);

/* Half-precision helpers that some compilers leave to the runtime. */
TVM_API uint16_t __gnu_f2h_ieee(float value);
TVM_API float __gnu_h2f_ieee(uint16_t value);
TVM_API uint16_t __truncdfhf2(double value);

/* ---- Not TVM's ---- */

/* From now on a library that dlopen() returned overwrites with zeros what it gives to free(): for
 * another runtime, whose intermediate results can be weights. Its own calls by name only, neither
 * those through a pointer nor those of the libraries it uses. Returns 1, or 0 where it calls no
 * free() or its calls cannot be changed. Any thread, any number of times; but a library that was
 * opened with RTLD_LAZY may undo it if its first free() is under way at that time. */
TVM_API int SafeTensorWipeFrees(void* library);

/* Overwrites with zeros the scratch memory (TVMBackendAllocWorkspace) that threads keep for their
 * next kernels and that may still hold weights of a model that is gone. Any thread may call it at
 * any time. Where a thread's kernels hold blocks at that moment, that thread does it itself when
 * the last of them is freed. */
TVM_API void SafeTensorWipeWorkspaces(void);

/* Frees all blocks of scratch memory that the calling thread's kernels took and, since they failed,
 * never freed: a kernel in which a call fails returns at once. This library does that itself for
 * the kernels that it calls; another host does when none of its kernels runs on this thread. */
TVM_API void SafeTensorFreeWorkspaces(void);

/* Takes another runtime's TVMBackendParallelLaunch, one a process, and returns a function for its
 * kernels to call instead: it calls that one, frees the scratch memory of tasks that fail, and
 * returns -1 where one failed and the runtime overlooks it. Any thread, any number of times. */
TVM_API void* SafeTensorGuardLaunch(void* launch);

#ifdef __cplusplus
}
#endif
#endif /* SAFETENSOR_TVM_H_ */
