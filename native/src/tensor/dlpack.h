// dlpack.h - tensors handed to and taken from other frameworks without a copy.
#pragma once

#include "tensor/ndarray.h"

namespace safetensor {

// Takes managed over: its deleter runs when the NDArray's memory is no longer used.
Ref<NDArray> from_dlpack(DLManagedTensor* managed);

// The result holds a reference to array until its deleter is called.
DLManagedTensor* to_dlpack(Ref<NDArray> array);

}  // namespace safetensor
