#include "module/system_library.h"

#include <map>
#include <mutex>
#include <utility>

namespace safetensor {
namespace {

struct Symbols {
  std::mutex mutex;
  std::map<std::string, void*> addresses;
};

// Never destroyed: constructors of other libraries add to it, in any order.
Symbols& symbols() {
  static Symbols* const leaked = new Symbols;
  return *leaked;
}

}  // namespace

SystemLibrary::SystemLibrary(std::string prefix)
    : prefix_(std::move(prefix)), name_("the system library '" + prefix_ + "'") {}

void SystemLibrary::add(const std::string& name, void* address) {
  Symbols& s = symbols();
  const std::lock_guard<std::mutex> lock(s.mutex);
  s.addresses[name] = address;
}

void* SystemLibrary::code(const std::string& name) const {
  Symbols& s = symbols();
  const std::lock_guard<std::mutex> lock(s.mutex);
  auto found = s.addresses.find(prefix_ + name);
  if (found == s.addresses.end()) found = s.addresses.find(name);
  return found == s.addresses.end() ? nullptr : found->second;
}

Library::Data SystemLibrary::data(const std::string& name) const { return {code(name), 0}; }

}  // namespace safetensor
