// sort_keys.h - elements of any type as integers that sort the same way.
#pragma once

#include <cstdint>
#include <vector>

#include "safetensor_tvm.h"

namespace safetensor {

// One element: its key and its place along the axis.
struct SortItem {
  uint64_t key;
  int64_t place;
};

// Reads `count` elements, `stride` elements apart, as items in order of place. Their keys rise as
// the elements do (ascending) or fall. -0 equals +0, and NaN counts as more than every number, so
// that the order is total: NaN comes last ascending and first descending.
using SortKeyReader = void (*)(const void* first, int64_t count, int64_t stride, bool ascending,
                               SortItem* items);

// NULL for a type that has no order here.
SortKeyReader sort_key_reader(DLDataType type) noexcept;

// Puts the first `most` items in their order: by key, and equal ones by place.
void sort_items(std::vector<SortItem>* items, int64_t most);

}  // namespace safetensor
