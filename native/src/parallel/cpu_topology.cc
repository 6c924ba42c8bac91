#include "parallel/cpu_topology.h"

#include <sched.h>

#include <algorithm>
#include <cstdlib>
#include <fstream>
#include <set>
#include <string>
#include <thread>
#include <utility>

namespace safetensor {
namespace {

// OMP_NUM_THREADS may list one number per nesting level: the first one is ours.
int from_environment(const char* name) {
  const char* text = std::getenv(name);
  if (text == nullptr) return 0;
  char* end = nullptr;
  const long value = std::strtol(text, &end, 10);
  if (end == text || (*end != '\0' && *end != ',') || value < 1) return 0;
  return static_cast<int>(std::min(value, 1L << 20));
}

int read_number(const std::string& path) {
  std::ifstream file(path);
  int value = -1;
  return file >> value ? value : -1;
}

int physical_cores() {
  cpu_set_t allowed;
  CPU_ZERO(&allowed);
  if (sched_getaffinity(0, sizeof allowed, &allowed) != 0) {  // more CPUs than a cpu_set_t holds
    return static_cast<int>(std::max(1U, std::thread::hardware_concurrency() / 2));
  }
  std::set<std::pair<int, int>> cores;
  int unknown = 0;
  for (int cpu = 0; cpu < CPU_SETSIZE; ++cpu) {
    if (!CPU_ISSET(cpu, &allowed)) continue;
    const std::string topology = "/sys/devices/system/cpu/cpu" + std::to_string(cpu) + "/topology/";
    const int core = read_number(topology + "core_id");
    if (core < 0) {
      ++unknown;
    } else {
      cores.emplace(read_number(topology + "physical_package_id"), core);
    }
  }
  return std::max(1, static_cast<int>(cores.size()) + unknown);
}

// Threads beyond the quota of a container would be throttled while the others spin for them.
int container_quota() {
  std::ifstream file("/sys/fs/cgroup/cpu.max");
  long quota = 0;  // stays 0 when the file says "max"
  long period = 0;
  if (!(file >> quota >> period) || quota <= 0 || period <= 0) return 0;
  return static_cast<int>(std::max(1L, (quota + period - 1) / period));
}

}  // namespace

int preferred_threads(int most) {
  int threads = from_environment("TVM_NUM_THREADS");
  if (threads == 0) threads = from_environment("OMP_NUM_THREADS");
  if (threads == 0) {
    threads = physical_cores();
    const int quota = container_quota();
    if (quota > 0) threads = std::min(threads, quota);
  }
  return std::clamp(threads, 1, most);
}

}  // namespace safetensor
