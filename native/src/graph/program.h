// program.h - a graph's operators, prepared so that running one is a single indirect call.
#pragma once

#include <cstdint>
#include <vector>

#include "core/function.h"
#include "graph/bindings.h"
#include "graph/graph.h"
#include "module/module.h"

namespace safetensor {

class Program {
 public:
  // Looks up every operator's function in code and what it imports. Throws Error when one is
  // missing or not a model's to name.
  Program(const Graph& graph, Bindings& bindings, Module& code);

  // Stops at the first operator that fails and throws Error with its name and reason.
  void run();

 private:
  struct Step {
    TVMBackendPackedCFunc code;
    TVMValue* values;
    int* codes;
    int count;
    uint32_t node;
    void* resource;
  };

  [[noreturn]] void report(const Step& step, bool has_text) const;

  const Graph& graph_;
  std::vector<Step> steps_;
  std::vector<TVMValue> values_;
  std::vector<int> codes_;
  std::vector<Ref<Function>> functions_;  // keeps the code of the steps loaded
};

}  // namespace safetensor
