// tvm.contrib.random.*: numbers for models that draw them and for tuning. Each thread has a
// generator of its own, seeded from the system until the thread asks for a seed.
#include <cmath>
#include <cstdint>
#include <limits>
#include <random>
#include <string>

#include "contrib/axis_view.h"
#include "core/error.h"
#include "core/registry.h"
#include "core/result.h"

namespace safetensor {
namespace {

std::mt19937_64& generator() {
  thread_local std::mt19937_64 engine{std::random_device{}()};
  return engine;
}

struct Output {
  void* data;
  int64_t count;
  DLDataType type;
  std::string name;
};

// A tensor of no dimension has one element, which AxisView has no axis for.
Output output(const Args& args, int i) {
  DLTensor tensor = *args.tensor(i);
  int64_t one = 1;
  if (tensor.ndim == 0) {
    tensor.ndim = 1;
    tensor.shape = &one;
    tensor.strides = nullptr;
  }
  const AxisView view(std::string(args.function()) + ": the output", tensor, 0);
  return {view.data(), view.rows() * view.length(), view.type(), view.name()};
}

bool is(const Output& out, int code, int bits) {
  return out.type.code == code && out.type.bits == bits;
}

template <typename Element, typename Draw>
void fill_as(const Output& out, Draw& draw) {
  auto* elements = static_cast<Element*>(out.data);
  for (int64_t i = 0; i < out.count; ++i) elements[i] = static_cast<Element>(draw(generator()));
}

template <typename Draw>
bool fill_floats(const Output& out, Draw draw) {
  if (is(out, kDLFloat, 32)) {
    fill_as<float>(out, draw);
  } else if (is(out, kDLFloat, 64)) {
    fill_as<double>(out, draw);
  } else if (is(out, kDLFloat, 16)) {
    auto half = [&](std::mt19937_64& engine) { return __truncdfhf2(draw(engine)); };
    fill_as<uint16_t>(out, half);
  } else {
    return false;
  }
  return true;
}

template <typename Draw>
bool fill_integers(const Output& out, Draw draw) {
  const bool is_signed = out.type.code == kDLInt;
  if (!is_signed && out.type.code != kDLUInt) return false;
  switch (out.type.bits) {
    case 1:
    case 8:
      is_signed ? fill_as<int8_t>(out, draw) : fill_as<uint8_t>(out, draw);
      return true;
    case 16:
      is_signed ? fill_as<int16_t>(out, draw) : fill_as<uint16_t>(out, draw);
      return true;
    case 32:
      is_signed ? fill_as<int32_t>(out, draw) : fill_as<uint32_t>(out, draw);
      return true;
    case 64:
      is_signed ? fill_as<int64_t>(out, draw) : fill_as<uint64_t>(out, draw);
      return true;
    default:
      return false;
  }
}

[[noreturn]] void refuse(const Output& out, const char* accepted) {
  throw Error(out.name + " is " + describe(out.type) + "; it must be " + accepted);
}

// Rounding to a narrower type can reach the bound that the interval leaves out.
auto uniform_below(double low, double high, const Output& out) {
  double last = std::nextafter(high, low);
  if (is(out, kDLFloat, 32)) {
    last = std::nextafter(static_cast<float>(high), static_cast<float>(low));
  }
  return [distribution = std::uniform_real_distribution<double>(low, high), low,
          last](std::mt19937_64& engine) mutable {
    const double value = distribution(engine);
    return value > last ? std::fmax(last, low) : value;
  };
}

// uniform(low, high, out): in [low, high); half floats are rounded, and can be high
void uniform(const Args& args, Result&) {
  const double low = args.number(0);
  const double high = args.number(1);
  const Output out = output(args, 2);
  if (!(low <= high) || !std::isfinite(high - low)) {
    throw Error(std::string(args.function()) + ": from " + std::to_string(low) + " to " +
                std::to_string(high) + " is no interval");
  }
  if (!fill_floats(out, uniform_below(low, high, out))) refuse(out, "float16, float32 or float64");
}

// normal(mean, deviation, out)
void normal(const Args& args, Result&) {
  const double mean = args.number(0);
  const double deviation = args.number(1);
  const Output out = output(args, 2);
  if (!std::isfinite(mean) || !std::isfinite(deviation) || deviation < 0) {
    throw Error(std::string(args.function()) + ": mean " + std::to_string(mean) +
                ", standard deviation " + std::to_string(deviation) +
                "; both must be finite and the deviation not negative");
  }
  // The library's distribution asks for a deviation above zero.
  const auto draw = [distribution = std::normal_distribution<double>(), mean,
                     deviation](std::mt19937_64& engine) mutable {
    return mean + deviation * distribution(engine);
  };
  if (!fill_floats(out, draw)) refuse(out, "float16, float32 or float64");
}

// randint(low, high, out): in [low, high)
void randint(const Args& args, Result&) {
  const int64_t low = args.integer(0);
  const int64_t high = args.integer(1);
  const Output out = output(args, 2);
  if (low >= high) {
    throw Error(std::string(args.function()) + ": low is " + std::to_string(low) +
                " and must be below high, which is " + std::to_string(high));
  }
  if (!fill_integers(out, std::uniform_int_distribution<int64_t>(low, high - 1))) {
    refuse(out, "int or uint of 8 to 64 bits");
  }
}

// random_fill(out): numbers of ordinary size, away from zero so that nothing divides by it.
void random_fill(const Args& args, Result&) {
  const Output out = output(args, 0);
  if (!fill_floats(out, std::uniform_real_distribution<double>(1, 10)) &&
      !fill_integers(out, std::uniform_int_distribution<int64_t>(1, out.type.bits == 1 ? 1 : 9))) {
    refuse(out, "float16, float32, float64, int or uint");
  }
}

// seed(number): of the calling thread's generator
void seed(const Args& args, Result&) { generator().seed(static_cast<uint64_t>(args.integer(0))); }

}  // namespace

void register_random() {
  register_native("tvm.contrib.random.uniform", uniform);
  register_native("tvm.contrib.random.normal", normal);
  register_native("tvm.contrib.random.randint", randint);
  register_native("tvm.contrib.random.random_fill", random_fill);
  register_native("tvm.contrib.random.seed", seed);
}

}  // namespace safetensor
