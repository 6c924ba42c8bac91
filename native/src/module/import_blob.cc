#include "module/import_blob.h"

#include <utility>

#include "core/error.h"
#include "module/constant_module.h"

namespace safetensor {
namespace {

constexpr size_t kMaxModules = 1024;
constexpr size_t kMaxImports = 4096;

struct ImportTree {
  std::vector<uint64_t> rows;
  std::vector<uint64_t> children;
};

Ref<Module> read_module(std::string_view kind, ByteReader& reader, const Ref<Module>& library) {
  if (kind == "GraphExecutorFactory" || kind == "GraphRuntimeFactory") {
    return read_graph_factory(reader, library);
  }
  if (kind == "const_loader" || kind == "metadata") return ConstantModule::read(reader);
  throw Error(reader.what() + " contains a module of kind '" + std::string(kind.substr(0, 64)) +
              "', which this runtime cannot load; it knows GraphExecutorFactory and const_loader");
}

void check(const ImportTree& tree, size_t modules, const std::string& what) {
  if (tree.rows.size() != modules + 1 || tree.rows.front() != 0 ||
      tree.rows.back() != tree.children.size()) {
    throw Error(what + ": the import tree is not one for " + std::to_string(modules) + " modules");
  }
  if (tree.children.size() > kMaxImports) {
    throw Error(what + ": the import tree has " + std::to_string(tree.children.size()) +
                " edges; at most " + std::to_string(kMaxImports) + " are supported");
  }
  for (size_t i = 0; i < modules; ++i) {
    if (tree.rows[i] > tree.rows[i + 1]) {
      throw Error(what + ": the import tree's row " + std::to_string(i) + " ends before it begins");
    }
  }
  for (const uint64_t child : tree.children) {
    if (child >= modules) {
      throw Error(what + ": the import tree names module " + std::to_string(child) + " of " +
                  std::to_string(modules));
    }
  }
}

}  // namespace

Ref<Module> read_imports(std::string_view blob, const std::string& name, const Ref<Module>& library,
                         bool link_library) {
  ByteReader reader(blob, "the import blob of " + name);
  const size_t count = reader.count(sizeof(uint64_t));
  if (count > kMaxModules) {
    throw Error(reader.what() + " has " + std::to_string(count) + " modules; at most " +
                std::to_string(kMaxModules) + " are supported");
  }
  std::vector<Ref<Module>> modules;
  ImportTree tree;
  bool has_tree = false;
  bool has_library = false;
  for (size_t i = 0; i < count; ++i) {
    const std::string_view kind = reader.text();
    if (kind == "_lib") {
      if (has_library) throw Error(reader.what() + " has two entries for the library itself");
      has_library = true;
      modules.push_back(library);
    } else if (kind == "_import_tree") {
      if (has_tree) throw Error(reader.what() + " has two import trees");
      has_tree = true;
      tree.rows = reader.numbers();
      tree.children = reader.numbers();
    } else {
      modules.push_back(read_module(kind, reader, library));
    }
  }
  reader.expect_end();
  if (!has_tree) {  // an old writer's: the library imports everything else
    for (const Ref<Module>& module : modules) {
      if (module.get() != library.get() && link_library) library->import(module);
    }
    for (const Ref<Module>& module : modules) module->imports_are_complete();
    return library;
  }
  if (!has_library) throw Error(reader.what() + " has an import tree without the library itself");
  check(tree, modules.size(), reader.what());
  for (size_t i = 0; i < modules.size(); ++i) {
    if (modules[i].get() == library.get() && !link_library) continue;
    for (uint64_t c = tree.rows[i]; c < tree.rows[i + 1]; ++c) {
      modules[i]->import(modules[tree.children[c]]);
    }
  }
  for (const Ref<Module>& module : modules) module->imports_are_complete();
  return modules.front();
}

}  // namespace safetensor
