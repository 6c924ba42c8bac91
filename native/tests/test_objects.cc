// Objects, tensors, containers and functions, as a host sees them through the C API.
#include <atomic>
#include <string>
#include <thread>
#include <vector>

#include "host.h"

namespace {

// TVM's header of every object, which compiled code reads and writes itself.
struct Header {
  uint32_t type_index;
  int32_t references;
  void (*deleter)(void*);
};
static_assert(sizeof(Header) == 16, "");

Header& header_of(void* object) { return *static_cast<Header*>(object); }

void layout() {
  const int64_t shape[] = {2, 3};
  DLTensor* array = nullptr;
  CHECK(TVMArrayAlloc(shape, 2, kDLFloat, 32, 1, kDLCPU, 0, &array) == 0);
  Header& header = header_of(reinterpret_cast<char*>(array) - 16);
  CHECK(header.type_index == 2 && header.references == 1 && header.deleter != nullptr);
  CHECK(reinterpret_cast<uintptr_t>(array->data) % 128 == 0);
  CHECK(array->ndim == 2 && array->shape[1] == 3 && array->strides == nullptr &&
        array->byte_offset == 0);
  ++header.references;
  CHECK(TVMArrayFree(array) == 0);
  CHECK(header.references == 1);
  unsigned type = 0;
  CHECK(TVMArrayGetTypeIndex(array, &type) == 0 && type == 2);
  CHECK(TVMArrayFree(array) == 0);
  CHECK(TVMArrayFree(nullptr) == 0);

  const Outcome text = call_global("runtime.String", {"hello"});
  CHECK(header_of(text.handle()).type_index == 3);
  CHECK(TVMObjectRetain(text.handle()) == 0 && header_of(text.handle()).references == 2);
  CHECK(TVMObjectFree(text.handle()) == 0);
  TVMFunctionHandle function = nullptr;
  CHECK(TVMFuncGetGlobal("runtime.String", &function) == 0);
  CHECK(TVMObjectGetTypeIndex(function, &type) == 0 && type == 7);
  CHECK(TVMFuncFree(function) == 0);
}

void types() {
  unsigned index = 99;
  CHECK(TVMObjectTypeKey2Index("Map", &index) == 0 && index == 5);
  CHECK(TVMObjectTypeKey2Index("nothing", &index) == -1);
  char* key = nullptr;
  CHECK(TVMObjectTypeIndex2Key(6, &key) == 0 && std::string(key) == "runtime.ShapeTuple");
  free(key);
  CHECK(TVMObjectTypeIndex2Key(1000, &key) == -1);
  int derived = -1;
  CHECK(TVMObjectDerivedFrom(4, 0, &derived) == 0 && derived == 1);
  CHECK(TVMObjectDerivedFrom(4, 5, &derived) == 0 && derived == 0);
}

void arrays() {
  const int64_t shape[] = {4}, negative[] = {-1}, huge[] = {INT64_MAX, 3};
  DLTensor *a = nullptr, *b = nullptr;
  CHECK(TVMArrayAlloc(shape, 1, kDLFloat, 32, 1, kDLCPU, 0, &a) == 0);
  CHECK(TVMArrayAlloc(shape, 1, kDLFloat, 32, 1, kDLCUDA, 0, &b) == -1);
  CHECK(contains(last_error_text(), "cuda(0)"));
  CHECK(TVMArrayAlloc(negative, 1, kDLFloat, 32, 1, kDLCPU, 0, &b) == -1);
  CHECK(TVMArrayAlloc(huge, 2, kDLFloat, 32, 1, kDLCPU, 0, &b) == -1);
  CHECK(TVMArrayAlloc(nullptr, 1, kDLFloat, 32, 1, kDLCPU, 0, &b) == -1);
  CHECK(TVMArrayAlloc(shape, 1, kDLFloat, 4096, 1, kDLCPU, 0, &b) == -1);
  float values[4] = {1, 2, 3, 4}, read[4] = {};
  CHECK(TVMArrayCopyFromBytes(a, values, 16) == 0);
  CHECK(TVMArrayCopyFromBytes(a, values, 12) == -1);
  CHECK(contains(last_error_text(), "12 bytes"));
  CHECK(TVMArrayAlloc(shape, 1, kDLFloat, 32, 1, kDLCPU, 0, &b) == 0);
  CHECK(TVMArrayCopyFromTo(a, b, nullptr) == 0);
  CHECK(TVMArrayCopyToBytes(b, read, 16) == 0 && read[3] == 4);
  DLManagedTensor* managed = nullptr;
  CHECK(TVMArrayToDLPack(b, &managed) == 0);
  void* data = b->data;
  TVMArrayFree(b);
  CHECK(TVMArrayFromDLPack(managed, &b) == 0 && b->data == data);
  CHECK(static_cast<float*>(b->data)[1] == 2);
  TVMArrayFree(b);
  CHECK(TVMArrayFromDLPack(nullptr, &b) == -1);
  CHECK(TVMArrayToDLPack(a, &managed) == 0);
  TVMDLManagedTensorCallDeleter(managed);
  TVMArrayFree(a);
  const int64_t large[] = {3 << 20};  // asks for huge pages, and is zeros all the same
  CHECK(TVMArrayAlloc(large, 1, kDLUInt, 8, 1, kDLCPU, 0, &a) == 0);
  CHECK(static_cast<char*>(a->data)[(3 << 20) - 1] == 0);
  TVMArrayFree(a);
}

void devices() {
  const DLDevice cpu{kDLCPU, 0}, gpu{kDLCUDA, 0};
  void* block = nullptr;
  CHECK(TVMDeviceAllocDataSpace(cpu, 1000, 256, kFloat32, &block) == 0);
  CHECK(reinterpret_cast<uintptr_t>(block) % 256 == 0);
  CHECK(TVMDeviceFreeDataSpace(cpu, block) == 0);
  CHECK(TVMDeviceAllocDataSpace(gpu, 1000, 256, kFloat32, &block) == -1);
  CHECK(TVMDeviceAllocDataSpace(cpu, 1000, 24, kFloat32, &block) == -1);
  CHECK(TVMDeviceAllocDataSpace(cpu, SIZE_MAX, 64, kFloat32, &block) == -1);
  TVMStreamHandle stream = &block;
  CHECK(TVMStreamCreate(kDLCPU, 0, &stream) == 0 && stream == nullptr);
  CHECK(TVMSynchronize(kDLCPU, 0, stream) == 0 && TVMSynchronize(kDLCUDA, 0, stream) == -1);
  CHECK(TVMSetStream(kDLCPU, 0, stream) == 0 && TVMStreamFree(kDLCPU, 0, stream) == 0);
  CHECK(call_global("runtime.GetDeviceAttr", {1, 0, 0}).integer() == 1);
  CHECK(call_global("runtime.GetDeviceAttr", {2, 0, 0}).integer() == 0);
  CHECK(call_global("__tvm_set_device", {1, 0}).ok());
  CHECK(call_global("__tvm_set_device", {2, 0}).rc == -1);
  CHECK(call_global("safetensor.version", {}).text == "1.0.0");
  CHECK(call_global("runtime.RuntimeEnabled", {"cuda"}).integer() == 0);
  const Outcome shape = call_global("runtime.ShapeTuple", {2, 3});
  const Outcome array = call_global("runtime.TVMArrayAllocWithScope",
                                    {{shape.handle(), kTVMObjectHandle}, "int8", cpu, Value()});
  CHECK(array.result.code == kTVMNDArrayHandle && array.tensor()->shape[1] == 3);
}

void containers() {
  const Outcome text = call_global("runtime.String", {"v"});
  const Outcome map =
      call_global("runtime.Map", {"k", {text.handle(), kTVMObjectHandle}, "l", "w"});
  const Value m(map.handle(), kTVMObjectHandle);
  CHECK(call_global("runtime.MapSize", {m}).integer() == 2);
  CHECK(call_global("runtime.MapCount", {m, "k"}).integer() == 1);
  CHECK(call_global("runtime.MapCount", {m, "z"}).integer() == 0);
  CHECK(call_global("runtime.MapGetItem", {m, "k"}).handle() == text.handle());
  CHECK(call_global("runtime.MapGetItem", {m, "z"}).failed_with("no key 'z'"));
  const Outcome items = call_global("runtime.MapItems", {m});
  const Value list(items.handle(), kTVMObjectHandle);
  CHECK(call_global("runtime.ArraySize", {list}).integer() == 4);
  const Outcome last = call_global("runtime.ArrayGetItem", {list, 3});
  CHECK(call_global("runtime.GetFFIString", {{last.handle(), kTVMObjectHandle}}).text == "w");
  CHECK(call_global("runtime.ArrayGetItem", {list, 4}).failed_with("index 4"));
  CHECK(call_global("runtime.ArrayGetItem", {m, 0}).failed_with("not an Array"));
  CHECK(call_global("runtime.MapSize", {list}).failed_with("not a Map"));
  CHECK(call_global("runtime.Map", {"k"}).rc == -1);
}

struct Callback {
  int calls = 0;
  bool finished = false;
};

int echo(TVMValue* args, int* codes, int count, TVMRetValueHandle ret, void* resource) {
  ++static_cast<Callback*>(resource)->calls;
  if (count == 0) return -1;
  if (codes[0] == kTVMArgInt && args[0].v_int64 < 0) {
    TVMAPISetLastError("negative");
    return -1;
  }
  return TVMCFuncSetReturn(ret, args, codes, 1);
}

void finish(void* resource) { static_cast<Callback*>(resource)->finished = true; }

void callbacks() {
  Callback callback;
  TVMFunctionHandle function = nullptr;
  CHECK(TVMFuncCreateFromCFunc(echo, &callback, finish, &function) == 0);
  CHECK(call(function, {5}).integer() == 5);
  CHECK(call(function, {"text"}).text == "text");
  const std::string nul("a\0b", 3);
  const TVMByteArray bytes{nul.data(), nul.size()};
  CHECK(call(function, {&bytes}).text == nul);
  const Outcome object = call_global("runtime.String", {"s"});
  CHECK(call(function, {{object.handle(), kTVMObjectHandle}}).handle() == object.handle());
  CHECK(header_of(object.handle()).references == 1);
  CHECK(call(function, {-1}).failed_with("negative"));
  CHECK(call(function, {}).failed_with("gave no reason"));
  CHECK(callback.calls == 6);

  CHECK(TVMFuncRegisterGlobal("test.echo", function, 0) == 0);
  CHECK(TVMFuncRegisterGlobal("test.echo", function, 0) == -1);
  CHECK(contains(last_error_text(), "'test.echo' exists already"));
  CHECK(TVMFuncRegisterGlobal("test.echo", function, 1) == 0);
  TVMFuncFree(function);
  CHECK(call_global("test.echo", {1}).integer() == 1 && !callback.finished);
  int count = 0;
  const char** names = nullptr;
  CHECK(TVMFuncListGlobalNames(&count, &names) == 0);
  bool listed = false;
  for (int i = 0; i < count; ++i) listed = listed || std::string(names[i]) == "test.echo";
  CHECK(listed);
  CHECK(TVMFuncRemoveGlobal("test.echo") == 0 && callback.finished);
  CHECK(TVMFuncRemoveGlobal("test.echo") == -1);
  CHECK(TVMFuncGetGlobal("test.echo", &function) == 0 && function == nullptr);
  TVMValue result;
  int code = 0;
  CHECK(TVMFuncCall(nullptr, nullptr, nullptr, 0, &result, &code) == -1);
}

void errors_belong_to_a_thread() {
  TVMAPISetLastError("mine");
  std::thread([] {
    CHECK(TVMGetLastError() == nullptr);
    TVMAPISetLastError("theirs");
  }).join();
  CHECK(last_error_text() == "mine");
}

}  // namespace

int main() {
  errors_belong_to_a_thread();
  layout();
  types();
  arrays();
  devices();
  containers();
  callbacks();
  return test_result();
}
