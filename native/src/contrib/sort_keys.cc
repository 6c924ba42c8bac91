#include "contrib/sort_keys.h"

#include <algorithm>
#include <cstring>
#include <limits>
#include <type_traits>

namespace safetensor {
namespace {

template <typename Integer>
struct IntegerKey {
  using Element = Integer;
  static uint64_t of(Integer value) noexcept {
    if constexpr (std::is_signed_v<Integer>) {
      return static_cast<uint64_t>(static_cast<int64_t>(value)) ^ (uint64_t{1} << 63);
    } else {
      return value;
    }
  }
};

// A floating-point number by its bits: sign, exponent and mantissa compare like an integer with a
// sign of its own. Infinity is the largest magnitude that is not NaN.
template <typename Bits, Bits Infinity>
struct FloatKey {
  using Element = Bits;
  static uint64_t of(Bits bits) noexcept {
    constexpr Bits sign = static_cast<Bits>(Bits{1} << (std::numeric_limits<Bits>::digits - 1));
    const Bits magnitude = bits & static_cast<Bits>(~sign);
    if (magnitude > Infinity) return std::numeric_limits<Bits>::max();
    if ((bits & sign) != 0) return static_cast<uint64_t>(sign) - magnitude;
    return static_cast<uint64_t>(sign) + magnitude;
  }
};

template <typename Key>
void read_keys(const void* first, int64_t count, int64_t stride, bool ascending, SortItem* items) {
  using Element = typename Key::Element;
  const auto* bytes = static_cast<const unsigned char*>(first);
  for (int64_t i = 0; i < count; ++i) {
    Element element;
    std::memcpy(&element, bytes + i * stride * static_cast<int64_t>(sizeof element),
                sizeof element);
    const uint64_t key = Key::of(element);
    items[i] = {ascending ? key : ~key, i};
  }
}

template <typename Int8, typename Int16, typename Int32, typename Int64>
SortKeyReader integer_reader(int bits) noexcept {
  switch (bits) {
    case 8:
      return read_keys<IntegerKey<Int8>>;
    case 16:
      return read_keys<IntegerKey<Int16>>;
    case 32:
      return read_keys<IntegerKey<Int32>>;
    case 64:
      return read_keys<IntegerKey<Int64>>;
    default:
      return nullptr;
  }
}

SortKeyReader float_reader(int bits) noexcept {
  switch (bits) {
    case 16:
      return read_keys<FloatKey<uint16_t, 0x7c00>>;
    case 32:
      return read_keys<FloatKey<uint32_t, 0x7f800000>>;
    case 64:
      return read_keys<FloatKey<uint64_t, 0x7ff0000000000000>>;
    default:
      return nullptr;
  }
}

}  // namespace

SortKeyReader sort_key_reader(DLDataType type) noexcept {
  if (type.lanes != 1) return nullptr;
  switch (type.code) {
    case kDLInt:
      return integer_reader<int8_t, int16_t, int32_t, int64_t>(type.bits);
    case kDLUInt:  // bool is one bit in a byte of its own
      return integer_reader<uint8_t, uint16_t, uint32_t, uint64_t>(type.bits == 1 ? 8 : type.bits);
    case kDLFloat:
      return float_reader(type.bits);
    case kDLBfloat:
      return type.bits == 16 ? read_keys<FloatKey<uint16_t, 0x7f80>> : nullptr;
    default:
      return nullptr;
  }
}

void sort_items(std::vector<SortItem>* items, int64_t most) {
  const auto before = [](const SortItem& a, const SortItem& b) {
    return a.key != b.key ? a.key < b.key : a.place < b.place;
  };
  if (most < static_cast<int64_t>(items->size())) {
    std::partial_sort(items->begin(), items->begin() + most, items->end(), before);
  } else {
    std::sort(items->begin(), items->end(), before);
  }
}

}  // namespace safetensor
