// byte_reader.h - reads TVM's little-endian streams from memory, never past the end.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string>
#include <string_view>
#include <vector>

#include "core/error.h"

namespace safetensor {

class ByteReader {
 public:
  // what names the stream in errors: "the parameters", "the module's import blob".
  ByteReader(std::string_view bytes, std::string what) : bytes_(bytes), what_(std::move(what)) {}

  size_t offset() const noexcept { return offset_; }
  size_t left() const noexcept { return bytes_.size() - offset_; }
  const std::string& what() const noexcept { return what_; }

  template <typename T>
  T number() {
    T value;
    std::memcpy(&value, take(sizeof(T)).data(), sizeof(T));
    return value;
  }

  // How many elements follow, each of which takes at least element_size bytes.
  size_t count(size_t element_size) {
    const auto n = number<uint64_t>();
    if (n > left() / element_size) {
      throw Error(what_ + " claims " + std::to_string(n) + " elements at byte " +
                  std::to_string(offset_ - sizeof(n)) + " but only " + std::to_string(left()) +
                  " bytes follow");
    }
    return static_cast<size_t>(n);
  }

  std::string_view text() { return take(count(1)); }

  std::vector<uint64_t> numbers() {
    std::vector<uint64_t> values(count(sizeof(uint64_t)));
    for (uint64_t& value : values) value = number<uint64_t>();
    return values;
  }

  std::string_view take(size_t size) {
    if (size > left()) {
      throw Error(what_ + " ends at byte " + std::to_string(bytes_.size()) + " but " +
                  std::to_string(size) + " bytes are needed at byte " + std::to_string(offset_));
    }
    const std::string_view part = bytes_.substr(offset_, size);
    offset_ += size;
    return part;
  }

  void expect_end() const {
    if (left() != 0) {
      throw Error(what_ + " goes on for " + std::to_string(left()) +
                  " bytes after its end at byte " + std::to_string(offset_));
    }
  }

 private:
  std::string_view bytes_;
  std::string what_;
  size_t offset_ = 0;
};

}  // namespace safetensor
