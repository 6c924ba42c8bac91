// Half floats: every one of them there and back, and every way a double can round.
#include <cmath>
#include <cstdint>
#include <cstring>
#include <limits>
#include <random>

#include "check.h"

namespace {

// The value of a half by its definition.
double value_of(uint16_t half) {
  const int exponent = half >> 10 & 31;
  const int mantissa = half & 0x3ff;
  const double sign = (half & 0x8000) != 0 ? -1 : 1;
  if (exponent == 31) {
    return mantissa == 0 ? sign * std::numeric_limits<double>::infinity()
                         : std::numeric_limits<double>::quiet_NaN();
  }
  if (exponent == 0) return sign * std::ldexp(mantissa, -24);
  return sign * std::ldexp(1024 + mantissa, exponent - 25);
}

void every_half() {
  for (uint32_t i = 0; i < 65536; ++i) {
    const auto half = static_cast<uint16_t>(i);
    const float wide = __gnu_h2f_ieee(half);
    if (std::isnan(value_of(half))) {
      CHECK(std::isnan(wide));
      CHECK(std::isnan(value_of(__gnu_f2h_ieee(wide))));
      CHECK((__gnu_f2h_ieee(wide) & 0x8000) == (half & 0x8000));
      continue;
    }
    CHECK(static_cast<double>(wide) == value_of(half));
    CHECK(std::signbit(wide) == ((half & 0x8000) != 0));
    CHECK(__gnu_f2h_ieee(wide) == half);
    CHECK(__truncdfhf2(wide) == half);
  }
}

// Between two neighbours: the nearer one, and the even one in the middle. Halves of one sign are
// in the order of their bits, and the step after the largest is infinity, at 65536.
void every_midpoint() {
  for (uint16_t half = 0; half < 0x7c00; ++half) {
    const double low = value_of(half);
    const double high = half == 0x7bff ? 65536 : value_of(static_cast<uint16_t>(half + 1));
    const double middle = (low + high) / 2;  // exact
    const auto up = static_cast<uint16_t>(half + 1);
    const uint16_t even = half % 2 == 0 ? half : up;
    for (const uint16_t sign : {0, 0x8000}) {
      const double by = sign != 0 ? -1 : 1;
      CHECK(__truncdfhf2(by * middle) == (sign | even));
      CHECK(__truncdfhf2(by * std::nextafter(middle, 0)) == (sign | half));
      CHECK(__truncdfhf2(by * std::nextafter(middle, 1e9)) == (sign | up));
      const auto narrow = static_cast<float>(middle);  // exact too
      CHECK(__gnu_f2h_ieee(static_cast<float>(by) * narrow) == (sign | even));
      CHECK(__gnu_f2h_ieee(static_cast<float>(by) * std::nextafter(narrow, 1e9F)) == (sign | up));
    }
  }
}

void random_doubles() {
  std::mt19937_64 random(11);
  for (int i = 0; i < 1000000; ++i) {
    // Exponents around the range of halves, and now and then any bits at all.
    uint64_t bits = random();
    if (i % 8 != 0) bits = (bits & 0x800fffffffffffff) | (995 + bits % 48) << 52;
    double x;
    std::memcpy(&x, &bits, sizeof x);
    const uint16_t half = __truncdfhf2(x);
    if (std::isnan(x)) {
      CHECK(std::isnan(value_of(half)));
      continue;
    }
    CHECK(((half & 0x8000) != 0) == std::signbit(x));
    if (std::fabs(x) >= 65520) {
      CHECK((half & 0x7fff) == 0x7c00);
      continue;
    }
    const double error = std::fabs(value_of(half) - x);
    const auto magnitude = static_cast<uint16_t>(half & 0x7fff);
    const auto next = static_cast<uint16_t>(magnitude + 1);
    const double above = magnitude == 0x7bff ? 65536 : value_of(next);
    CHECK(error <= std::fabs(above - std::fabs(x)));
    if (magnitude > 0) {
      const double below = value_of(static_cast<uint16_t>(magnitude - 1));
      CHECK(error <= std::fabs(below - std::fabs(x)));
    }
  }
}

}  // namespace

int main() {
  every_half();
  every_midpoint();
  random_doubles();
  CHECK(__truncdfhf2(std::numeric_limits<double>::max()) == 0x7c00);
  CHECK(__truncdfhf2(-std::numeric_limits<double>::denorm_min()) == 0x8000);
  CHECK(__gnu_f2h_ieee(std::numeric_limits<float>::denorm_min()) == 0);
  return test_result();
}
