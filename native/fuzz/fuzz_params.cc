// The parameters file: what is read and written again reads the same.
#include <algorithm>
#include <string>
#include <string_view>
#include <vector>

#include "core/error.h"
#include "fuzz.h"
#include "tensor/param_list.h"

namespace {

using safetensor::Param;

void check_round_trip(const std::vector<Param>& params) {
  std::vector<safetensor::Ref<safetensor::NDArray>> arrays;
  std::vector<safetensor::NamedTensor> tensors;
  for (const Param& param : params) {
    // The format leaves lanes out of a tensor's length, so those with lanes cannot be held.
    if (param.tensor.dtype.lanes != 1) return;
    arrays.push_back(safetensor::copy_of(param.tensor));
    tensors.push_back({param.name, arrays.back()->handle()});
  }
  const std::string written = safetensor::write_params(tensors);
  const std::vector<Param> again = safetensor::read_params(written);
  PROMISE(again.size() == params.size());
  for (size_t i = 0; i < params.size(); ++i) {
    PROMISE(again[i].name == params[i].name && again[i].tensor.data == params[i].tensor.data);
    PROMISE(again[i].tensor.shape == params[i].tensor.shape);
    PROMISE(again[i].tensor.dtype.code == params[i].tensor.dtype.code);
    PROMISE(again[i].tensor.dtype.bits == params[i].tensor.dtype.bits);
  }
}

}  // namespace

int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string_view bytes(reinterpret_cast<const char*>(data), size);
  std::vector<Param> params;
  try {
    params = safetensor::read_params(bytes);
  } catch (const safetensor::Error&) {
    return 0;
  }
  const std::vector<std::string_view> names = safetensor::read_param_names(bytes);
  PROMISE(std::equal(names.begin(), names.end(), params.begin(), params.end(),
                     [](std::string_view name, const Param& param) { return name == param.name; }));
  try {
    check_round_trip(params);
  } catch (const safetensor::Error&) {
    PROMISE(!"what was read can be written");
  }
  return 0;
}
