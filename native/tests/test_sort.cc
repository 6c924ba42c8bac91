// tvm.contrib.sort.* against a slow and obvious sort, for every type, axis and order, and against
// tensors that do not belong together.
#include <algorithm>
#include <cmath>
#include <cstring>
#include <limits>
#include <random>
#include <string>
#include <vector>

#include "packed_call.h"

namespace {

using Shape = std::vector<int64_t>;

constexpr DLDataType kFloat32{kDLFloat, 32, 1};
constexpr DLDataType kInt32{kDLInt, 32, 1};

template <typename Element>
bool less(Element a, Element b) {
  if constexpr (std::is_floating_point_v<Element>) {
    if (std::isnan(a) || std::isnan(b)) return !std::isnan(a);
  }
  return a < b;
}

template <typename Element>
bool same(Element a, Element b) {
  return std::memcmp(&a, &b, sizeof a) == 0;
}

// Places in the order wanted: insertion sort, which moves an element only past a later one that is
// strictly before it.
template <typename Element>
std::vector<int64_t> sorted_places(const std::vector<Element>& row, bool ascending) {
  std::vector<int64_t> places;
  for (std::size_t i = 0; i < row.size(); ++i) {
    auto spot = places.end();
    while (spot != places.begin()) {
      const Element other = row[static_cast<std::size_t>(*(spot - 1))];
      const bool both_nan = other != other && row[i] != row[i];
      const bool before = ascending ? less(row[i], other) : less(other, row[i]);
      if (both_nan || !before) break;
      --spot;
    }
    places.insert(spot, static_cast<int64_t>(i));
  }
  return places;
}

struct Rows {
  Rows(const Shape& shape, int axis) : length(shape[static_cast<std::size_t>(axis)]) {
    for (int i = 0; i < axis; ++i) outer *= shape[static_cast<std::size_t>(i)];
    for (std::size_t i = static_cast<std::size_t>(axis) + 1; i < shape.size(); ++i) {
      inner *= shape[i];
    }
  }
  std::size_t at(int64_t row, int64_t place, int64_t of_length) const {
    return static_cast<std::size_t>((row / inner * of_length + place) * inner + row % inner);
  }
  int64_t length;
  int64_t outer = 1;
  int64_t inner = 1;
};

template <typename Element>
Element draw(std::mt19937_64& random) {
  if constexpr (std::is_floating_point_v<Element>) {
    constexpr Element kSpecial[] = {std::numeric_limits<Element>::quiet_NaN(),
                                    std::numeric_limits<Element>::infinity(),
                                    -std::numeric_limits<Element>::infinity(),
                                    Element{0},
                                    -Element{0},
                                    -std::numeric_limits<Element>::quiet_NaN(),
                                    std::numeric_limits<Element>::denorm_min(),
                                    std::numeric_limits<Element>::lowest()};
    if (random() % 3 == 0) return kSpecial[random() % 8];
    return static_cast<Element>(static_cast<int>(random() % 20) - 10) / 4;
  } else {
    if (random() % 5 == 0) return std::numeric_limits<Element>::min();
    if (random() % 5 == 0) return std::numeric_limits<Element>::max();
    return static_cast<Element>(random() % 7);
  }
}

template <typename Element, typename Index>
void all_functions(DLDataType type, DLDataType index_type, const Shape& shape, int axis,
                   bool ascending, std::mt19937_64& random) {
  const Rows rows(shape, axis);
  const int64_t asked = random() % 2 == 0 ? axis : axis - static_cast<int64_t>(shape.size());
  const int64_t k = rows.length == 0 ? 0 : static_cast<int64_t>(random()) % (rows.length + 1);
  const int64_t keep = k < 1 ? rows.length : k;
  Shape kept = shape;
  kept[static_cast<std::size_t>(axis)] = keep;

  TestTensor<Element> input(type, shape);
  for (Element& element : input.elements) element = draw<Element>(random);
  TestTensor<Element> sorted(type, shape), top(type, kept), only_top(type, kept);
  TestTensor<Index> places(index_type, shape), top_places(index_type, kept);
  const char* sort = "tvm.contrib.sort.sort";
  const char* argsort = "tvm.contrib.sort.argsort";
  const char* topk = "tvm.contrib.sort.topk";
  const int order = ascending ? 1 : 0;
  CHECK(call(sort, input.get(), sorted.get(), asked, order) == 0);
  CHECK(call(argsort, input.get(), places.get(), asked, order) == 0);
  CHECK(call(topk, input.get(), top.get(), top_places.get(), k, asked, "both", order) == 0);
  CHECK(call(topk, input.get(), only_top.get(), k, asked, "values", order) == 0);

  for (int64_t row = 0; row < rows.outer * rows.inner; ++row) {
    std::vector<Element> values;
    for (int64_t i = 0; i < rows.length; ++i) {
      values.push_back(input.elements[rows.at(row, i, rows.length)]);
    }
    const std::vector<int64_t> expected = sorted_places(values, ascending);
    for (int64_t i = 0; i < rows.length; ++i) {
      const int64_t place = expected[static_cast<std::size_t>(i)];
      const Element value = values[static_cast<std::size_t>(place)];
      const std::size_t at = rows.at(row, i, rows.length);
      CHECK(places.elements[at] == static_cast<Index>(place));
      CHECK(same(sorted.elements[at], value));
      if (i >= keep) continue;
      const std::size_t top_at = rows.at(row, i, keep);
      CHECK(top_places.elements[top_at] == static_cast<Index>(place));
      CHECK(same(top.elements[top_at], value));
      CHECK(same(only_top.elements[top_at], value));
    }
  }
  CHECK(call(topk, input.get(), places.get(), 0, asked, "indices", order) == 0);
  CHECK(call(sort, input.get(), input.get(), asked, order) == 0);  // in its own memory
  CHECK(input.elements.empty() || std::memcmp(input.elements.data(), sorted.elements.data(),
                                              input.elements.size() * sizeof(Element)) == 0);
}

template <typename Element>
void every_shape(int code, int bits) {
  std::mt19937_64 random(3);
  const DLDataType type{static_cast<uint8_t>(code), static_cast<uint8_t>(bits), 1};
  const std::vector<Shape> shapes = {{1}, {40}, {5, 7}, {3, 9, 4}, {2, 3, 4, 5}, {0}, {3, 0, 2}};
  for (const Shape& shape : shapes) {
    for (int axis = 0; axis < static_cast<int>(shape.size()); ++axis) {
      for (const bool up : {true, false}) {
        all_functions<Element, int32_t>(type, kInt32, shape, axis, up, random);
        all_functions<Element, int64_t>(type, {kDLInt, 64, 1}, shape, axis, up, random);
        all_functions<Element, float>(type, kFloat32, shape, axis, up, random);
        all_functions<Element, double>(type, {kDLFloat, 64, 1}, shape, axis, up, random);
      }
    }
  }
}

void short_floats() {
  // As halves: 1, -1, NaN, infinity, -0, 0, -infinity, the smallest subnormal, -NaN.
  const std::vector<uint16_t> halves = {0x3c00, 0xbc00, 0x7e00, 0x7c00, 0x8000,
                                        0,      0xfc00, 1,      0xfe00};
  const std::vector<int32_t> up = {6, 1, 4, 5, 7, 0, 3, 2, 8};
  // As bfloats they are other numbers, all of them finite.
  const std::vector<int32_t> bfloat_up = {8, 6, 1, 4, 5, 7, 0, 3, 2};
  for (const int code : {kDLFloat, kDLBfloat}) {
    TestTensor<uint16_t> input({static_cast<uint8_t>(code), 16, 1}, {9});
    TestTensor<int32_t> places(kInt32, {9});
    input.elements.assign(halves.begin(), halves.end());
    DLTensor* tensor = input.get();
    tensor->data = input.elements.data();
    CHECK(call("tvm.contrib.sort.argsort", tensor, places.get(), 0, 1) == 0);
    CHECK(places.elements == (code == kDLFloat ? up : bfloat_up));
  }
}

void offset_and_strides() {
  TestTensor<float> input(kFloat32, {6});
  TestTensor<int32_t> places(kInt32, {4});
  input.elements = {-9, -8, 3, 1, 2, 0};
  int64_t four = 4;
  int64_t stride = 1;
  input.get()->data = input.elements.data();
  input.get()->shape = &four;
  input.get()->byte_offset = 2 * sizeof(float);
  input.get()->strides = &stride;
  CHECK(call("tvm.contrib.sort.argsort", input.get(), places.get(), 0, 1) == 0);
  CHECK(places.elements == std::vector<int32_t>({3, 1, 2, 0}));
  stride = 2;
  CHECK(call("tvm.contrib.sort.argsort", input.get(), places.get(), 0, 1) == -1);
  CHECK(last_error_text().find("is strided") != std::string::npos);
}

void nms() {
  const char* name = "tvm.contrib.sort.argsort_nms";
  TestTensor<float> scores(kFloat32, {4, 3});
  TestTensor<int32_t> counts(kInt32, {4}), places(kInt32, {4, 3});
  scores.elements = {1, 2, 3, 1, 2, 3, 1, 2, 3, 5, 5, 6};
  counts.elements = {0, 2, 99, -5};
  scores.get()->data = scores.elements.data();
  counts.get()->data = counts.elements.data();
  CHECK(call(name, scores.get(), counts.get(), places.get(), 1, 0) == 0);
  CHECK(places.elements == std::vector<int32_t>({0, 1, 2, 1, 0, 2, 2, 1, 0, 0, 1, 2}));

  TestTensor<int32_t> few(kInt32, {3});
  CHECK(call(name, scores.get(), few.get(), places.get(), 1, 0) == -1);
  CHECK(last_error_text().find("one element for each of the 4 rows") != std::string::npos);
  CHECK(call(name, places.get(), counts.get(), places.get(), 1, 0) == -1);
  CHECK(call(name, scores.get(), counts.get(), scores.get(), 1, 0) == -1);
}

void refused() {
  const char* argsort = "tvm.contrib.sort.argsort";
  const char* topk = "tvm.contrib.sort.topk";
  TestTensor<float> input(kFloat32, {2, 3});
  TestTensor<int32_t> places(kInt32, {2, 3}), small(kInt32, {2, 2}), flat(kInt32, {6});
  TestTensor<int8_t> bytes({kDLInt, 8, 1}, {2, 3});
  CHECK(call(argsort, input.get(), small.get(), 1, 1) == -1);
  CHECK(last_error_text().find("[2, 2]") != std::string::npos);
  CHECK(call(argsort, input.get(), flat.get(), 0, 1) == -1);
  CHECK(call(argsort, input.get(), places.get(), 2, 1) == -1);
  CHECK(call(argsort, input.get(), places.get(), -3, 1) == -1);
  CHECK(call(argsort, input.get(), bytes.get(), 1, 1) == -1);
  CHECK(last_error_text().find("int8; indices are") != std::string::npos);
  CHECK(call("tvm.contrib.sort.sort", input.get(), places.get(), 1, 1) == -1);
  CHECK(call(topk, input.get(), places.get(), 4, 1, "indices", 1) == -1);
  CHECK(last_error_text().find("k is 4") != std::string::npos);
  CHECK(call(topk, input.get(), places.get(), 2, 1, "indices", 1) == -1);
  CHECK(call(topk, input.get(), places.get(), 0, 1, "both", 1) == -1);
  CHECK(call(topk, input.get(), places.get(), 0, 1, "neither", 1) == -1);
  CHECK(call(topk, input.get()) == -1);

  input.get()->device.device_type = kDLCUDA;
  CHECK(call(argsort, input.get(), places.get(), 1, 1) == -1);
  input.get()->device.device_type = kDLCPU;
  input.get()->dtype = {kDLOpaqueHandle, 64, 1};
  CHECK(call(argsort, input.get(), places.get(), 1, 1) == -1);
  input.get()->dtype = {kDLFloat, 32, 4};
  CHECK(call(argsort, input.get(), places.get(), 1, 1) == -1);
  input.get()->dtype = kFloat32;
  input.get()->ndim = 0;
  CHECK(call(argsort, input.get(), places.get(), 0, 1) == -1);
}

}  // namespace

int main() {
  every_shape<int8_t>(kDLInt, 8);
  every_shape<int16_t>(kDLInt, 16);
  every_shape<int32_t>(kDLInt, 32);
  every_shape<int64_t>(kDLInt, 64);
  every_shape<uint8_t>(kDLUInt, 8);
  every_shape<uint8_t>(kDLUInt, 1);
  every_shape<uint16_t>(kDLUInt, 16);
  every_shape<uint32_t>(kDLUInt, 32);
  every_shape<uint64_t>(kDLUInt, 64);
  every_shape<float>(kDLFloat, 32);
  every_shape<double>(kDLFloat, 64);
  short_floats();
  offset_and_strides();
  nms();
  refused();
  return test_result();
}
