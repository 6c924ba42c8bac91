// workspace_guard.h - what stands around a call of a compiled kernel.
#pragma once

#include <cstddef>

#include "parallel/workspace.h"

namespace safetensor {

// A kernel in which a call fails returns at once, without freeing the blocks that it holds: they
// are released here, unless it succeeded. Those of the kernels around it stay.
class WorkspaceGuard {
 public:
  WorkspaceGuard() noexcept : height_(Workspace::height()) {}
  ~WorkspaceGuard() {
    if (!succeeded_) Workspace::release_above(height_);
  }
  WorkspaceGuard(const WorkspaceGuard&) = delete;
  WorkspaceGuard& operator=(const WorkspaceGuard&) = delete;

  void succeeded() noexcept { succeeded_ = true; }

 private:
  const std::size_t height_;
  bool succeeded_ = false;
};

}  // namespace safetensor
