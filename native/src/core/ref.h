// ref.h - a counted reference to an Object.
#pragma once

#include <cstddef>
#include <utility>

#include "core/object.h"

namespace safetensor {

template <typename T>
class Ref {
 public:
  Ref() noexcept = default;
  Ref(std::nullptr_t) noexcept {}
  explicit Ref(T* object) noexcept : object_(object) {
    if (object_ != nullptr) object_->retain();
  }
  Ref(const Ref& other) noexcept : Ref(other.object_) {}
  Ref(Ref&& other) noexcept : object_(std::exchange(other.object_, nullptr)) {}
  template <typename Derived>
  Ref(const Ref<Derived>& other) noexcept : Ref(static_cast<T*>(other.get())) {}
  template <typename Derived>
  Ref(Ref<Derived>&& other) noexcept : object_(other.leak()) {}
  ~Ref() {
    if (object_ != nullptr) object_->release();
  }
  Ref& operator=(Ref other) noexcept {
    std::swap(object_, other.object_);
    return *this;
  }

  // Takes over a reference that somebody else counted.
  static Ref adopt(T* object) noexcept {
    Ref ref;
    ref.object_ = object;
    return ref;
  }

  // Gives the reference up without releasing it.
  T* leak() noexcept { return std::exchange(object_, nullptr); }

  T* get() const noexcept { return object_; }
  T* operator->() const noexcept { return object_; }
  T& operator*() const noexcept { return *object_; }
  explicit operator bool() const noexcept { return object_ != nullptr; }

 private:
  T* object_ = nullptr;
};

template <typename T, typename... Arguments>
class ObjectMaker {
 public:
  static Ref<T> make(Arguments&&... arguments) {
    T* made = new T(std::forward<Arguments>(arguments)...);
    Object* object = made;
    object->type_index_ = T::kTypeIndex;
    object->deleter_ = [](Object* self) { delete static_cast<T*>(self); };
    return Ref<T>(made);
  }
};

template <typename T, typename... Arguments>
Ref<T> make_object(Arguments&&... arguments) {
  return ObjectMaker<T, Arguments...>::make(std::forward<Arguments>(arguments)...);
}

}  // namespace safetensor
