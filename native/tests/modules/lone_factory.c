/* A factory that is the root of the import tree but does not import the library that it is in. */
#include <stdint.h>

#define TEXT(n)    \
  struct {         \
    uint64_t size; \
    char bytes[n]; \
  } __attribute__((packed))

struct {
  uint64_t size, count;
  TEXT(20) factory;
  TEXT(2) json;
  uint64_t tensors, names;
  TEXT(7) name;
  TEXT(4) library;
  TEXT(12) tree;
  uint64_t row_count, rows[3], child_count;
} __attribute__((packed)) __tvm_dev_mblob = {sizeof(__tvm_dev_mblob) - 8,
                                             3,
                                             {20, "GraphExecutorFactory"},
                                             {2, "{}"},
                                             0,
                                             0,
                                             {7, "default"},
                                             {4, "_lib"},
                                             {12, "_import_tree"},
                                             3,
                                             {0, 0, 0},
                                             0};
