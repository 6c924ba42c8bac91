// api_functions.cc - the C entry points for errors, packed functions and the global table.
#include <string>
#include <vector>

#include "core/error.h"
#include "core/function.h"
#include "core/registry.h"
#include "core/thread_slot.h"

namespace safetensor {
namespace {

Function& function_of(TVMFunctionHandle handle, const char* caller) {
  auto* object = static_cast<Object*>(handle);
  if (object == nullptr || object->type_index() != kTypeFunction) {
    throw Error(std::string(caller) + " got a handle that is not a function's");
  }
  return *static_cast<Function*>(object);
}

const char* required(const char* name, const char* caller) {
  if (name == nullptr) throw Error(std::string(caller) + " got no name");
  return name;
}

// A function of the host's, called through C.
class HostFunction final : public Function {
 public:
  HostFunction(TVMPackedCFunc function, void* resource, TVMPackedCFuncFinalizer finalizer)
      : function_(function), resource_(resource), finalizer_(finalizer) {}
  ~HostFunction() override {
    if (finalizer_ != nullptr) finalizer_(resource_);
  }

  void call(TVMValue* values, int* codes, int count, Result& result) override {
    clear_last_error();
    if (function_(values, codes, count, &result, resource_) == 0) return;
    const char* text = last_error();
    throw Error(text != nullptr ? text : "a function of the host failed and gave no reason");
  }

 private:
  TVMPackedCFunc function_;
  void* resource_;
  TVMPackedCFuncFinalizer finalizer_;
};

struct NameList {
  std::vector<std::string> names;
  std::vector<const char*> pointers;
};

}  // namespace
}  // namespace safetensor

using namespace safetensor;

void TVMAPISetLastError(const char* msg) { set_last_error(msg); }

const char* TVMGetLastError(void) { return last_error(); }

int TVMFuncFree(TVMFunctionHandle func) {
  return guarded([&] {
    if (func != nullptr) function_of(func, "TVMFuncFree").release();
  });
}

int TVMFuncCall(TVMFunctionHandle func, TVMValue* arg_values, int* type_codes, int num_args,
                TVMValue* ret_val, int* ret_type_code) {
  return guarded([&] {
    Result result;
    function_of(func, "TVMFuncCall").call(arg_values, type_codes, num_args, result);
    result.hand_over(ret_val, ret_type_code);
  });
}

int TVMCFuncSetReturn(TVMRetValueHandle ret, TVMValue* value, int* type_code, int num_ret) {
  return guarded([&] {
    if (num_ret != 1) {
      throw Error("TVMCFuncSetReturn takes 1 value, not " + std::to_string(num_ret));
    }
    static_cast<Result*>(ret)->borrow(*value, *type_code);
  });
}

int TVMCbArgToReturn(TVMValue* value, int* code) {
  return guarded([&] {
    Result result;
    result.borrow(*value, *code);
    result.hand_over(value, code);
  });
}

int TVMFuncCreateFromCFunc(TVMPackedCFunc func, void* resource_handle, TVMPackedCFuncFinalizer fin,
                           TVMFunctionHandle* out) {
  return guarded([&] {
    if (func == nullptr) throw Error("TVMFuncCreateFromCFunc got no function");
    Object* made = make_object<HostFunction>(func, resource_handle, fin).leak();
    *out = made;
  });
}

int TVMFuncRegisterGlobal(const char* name, TVMFunctionHandle f, int override_existing) {
  return guarded([&] {
    register_function(required(name, "TVMFuncRegisterGlobal"),
                      Ref<Function>(&function_of(f, "TVMFuncRegisterGlobal")),
                      override_existing != 0);
  });
}

int TVMFuncGetGlobal(const char* name, TVMFunctionHandle* out) {
  return guarded([&] {
    Object* found = find_function(required(name, "TVMFuncGetGlobal")).leak();
    *out = found;
  });
}

int TVMFuncListGlobalNames(int* out_size, const char*** out_array) {
  return guarded([&] {
    NameList& list = ThreadSlot<NameList>::get();
    list.names = function_names();
    list.pointers.clear();
    for (const std::string& name : list.names) list.pointers.push_back(name.c_str());
    *out_size = static_cast<int>(list.pointers.size());
    *out_array = list.pointers.data();
  });
}

int TVMFuncRemoveGlobal(const char* name) {
  return guarded([&] {
    if (!remove_function(required(name, "TVMFuncRemoveGlobal"))) {
      throw Error(std::string("there is no global function '") + name + "' to remove");
    }
  });
}
