#include "tensor/dlpack.h"

#include <memory>
#include <utility>

#include "core/error.h"
#include "tensor/tensors.h"

namespace safetensor {
namespace {

class ForeignMemory final : public Object {
 public:
  explicit ForeignMemory(DLManagedTensor* managed) : managed_(managed) {}
  ~ForeignMemory() {
    if (managed_->deleter != nullptr) managed_->deleter(managed_);
  }

 private:
  DLManagedTensor* managed_;
};

void release_array(DLManagedTensor* managed) {
  static_cast<NDArray*>(managed->manager_ctx)->release();
  delete managed;
}

}  // namespace

Ref<NDArray> from_dlpack(DLManagedTensor* managed) {
  if (managed == nullptr) throw Error("there is no DLManagedTensor to take over");
  const DLTensor& tensor = managed->dl_tensor;
  std::byte* data = tensor_data(tensor);
  std::vector<int64_t> shape(tensor.shape, tensor.shape + tensor.ndim);
  const DLDataType dtype = tensor.dtype;
  // Last: from here on the deleter runs, and a caller who got an error still owns managed.
  auto array = make_object<NDArray>(data, dtype, std::move(shape), nullptr);
  array->set_owner(make_object<ForeignMemory>(managed));
  return array;
}

DLManagedTensor* to_dlpack(Ref<NDArray> array) {
  auto managed = std::make_unique<DLManagedTensor>();
  managed->dl_tensor = array->tensor();
  managed->deleter = release_array;
  managed->manager_ctx = array.leak();
  return managed.release();
}

}  // namespace safetensor
