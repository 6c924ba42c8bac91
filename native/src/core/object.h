// object.h - the reference-counted objects behind every handle that crosses the C API. The header
// is TVM's, because compiled code and hosts count references in it without calling us.
#pragma once

#include <atomic>
#include <cstdint>

namespace safetensor {

// TVM's fixed numbers; hosts compare them.
enum TypeIndex : uint32_t {
  kTypeObject = 0,
  kTypeModule = 1,
  kTypeNDArray = 2,
  kTypeString = 3,
  kTypeArray = 4,
  kTypeMap = 5,
  kTypeShapeTuple = 6,
  kTypeFunction = 7,
};

class Object {
 public:
  static constexpr TypeIndex kTypeIndex = kTypeObject;

  Object(const Object&) = delete;
  Object& operator=(const Object&) = delete;

  uint32_t type_index() const noexcept { return type_index_; }
  void retain() noexcept { references_.fetch_add(1, std::memory_order_relaxed); }
  void release() noexcept {
    if (references_.fetch_sub(1, std::memory_order_acq_rel) == 1) deleter_(this);
  }

  // False when the last reference is already gone and the destructor is on its way. What its
  // holders did is then visible.
  bool retain_if_alive() noexcept {
    int32_t count = references_.load(std::memory_order_acquire);
    while (count > 0) {
      if (references_.compare_exchange_weak(count, count + 1, std::memory_order_acquire)) {
        return true;
      }
    }
    return false;
  }

 protected:
  Object() noexcept = default;
  ~Object() = default;

 private:
  template <typename T, typename... Arguments>
  friend class ObjectMaker;

  uint32_t type_index_ = kTypeObject;
  std::atomic<int32_t> references_{0};
  void (*deleter_)(Object*) = nullptr;
};

static_assert(sizeof(Object) == 16, "TVM's object header is 16 bytes");

// The handle of an NDArray is the address of its DLTensor, which TVM puts right after the header.
inline void* tensor_of(Object& array) noexcept {
  return reinterpret_cast<char*>(&array) + sizeof(Object);
}
inline Object* object_of_tensor(void* tensor) noexcept {
  return reinterpret_cast<Object*>(static_cast<char*>(tensor) - sizeof(Object));
}

}  // namespace safetensor
