// bindings.h - which memory each tensor of one executor is in.
#pragma once

#include <cstdint>
#include <vector>

#include "core/ref.h"
#include "graph/graph.h"
#include "tensor/ndarray.h"
#include "tensor/storage.h"

namespace safetensor {

// Entries that __nop nodes derive from each other are one buffer under several shapes: a group. It
// is known by its first entry, the root, and always moves as a whole.
// Groups with the same storage_id share a pool. A pool that only arguments use is allocated when
// it is first read or written, or when the graph runs: weights that a host binds cost nothing here.
// The other pools lie in one block, so that a graph which claims many of them takes address space
// but no memory.
class Bindings {
 public:
  explicit Bindings(const Graph& graph);  // graph must outlive this

  // Operators keep this address: it stays, and what it says is always current.
  DLTensor* tensor(uint32_t entry) noexcept { return &tensors_[entry]; }
  size_t bytes(uint32_t entry) const noexcept { return bytes_[entry]; }
  uint32_t root(uint32_t entry) const noexcept { return roots_[entry]; }
  bool is_argument(uint32_t entry) const noexcept { return groups_[roots_[entry]].argument; }

  // The group's present memory as an array, allocated now if it was not.
  Ref<NDArray> view(uint32_t entry);

  // Copies bytes(entry) bytes in. Memory that others read is left alone: the group gets its own.
  void write(uint32_t entry, const void* data);

  // Moves the group to memory of somebody else's. owner keeps it alive; NULL: its owner sees to
  // that. shared: others read it too, so that write() must not.
  void point_at(uint32_t entry, void* data, Ref<Object> owner, bool shared);

  // Binds the group to the memory that another executor's group is in.
  void share(uint32_t entry, Bindings& other, uint32_t other_entry);

  // What nobody bound or wrote is memory full of zeros from now on.
  void allocate_missing() {
    if (missing_ > 0) allocate_all();
  }

 private:
  static constexpr uint32_t kNone = UINT32_MAX;

  struct Group {
    Ref<Object> owner;      // of memory that is not the pool's
    uint32_t next = kNone;  // the next root in the same pool
    bool argument = false;
    bool bound = false;    // its tensors have an address
    bool in_pool = false;  // and that address is the pool's
    bool shared = false;
  };
  struct Pool {
    Ref<Storage> storage;       // NULL until it is allocated
    std::byte* data = nullptr;  // in storage
    size_t bytes = 0;
    uint32_t first = kNone;  // root
    bool lazy = true;
  };

  void set_address(uint32_t root, void* data) noexcept;
  void allocate(Pool& pool);
  void place(Pool& pool, Ref<Storage> storage, std::byte* data) noexcept;
  void allocate_computed(size_t bytes);
  void allocate_all();
  void return_to_pool(uint32_t root);

  const Graph& graph_;
  std::vector<DLTensor> tensors_;  // by entry, like the next three
  std::vector<size_t> bytes_;
  std::vector<uint32_t> roots_;
  std::vector<uint32_t> next_member_;  // the next entry of the same group
  std::vector<Group> groups_;          // by root; other entries' are unused
  std::vector<Pool> pools_;
  size_t missing_ = 0;  // groups that have no memory yet
};

}  // namespace safetensor
