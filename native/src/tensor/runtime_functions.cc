// runtime_functions.cc - the small functions that hosts and compiled code expect in every TVM
// runtime.
#include "core/containers.h"
#include "core/dtype.h"
#include "core/error.h"
#include "core/registry.h"
#include "tensor/ndarray.h"
#include "tensor/tensors.h"

namespace safetensor {
namespace {

constexpr int kDeviceExists = 0;  // TVM's number for "is this device there"

void version(const Args&, Result& result) { result.set_text("1.0.0"); }

void set_device(const Args& args, Result&) {
  require_cpu(static_cast<int>(args.integer(0)), static_cast<int>(args.integer(1)));
}

// The CPU has no streams, so there is nothing to choose.
void set_stream(const Args& args, Result& result) { set_device(args, result); }

void device_attribute(const Args& args, Result& result) {
  const bool is_cpu = args.integer(0) == kDLCPU && args.integer(1) == 0;
  if (args.integer(2) == kDeviceExists) {
    result.set_integer(is_cpu ? 1 : 0);
  } else {
    result.set_none();
  }
}

void runtime_enabled(const Args& args, Result& result) { result.set_bool(args.text(0) == "cpu"); }

// (ShapeTuple, data type as text or value, device, scope or None) -> NDArray
void allocate_array(const Args& args, Result& result) {
  args.expect(3);
  Object* shape = args.object(0);
  if (shape == nullptr || shape->type_index() != kTypeShapeTuple) {
    throw Error("runtime.TVMArrayAllocWithScope: argument 0 is not a ShapeTuple");
  }
  const DLDevice device = args.device(2);
  require_cpu(device.device_type, device.device_id);
  if (args.size() > 3 && args.is_text(3) && args.text(3) != "" && args.text(3) != "global") {
    throw Error("the CPU has no memory of scope '" + std::string(args.text(3)) +
                "', only 'global'");
  }
  const DLDataType dtype =
      args.code(1) == kTVMDataType ? args.value(1).v_type : parse_dtype(args.text(1));
  result.set_object(NDArray::allocate(dtype, static_cast<ShapeTuple*>(shape)->dims));
}

}  // namespace

void register_basics() {
  register_native("safetensor.version", version);
  register_native("__tvm_set_device", set_device);
  register_native("runtime.TVMSetStream", set_stream);
  register_native("runtime.GetDeviceAttr", device_attribute);
  register_native("runtime.RuntimeEnabled", runtime_enabled);
  register_native("runtime.TVMArrayAllocWithScope", allocate_array);
}

}  // namespace safetensor
