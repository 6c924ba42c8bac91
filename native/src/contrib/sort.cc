// tvm.contrib.sort.*: what compiled models call to sort along an axis. All sorts are stable, and
// every tensor is checked against the others before the first element is read.
#include <algorithm>
#include <cstring>
#include <string>
#include <vector>

#include "contrib/axis_view.h"
#include "contrib/sort_keys.h"
#include "core/error.h"
#include "core/registry.h"
#include "core/result.h"

namespace safetensor {
namespace {

AxisView view(const Args& args, int i, const char* role, int64_t axis) {
  return {std::string(args.function()) + ": " + role, *args.tensor(i), axis};
}

SortKeyReader key_reader(const AxisView& input) {
  const SortKeyReader reader = sort_key_reader(input.type());
  if (reader != nullptr) return reader;
  throw Error(input.name() + " is " + describe(input.type()) +
              "; int, uint, float and bfloat elements of 8 to 64 bits can be sorted");
}

bool same_type(DLDataType a, DLDataType b) {
  return a.code == b.code && a.bits == b.bits && a.lanes == b.lanes;
}

void expect_same_type(const AxisView& input, const AxisView& output) {
  if (same_type(input.type(), output.type())) return;
  throw Error(output.name() + " is " + describe(output.type()) + "; it must be the input's " +
              describe(input.type()));
}

template <typename Index>
void store_place(unsigned char* to, int64_t place) {
  const Index index = static_cast<Index>(place);
  std::memcpy(to, &index, sizeof index);
}

using PlaceWriter = void (*)(unsigned char* to, int64_t place);

PlaceWriter place_writer(const AxisView& output) {
  const DLDataType type = output.type();
  if (same_type(type, {kDLInt, 32, 1})) return store_place<int32_t>;
  if (same_type(type, {kDLInt, 64, 1})) return store_place<int64_t>;
  if (same_type(type, {kDLFloat, 32, 1})) return store_place<float>;
  if (same_type(type, {kDLFloat, 64, 1})) return store_place<double>;
  throw Error(output.name() + " is " + describe(type) +
              "; indices are int32, int64, float32 or float64");
}

// Sorts each row of input and puts its first `keep` items where they are wanted. Either output may
// be NULL. An output may be the input itself: a row's values are copied before they are written.
void sort_rows(const AxisView& input, bool ascending, int64_t keep, const AxisView* values,
               const AxisView* indices) {
  const SortKeyReader read = key_reader(input);
  const PlaceWriter write = indices != nullptr ? place_writer(*indices) : nullptr;
  const auto size = static_cast<std::size_t>(input.element_size());
  if (input.length() == 0) return;
  std::vector<SortItem> items(static_cast<std::size_t>(input.length()));
  std::vector<unsigned char> sorted(values != nullptr ? static_cast<std::size_t>(keep) * size : 0);
  for (int64_t row = 0; row < input.rows(); ++row) {
    read(input.at(row, 0), input.length(), input.stride(), ascending, items.data());
    sort_items(&items, keep);
    if (values != nullptr) {
      unsigned char* next = sorted.data();
      for (int64_t i = 0; i < keep; ++i, next += size) {
        std::memcpy(next, input.at(row, items[static_cast<std::size_t>(i)].place), size);
      }
      next = sorted.data();
      for (int64_t i = 0; i < keep; ++i, next += size) std::memcpy(values->at(row, i), next, size);
    }
    for (int64_t i = 0; write != nullptr && i < keep; ++i) {
      write(indices->at(row, i), items[static_cast<std::size_t>(i)].place);
    }
  }
}

// argsort(input, indices, axis, ascending)
void argsort(const Args& args, Result&) {
  const int64_t axis = args.integer(2);
  const AxisView input = view(args, 0, "the input", axis);
  const AxisView indices = view(args, 1, "the output", axis);
  input.expect_alike(indices, input.length());
  sort_rows(input, args.integer(3) != 0, input.length(), nullptr, &indices);
}

// sort(input, values, axis, ascending)
void sort(const Args& args, Result&) {
  const int64_t axis = args.integer(2);
  const AxisView input = view(args, 0, "the input", axis);
  const AxisView values = view(args, 1, "the output", axis);
  input.expect_alike(values, input.length());
  expect_same_type(input, values);
  sort_rows(input, args.integer(3) != 0, input.length(), &values, nullptr);
}

// topk(input, values and/or indices, k, axis, "both" | "values" | "indices", ascending); k < 1 is
// the whole axis. More than the axis has is an error: an output of k elements would stay unfilled.
void topk(const Args& args, Result&) {
  args.expect(6);
  const int outputs = args.size() >= 7 ? 2 : 1;
  const int first = 1 + outputs;
  const std::string_view wanted = args.text(first + 2);
  const bool both = wanted == "both";
  if ((!both && wanted != "values" && wanted != "indices") || both != (outputs == 2)) {
    throw Error(std::string(args.function()) + ": the result is to be '" + std::string(wanted) +
                "' in " + std::to_string(outputs) +
                " outputs; it must be 'both' in two, or 'values' or 'indices' in one");
  }
  const int64_t axis = args.integer(first + 1);
  const AxisView input = view(args, 0, "the input", axis);
  const int64_t k = args.integer(first);
  if (k > input.length()) {
    throw Error(std::string(args.function()) + ": k is " + std::to_string(k) + ", but axis " +
                std::to_string(input.axis()) + " has " + std::to_string(input.length()) +
                " elements");
  }
  const int64_t keep = k < 1 ? input.length() : k;
  const bool ascending = args.integer(first + 3) != 0;
  const AxisView one = view(args, 1, "the first output", axis);
  const AxisView last = view(args, outputs, "the last output", axis);
  input.expect_alike(one, keep);
  input.expect_alike(last, keep);
  const AxisView* values = both || wanted == "values" ? &one : nullptr;
  const AxisView* indices = both || wanted == "indices" ? &last : nullptr;
  if (values != nullptr) expect_same_type(input, *values);
  sort_rows(input, ascending, keep, values, indices);
}

// argsort_nms(input, counts, indices, axis, ascending): of each row only the first counts[row]
// elements are sorted, the others stay in their places. A count beyond the row means all of it.
void argsort_nms(const Args& args, Result&) {
  const int64_t axis = args.integer(3);
  const AxisView input = view(args, 0, "the input", axis);
  const DLTensor& counts = *args.tensor(1);
  const AxisView indices = view(args, 2, "the output", axis);
  const bool ascending = args.integer(4) != 0;
  input.expect_alike(indices, input.length());
  if (!same_type(input.type(), {kDLFloat, 32, 1})) {
    throw Error(input.name() + " is " + describe(input.type()) + "; it must be float32");
  }
  if (!same_type(indices.type(), {kDLInt, 32, 1})) {
    throw Error(indices.name() + " is " + describe(indices.type()) + "; it must be int32");
  }
  // The counts have no axis of their own to sort along, and no axis at all when input has one.
  int64_t scalar_shape = 1;
  DLTensor rows = counts;
  if (rows.ndim == 0) {
    rows.ndim = 1;
    rows.shape = &scalar_shape;
    rows.strides = nullptr;
  }
  const AxisView count(std::string(args.function()) + ": sort_num", rows, -1);
  if (!same_type(count.type(), {kDLInt, 32, 1}) || count.rows() * count.length() != input.rows()) {
    throw Error(count.name() + " is " + describe(count.type()) + " " + describe_shape(counts) +
                "; it must be int32 with one element for each of the " +
                std::to_string(input.rows()) + " rows of " + describe_shape(input.tensor()));
  }

  const SortKeyReader read = key_reader(input);
  for (int64_t row = 0; row < input.rows(); ++row) {
    int32_t wanted;
    std::memcpy(&wanted, count.data() + row * count.element_size(), sizeof wanted);
    const int64_t sorted = std::clamp<int64_t>(wanted, 0, input.length());
    std::vector<SortItem> items(static_cast<std::size_t>(sorted));
    if (sorted > 0) read(input.at(row, 0), sorted, input.stride(), ascending, items.data());
    sort_items(&items, sorted);
    for (int64_t i = 0; i < input.length(); ++i) {
      store_place<int32_t>(indices.at(row, i),
                           i < sorted ? items[static_cast<std::size_t>(i)].place : i);
    }
  }
}

}  // namespace

void register_sort() {
  register_native("tvm.contrib.sort.argsort", argsort);
  register_native("tvm.contrib.sort.sort", sort);
  register_native("tvm.contrib.sort.topk", topk);
  register_native("tvm.contrib.sort.argsort_nms", argsort_nms);
}

}  // namespace safetensor
