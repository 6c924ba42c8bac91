// Half-precision conversions for compilers that leave them to the runtime.
#include <cstdint>
#include <cstring>

#include "safetensor_tvm.h"

namespace {

constexpr int kDoubleMantissa = 52;
constexpr int kDoubleBias = 1023;
constexpr int kHalfMantissa = 10;
constexpr int kHalfBias = 15;
constexpr int kHalfInfinity = 31;  // the exponent field
constexpr int kDropped = kDoubleMantissa - kHalfMantissa;

}  // namespace

// To the nearest, ties to even, in one step: by way of float the value would be rounded twice.
uint16_t __truncdfhf2(double value) {
  uint64_t bits;
  std::memcpy(&bits, &value, sizeof bits);
  const auto sign = static_cast<uint16_t>(bits >> 63 << 15);
  const int field = static_cast<int>(bits >> kDoubleMantissa & 0x7ff);
  uint64_t mantissa = bits & ((uint64_t{1} << kDoubleMantissa) - 1);

  constexpr uint16_t infinity = kHalfInfinity << kHalfMantissa;
  if (field == 0x7ff) {
    if (mantissa == 0) return sign | infinity;
    return static_cast<uint16_t>(sign | infinity | 0x200 | mantissa >> kDropped);  // a quiet NaN
  }
  const int exponent = field - kDoubleBias + kHalfBias;
  if (exponent >= kHalfInfinity) return sign | infinity;
  if (exponent < -kHalfMantissa) return sign;  // under half of the smallest subnormal

  int shift = kDropped;
  uint64_t half = 0;
  if (exponent > 0) {
    half = static_cast<uint64_t>(exponent) << kHalfMantissa;
  } else {
    mantissa |= uint64_t{1} << kDoubleMantissa;
    shift += 1 - exponent;
  }
  half += mantissa >> shift;
  const uint64_t rest = mantissa & ((uint64_t{1} << shift) - 1);
  const uint64_t tie = uint64_t{1} << (shift - 1);
  // Rounding up may carry into the exponent, which gives the next binade or infinity: both right.
  if (rest > tie || (rest == tie && (half & 1) != 0)) ++half;
  return static_cast<uint16_t>(sign | half);
}

uint16_t __gnu_f2h_ieee(float value) { return __truncdfhf2(static_cast<double>(value)); }

float __gnu_h2f_ieee(uint16_t value) {
  const uint32_t sign = static_cast<uint32_t>(value >> 15) << 31;
  const uint32_t exponent = value >> kHalfMantissa & 0x1f;
  uint32_t mantissa = value & 0x3ff;

  uint32_t bits;
  if (exponent == kHalfInfinity) {
    bits = sign | 0x7f800000 | mantissa << 13;
    if (mantissa != 0) bits |= 0x400000;  // a quiet NaN
  } else if (exponent != 0) {
    bits = sign | (exponent + 127 - kHalfBias) << 23 | mantissa << 13;
  } else {
    // Zero or subnormal: an integer times 2^-24, which a float holds exactly.
    const float magnitude = static_cast<float>(mantissa) * 0x1p-24F;
    return sign != 0 ? -magnitude : magnitude;
  }
  float result;
  std::memcpy(&result, &bits, sizeof result);
  return result;
}
