// tvm.contrib.random.*: ranges, repeatability, types.
#include <algorithm>
#include <cmath>
#include <limits>
#include <string>
#include <thread>

#include "packed_call.h"

namespace {

constexpr DLDataType kFloat32{kDLFloat, 32, 1};

double mean_of(const std::vector<float>& values) {
  double sum = 0;
  for (float value : values) sum += value;
  return sum / static_cast<double>(values.size());
}

void floats() {
  TestTensor<float> out(kFloat32, {100, 1000});
  CHECK(call("tvm.contrib.random.uniform", -1.0, 3.0, out.get()) == 0);
  const auto [least, most] = std::minmax_element(out.elements.begin(), out.elements.end());
  CHECK(*least >= -1 && *most < 3);
  CHECK(std::fabs(mean_of(out.elements) - 1) < 0.05);

  // Here every other double of the interval rounds to its end as a float.
  const double high = std::nextafter(1.0F, 2.0F);
  CHECK(call("tvm.contrib.random.uniform", 1.0, high, out.get()) == 0);
  CHECK(*std::max_element(out.elements.begin(), out.elements.end()) == 1.0F);

  CHECK(call("tvm.contrib.random.normal", 5.0, 2.0, out.get()) == 0);
  const double mean = mean_of(out.elements);
  double variance = 0;
  for (float value : out.elements) variance += (value - mean) * (value - mean);
  variance /= static_cast<double>(out.elements.size());
  CHECK(std::fabs(mean - 5) < 0.05);
  CHECK(std::fabs(variance - 4) < 0.2);
  CHECK(call("tvm.contrib.random.normal", 5.0, 0.0, out.get()) == 0);
  CHECK(out.elements[7] == 5);

  CHECK(call("tvm.contrib.random.uniform", 3.0, -1.0, out.get()) == -1);
  CHECK(call("tvm.contrib.random.normal", 0.0, -1.0, out.get()) == -1);
}

void integers() {
  TestTensor<int8_t> out({kDLInt, 8, 1}, {10000});
  CHECK(call("tvm.contrib.random.randint", -2, 3, out.get()) == 0);
  const auto [least, most] = std::minmax_element(out.elements.begin(), out.elements.end());
  CHECK(*least == -2 && *most == 2);
  CHECK(call("tvm.contrib.random.randint", 3, 3, out.get()) == -1);
  CHECK(last_error_text().find("must be below high") != std::string::npos);
  CHECK(call("tvm.contrib.random.uniform", 0.0, 1.0, out.get()) == -1);
  CHECK(last_error_text().find("is int8; it must be float16") != std::string::npos);

  TestTensor<int64_t> wide({kDLInt, 64, 1}, {10});
  const int64_t least_integer = std::numeric_limits<int64_t>::min();
  const int64_t greatest_integer = std::numeric_limits<int64_t>::max();
  CHECK(call("tvm.contrib.random.randint", least_integer, greatest_integer, wide.get()) == 0);
}

void fills() {
  for (const DLDataType type :
       {DLDataType{kDLFloat, 16, 1}, DLDataType{kDLFloat, 64, 1}, DLDataType{kDLUInt, 1, 1},
        DLDataType{kDLUInt, 16, 1}, DLDataType{kDLInt, 32, 1}}) {
    TestTensor<uint64_t> out(type, {16});
    CHECK(call("tvm.contrib.random.random_fill", out.get()) == 0);
    CHECK(out.elements[0] != 0);
  }
  TestTensor<float> scalar(kFloat32, {});
  CHECK(call("tvm.contrib.random.random_fill", scalar.get()) == 0);
  CHECK(scalar.elements[0] >= 1);
  TestTensor<float> nothing(kFloat32, {3, 0});
  CHECK(call("tvm.contrib.random.random_fill", nothing.get()) == 0);
  TestTensor<uint64_t> handles({kDLOpaqueHandle, 64, 1}, {4});
  CHECK(call("tvm.contrib.random.random_fill", handles.get()) == -1);
}

void repeatable() {
  TestTensor<float> first(kFloat32, {50}), second(kFloat32, {50});
  CHECK(call("tvm.contrib.random.seed", 42) == 0);
  CHECK(call("tvm.contrib.random.random_fill", first.get()) == 0);
  std::thread([] {
    TestTensor<float> other(kFloat32, {50});
    CHECK(call("tvm.contrib.random.random_fill", other.get()) == 0);
  }).join();
  CHECK(call("tvm.contrib.random.random_fill", second.get()) == 0);
  CHECK(first.elements != second.elements);
  CHECK(call("tvm.contrib.random.seed", 42) == 0);
  CHECK(call("tvm.contrib.random.random_fill", second.get()) == 0);
  CHECK(first.elements == second.elements);
}

}  // namespace

int main() {
  floats();
  integers();
  fills();
  repeatable();
  return test_result();
}
