#include "core/containers.h"

#include "core/error.h"
#include "core/registry.h"
#include "core/result.h"

namespace safetensor {
namespace {

bool is_string(const Object* object) noexcept {
  return object != nullptr && object->type_index() == kTypeString;
}

template <typename T>
T& container(const Args& args, int i, const char* kind) {
  Object* object = args.object(i);
  if (object == nullptr || object->type_index() != T::kTypeIndex) {
    throw Error(std::string(args.function()) + ": argument " + std::to_string(i) + " is not " +
                kind);
  }
  return *static_cast<T*>(object);
}

// An element of a container: an object, or text that becomes a String.
Ref<Object> element(const Args& args, int i) {
  if (args.is_text(i) && args.code(i) != kTVMObjectHandle) {
    return make_object<String>(args.text(i));
  }
  return Ref<Object>(args.object(i));
}

size_t position(const Args& args, int i, size_t size) {
  const int64_t index = args.integer(i);
  if (index < 0 || static_cast<uint64_t>(index) >= size) {
    throw Error(std::string(args.function()) + ": index " + std::to_string(index) +
                " is outside 0.." + std::to_string(size) + " (exclusive)");
  }
  return static_cast<size_t>(index);
}

void make_array(const Args& args, Result& result) {
  auto array = make_object<Array>();
  for (int i = 0; i < args.size(); ++i) array->items.push_back(element(args, i));
  result.set_object(array);
}

void array_item(const Args& args, Result& result) {
  const auto& items = container<Array>(args, 0, "an Array").items;
  result.set_object(items[position(args, 1, items.size())]);
}

void array_size(const Args& args, Result& result) {
  result.set_integer(static_cast<int64_t>(container<Array>(args, 0, "an Array").items.size()));
}

void make_map(const Args& args, Result& result) {
  if (args.size() % 2 != 0) throw Error("runtime.Map needs a value for every key");
  auto map = make_object<Map>();
  for (int i = 0; i < args.size(); i += 2) map->set(element(args, i), element(args, i + 1));
  result.set_object(map);
}

void map_item(const Args& args, Result& result) {
  const Ref<Object> key = element(args, 1);
  const Ref<Object>* value = container<Map>(args, 0, "a Map").find(key.get());
  if (value == nullptr) {
    throw Error(args.is_text(1) ? "the Map has no key '" + std::string(args.text(1)) + "'"
                                : std::string("the Map has no such key"));
  }
  result.set_object(*value);
}

void map_count(const Args& args, Result& result) {
  const Ref<Object> key = element(args, 1);
  result.set_integer(container<Map>(args, 0, "a Map").find(key.get()) != nullptr ? 1 : 0);
}

void map_size(const Args& args, Result& result) {
  result.set_integer(static_cast<int64_t>(container<Map>(args, 0, "a Map").items().size()));
}

void map_items(const Args& args, Result& result) {
  auto array = make_object<Array>();
  for (const auto& [key, value] : container<Map>(args, 0, "a Map").items()) {
    array->items.push_back(key);
    array->items.push_back(value);
  }
  result.set_object(array);
}

void make_string(const Args& args, Result& result) {
  result.set_object(make_object<String>(args.text(0)));
}

void string_text(const Args& args, Result& result) { result.set_text(args.text(0)); }

void make_shape(const Args& args, Result& result) {
  std::vector<int64_t> dims;
  for (int i = 0; i < args.size(); ++i) dims.push_back(args.integer(i));
  result.set_object(make_object<ShapeTuple>(std::move(dims)));
}

void shape_size(const Args& args, Result& result) {
  result.set_integer(
      static_cast<int64_t>(container<ShapeTuple>(args, 0, "a ShapeTuple").dims.size()));
}

void shape_dim(const Args& args, Result& result) {
  const auto& dims = container<ShapeTuple>(args, 0, "a ShapeTuple").dims;
  result.set_integer(dims[position(args, 1, dims.size())]);
}

}  // namespace

void Map::set(Ref<Object> key, Ref<Object> value) {
  if (const Ref<Object>* held = find(key.get())) {
    const_cast<Ref<Object>&>(*held) = std::move(value);
    return;
  }
  const Object* identity = key.get();
  items_.emplace_back(std::move(key), std::move(value));
  if (is_string(identity)) {
    by_text_.emplace(static_cast<const String*>(identity)->text, items_.size() - 1);
  } else {
    by_identity_.emplace(identity, items_.size() - 1);
  }
}

void Map::set(std::string_view key, Ref<Object> value) {
  set(make_object<String>(key), std::move(value));
}

const Ref<Object>* Map::find(const Object* key) const noexcept {
  if (is_string(key)) {
    const auto found = by_text_.find(static_cast<const String*>(key)->text);
    return found == by_text_.end() ? nullptr : &items_[found->second].second;
  }
  const auto found = by_identity_.find(key);
  return found == by_identity_.end() ? nullptr : &items_[found->second].second;
}

void register_containers() {
  register_native("runtime.Array", make_array);
  register_native("runtime.ArrayGetItem", array_item);
  register_native("runtime.ArraySize", array_size);
  register_native("runtime.Map", make_map);
  register_native("runtime.MapGetItem", map_item);
  register_native("runtime.MapCount", map_count);
  register_native("runtime.MapSize", map_size);
  register_native("runtime.MapItems", map_items);
  register_native("runtime.String", make_string);
  register_native("runtime.GetFFIString", string_text);
  register_native("runtime.ShapeTuple", make_shape);
  register_native("runtime.GetShapeTupleSize", shape_size);
  register_native("runtime.GetShapeTupleElem", shape_dim);
}

}  // namespace safetensor
