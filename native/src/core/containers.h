// containers.h - TVM's containers, as far as functions of this library return or accept them.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

#include "core/ref.h"

namespace safetensor {

class String final : public Object {
 public:
  static constexpr TypeIndex kTypeIndex = kTypeString;
  explicit String(std::string_view value) : text(value) {}
  const std::string text;
};

class ShapeTuple final : public Object {
 public:
  static constexpr TypeIndex kTypeIndex = kTypeShapeTuple;
  explicit ShapeTuple(std::vector<int64_t> value) : dims(std::move(value)) {}
  const std::vector<int64_t> dims;
};

class Array final : public Object {
 public:
  static constexpr TypeIndex kTypeIndex = kTypeArray;
  std::vector<Ref<Object>> items;
};

// Keeps the order of insertion. Strings are equal by their text, other keys by identity.
class Map final : public Object {
 public:
  static constexpr TypeIndex kTypeIndex = kTypeMap;

  void set(Ref<Object> key, Ref<Object> value);
  void set(std::string_view key, Ref<Object> value);
  const Ref<Object>* find(const Object* key) const noexcept;  // NULL when absent

  const std::vector<std::pair<Ref<Object>, Ref<Object>>>& items() const noexcept { return items_; }

 private:
  std::vector<std::pair<Ref<Object>, Ref<Object>>> items_;
  std::unordered_map<std::string_view, size_t> by_text_;
  std::unordered_map<const Object*, size_t> by_identity_;
};

}  // namespace safetensor
