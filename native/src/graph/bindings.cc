#include "graph/bindings.h"

#include <unistd.h>

#include <algorithm>
#include <cstring>
#include <string>
#include <utility>

#include "core/dtype.h"
#include "core/error.h"

namespace safetensor {
namespace {

// SIZE_MAX when the system does not tell.
size_t machine_memory() noexcept {
  const long pages = sysconf(_SC_PHYS_PAGES);
  const long page = sysconf(_SC_PAGESIZE);
  size_t bytes = 0;
  if (pages <= 0 || page <= 0 ||
      __builtin_mul_overflow(static_cast<size_t>(pages), static_cast<size_t>(page), &bytes)) {
    return SIZE_MAX;
  }
  return bytes;
}

// What a pool takes in the block; at least something, so that no two have one address.
size_t aligned(size_t bytes) noexcept {
  return (std::max<size_t>(bytes, 1) + kAlignment - 1) / kAlignment * kAlignment;
}

}  // namespace

Bindings::Bindings(const Graph& graph) : graph_(graph) {
  const size_t entries = graph.entry_count();
  tensors_.resize(entries);
  bytes_.resize(entries);
  roots_.resize(entries);
  next_member_.assign(entries, kNone);
  groups_.resize(entries);
  pools_.resize(entries);
  std::vector<uint32_t> last_member(entries);

  for (uint32_t n = 0; n < graph.nodes.size(); ++n) {
    const GraphNode& node = graph.nodes[n];
    for (uint32_t i = 0; i < node.output_count; ++i) {
      const uint32_t e = graph.entry({n, i});
      DLTensor& tensor = tensors_[e];
      tensor.data = nullptr;
      tensor.device = {kDLCPU, 0};
      tensor.ndim = graph.ndim(e);
      tensor.dtype = graph.dtypes[e];
      tensor.shape = const_cast<int64_t*>(graph.shape(e));  // DLPack has no const; nobody writes
      tensor.strides = nullptr;
      tensor.byte_offset = 0;
      bytes_[e] = byte_count(tensor.dtype, tensor.shape, tensor.ndim);

      Pool& pool = pools_[graph.storage_ids[e]];
      pool.bytes = std::max(pool.bytes, bytes_[e]);
      roots_[e] = e;
      if (node.is_reshape()) {
        const uint32_t root = roots_[graph.entry(graph.inputs[node.first_input])];
        roots_[e] = root;
        next_member_[last_member[root]] = e;
        last_member[root] = e;
        continue;
      }
      last_member[e] = e;
      Group& group = groups_[e];
      group.argument = node.is_argument();
      group.next = std::exchange(pool.first, e);
      pool.lazy = pool.lazy && node.is_argument();
    }
  }

  size_t total = 0;
  size_t computed = 0;  // what operators write: the host cannot bring it along
  for (const Pool& pool : pools_) {
    if (__builtin_add_overflow(total, pool.bytes, &total) || total > SIZE_MAX / 2) {
      throw Error("the graph's tensors together are larger than memory can be");
    }
    if (!pool.lazy) computed += aligned(pool.bytes);
  }
  allocate_computed(computed);
  for (const Pool& pool : pools_) {
    if (!pool.lazy) continue;
    for (uint32_t root = pool.first; root != kNone; root = groups_[root].next) ++missing_;
  }
}

void Bindings::set_address(uint32_t root, void* data) noexcept {
  for (uint32_t e = root; e != kNone; e = next_member_[e]) tensors_[e].data = data;
}

void Bindings::allocate(Pool& pool) {
  auto storage = make_object<Storage>(pool.bytes);
  std::byte* data = storage->data();
  place(pool, std::move(storage), data);
}

// Gives the pool its memory, and every group in it that has none.
void Bindings::place(Pool& pool, Ref<Storage> storage, std::byte* data) noexcept {
  pool.storage = std::move(storage);
  pool.data = data;
  for (uint32_t root = pool.first; root != kNone; root = groups_[root].next) {
    Group& group = groups_[root];
    if (group.bound) continue;
    set_address(root, pool.data);
    group.bound = group.in_pool = true;
    if (pool.lazy) --missing_;
  }
}

void Bindings::allocate_computed(size_t bytes) {
  if (bytes > machine_memory()) {
    throw Error("the graph's operators need " + std::to_string(bytes) +
                " bytes for their results but this machine has " +
                std::to_string(machine_memory()) + " bytes of memory");
  }
  auto block = make_object<Storage>(bytes);
  std::byte* next = block->data();
  for (Pool& pool : pools_) {
    if (pool.lazy) continue;
    place(pool, block, next);
    next += aligned(pool.bytes);
  }
}

void Bindings::allocate_all() {
  for (Pool& pool : pools_) {
    if (pool.storage) continue;
    uint32_t root = pool.first;
    while (root != kNone && groups_[root].bound) root = groups_[root].next;
    if (root != kNone) allocate(pool);
  }
}

// The group leaves the memory it was bound to for its pool's.
void Bindings::return_to_pool(uint32_t root) {
  Group& group = groups_[root];
  Pool& pool = pools_[graph_.storage_ids[root]];
  if (!pool.storage) {
    group.bound = false;
    ++missing_;
    allocate(pool);
  } else {
    set_address(root, pool.data);
  }
  group.in_pool = true;
  group.shared = false;
  group.owner = nullptr;
}

Ref<NDArray> Bindings::view(uint32_t entry) {
  const uint32_t root = roots_[entry];
  Group& group = groups_[root];
  Pool& pool = pools_[graph_.storage_ids[root]];
  if (!group.bound) allocate(pool);
  std::vector<int64_t> shape(graph_.shape(entry), graph_.shape(entry) + graph_.ndim(entry));
  Ref<Object> owner = group.owner;
  if (group.in_pool) owner = pool.storage;
  return make_object<NDArray>(tensors_[entry].data, tensors_[entry].dtype, std::move(shape),
                              std::move(owner));
}

void Bindings::write(uint32_t entry, const void* data) {
  const uint32_t root = roots_[entry];
  Group& group = groups_[root];
  if (!group.bound) allocate(pools_[graph_.storage_ids[root]]);
  if (group.shared) return_to_pool(root);
  if (bytes_[entry] > 0) std::memmove(tensors_[entry].data, data, bytes_[entry]);
}

void Bindings::point_at(uint32_t entry, void* data, Ref<Object> owner, bool shared) {
  const uint32_t root = roots_[entry];
  Group& group = groups_[root];
  Pool& pool = pools_[graph_.storage_ids[root]];
  if (!group.bound) --missing_;
  set_address(root, data);
  group.owner = std::move(owner);
  group.bound = true;
  group.in_pool = false;
  group.shared = shared;
  // Nothing else is in an argument's pool, so its memory has no use left.
  if (pool.lazy && pool.first == root && group.next == kNone) pool.storage = nullptr;
}

void Bindings::share(uint32_t entry, Bindings& other, uint32_t other_entry) {
  const uint32_t root = other.roots_[other_entry];
  Group& group = other.groups_[root];
  Pool& pool = other.pools_[other.graph_.storage_ids[root]];
  if (!group.bound) other.allocate(pool);
  Ref<Object> owner = group.owner;
  if (group.in_pool) owner = pool.storage;
  point_at(entry, other.tensors_[other_entry].data, std::move(owner), true);
}

}  // namespace safetensor
