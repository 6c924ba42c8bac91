// api_objects.cc - the C entry points for objects and their types.
#include <cstring>
#include <new>
#include <string>

#include "core/error.h"
#include "core/object.h"
#include "safetensor_tvm.h"

namespace safetensor {
namespace {

// In the order of TypeIndex. Every type here derives directly from the first.
constexpr const char* kTypeKeys[] = {
    "runtime.Object",     "runtime.Module",     "runtime.NDArray", "runtime.String", "Array", "Map",
    "runtime.ShapeTuple", "runtime.PackedFunc",
};
constexpr unsigned kTypes = sizeof(kTypeKeys) / sizeof(kTypeKeys[0]);

Object& required(TVMObjectHandle handle, const char* function) {
  if (handle == nullptr) throw Error(std::string(function) + " got no object");
  return *static_cast<Object*>(handle);
}

unsigned required_type(unsigned index) {
  if (index < kTypes) return index;
  throw Error("there is no object type with the index " + std::to_string(index));
}

}  // namespace
}  // namespace safetensor

using namespace safetensor;

int TVMObjectRetain(TVMObjectHandle obj) {
  return guarded([&] { required(obj, "TVMObjectRetain").retain(); });
}

int TVMObjectFree(TVMObjectHandle obj) {
  return guarded([&] {
    if (obj != nullptr) static_cast<Object*>(obj)->release();
  });
}

int TVMObjectGetTypeIndex(TVMObjectHandle obj, unsigned* out_tindex) {
  return guarded([&] { *out_tindex = required(obj, "TVMObjectGetTypeIndex").type_index(); });
}

int TVMObjectTypeKey2Index(const char* type_key, unsigned* out_tindex) {
  return guarded([&] {
    const std::string key = type_key != nullptr ? type_key : "";
    for (unsigned i = 0; i < kTypes; ++i) {
      if (key == kTypeKeys[i]) {
        *out_tindex = i;
        return;
      }
    }
    throw Error("there is no object type '" + key + "'");
  });
}

int TVMObjectTypeIndex2Key(unsigned tindex, char** out_type_key) {
  return guarded([&] {
    char* copy = strdup(kTypeKeys[required_type(tindex)]);
    if (copy == nullptr) throw std::bad_alloc();
    *out_type_key = copy;
  });
}

int TVMObjectDerivedFrom(uint32_t child_type_index, uint32_t parent_type_index, int* is_derived) {
  return guarded([&] {
    const unsigned child = required_type(child_type_index);
    const unsigned parent = required_type(parent_type_index);
    *is_derived = parent == kTypeObject || child == parent ? 1 : 0;
  });
}
