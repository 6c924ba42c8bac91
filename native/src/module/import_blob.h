// import_blob.h - the modules packed into a library beside its code.
#pragma once

#include <string>
#include <string_view>

#include "core/byte_reader.h"
#include "module/module.h"

namespace safetensor {

// Builds the modules in blob, links them as its import tree says, and returns the root. library is
// what "_lib" in the tree stands for; link_library is false when its own imports are in place.
// The modules may keep views of blob, which lies in library. name is for errors.
Ref<Module> read_imports(std::string_view blob, const std::string& name, const Ref<Module>& library,
                         bool link_library);

// Reads a module that holds a graph beside its library; the graph's own part of this library has
// it.
Ref<Module> read_graph_factory(ByteReader& reader, const Ref<Module>& library);

}  // namespace safetensor
