// The modules packed into a library: an import tree without rings, every module reachable once.
#include <string_view>
#include <vector>

#include "core/error.h"
#include "fuzz.h"
#include "module/import_blob.h"
#include "module/module.h"

namespace {

using safetensor::Module;
using safetensor::Ref;

class Library : public Module {
 public:
  const char* type_key() const noexcept override { return "library"; }
  Ref<safetensor::Function> find(std::string_view) override { return nullptr; }
};

// Throws nothing and comes back: there is no ring.
void walk(const Module& module, size_t depth) {
  PROMISE(depth <= 1024);
  for (const Ref<Module>& import : module.imports()) walk(*import, depth + 1);
}

}  // namespace

int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string_view blob(reinterpret_cast<const char*>(data), size);
  for (const bool link_library : {true, false}) {
    const Ref<Module> library = safetensor::make_object<Library>();
    try {
      const Ref<Module> root = safetensor::read_imports(blob, "the input", library, link_library);
      PROMISE(root.get() != nullptr);
      walk(*root, 0);
      // A name that nothing has, and those that a factory answers to.
      for (const char* name : {"none", "default", "get_graph_json"}) root->find_anywhere(name);
    } catch (const safetensor::Error&) {
    }
  }
  return 0;
}
