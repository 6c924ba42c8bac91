// limits.h - how large a graph may be. Far above what compilers write; low enough that a hostile
// graph is refused before it takes memory or time.
#pragma once

#include <cstddef>

namespace safetensor {

constexpr size_t kMaxGraphBytes = size_t{256} << 20;
constexpr size_t kMaxGraphDepth = 32;         // of JSON arrays and objects in each other
constexpr size_t kMaxGraphNodes = 1'000'000;  // nodes, and likewise entries, inputs and outputs
constexpr size_t kMaxGraphEdges = 4'000'000;
constexpr size_t kMaxGraphSides = 8'000'000;  // the dimensions of all shapes together

}  // namespace safetensor
