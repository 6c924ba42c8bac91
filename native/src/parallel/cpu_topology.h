// cpu_topology.h - how many threads compute at once on this machine.
#pragma once

namespace safetensor {

// TVM_NUM_THREADS, else OMP_NUM_THREADS, else the physical cores this process may use, counting
// the sibling hyperthreads of a core once and heeding a container's CPU quota. In [1, most].
int preferred_threads(int most);

}  // namespace safetensor
