// SPDX-License-Identifier: MIT
//
// A layer one can see through: octets pass as they are, until the test says that something is wrong with them.
#pragma once

#include <algorithm>
#include <string>
#include <utility>

#include "poe/filters/stream_layer.hpp"

namespace poe::test {

class Glass final : public StreamLayer {
 public:
  /// What the test wants of it; outlives it.
  struct Wishes {
    std::string words{};  // it says them when it opens
    bool spoil_output = false;
    bool spoil_input = false;  // behind what has come
  };

  explicit Glass(Wishes& wishes) noexcept : wishes_(wishes) {}

  Result<void> begin(std::string&) override { return {}; }
  /// Opens with the first octet, which is for nobody else.
  Result<std::size_t> decode(std::string_view wire, std::span<char> plain, std::string& answer) override {
    if (!wire.empty() && !std::exchange(open_, true)) {
      answer = wishes_.words;
      wire.remove_prefix(1);
    }
    came_.append(wire);
    const std::size_t size = came_.copy(plain.data(), plain.size());
    came_.erase(0, size);
    if (size == 0 && wishes_.spoil_input) return failure(error("the input is spoiled"));
    return size;
  }
  Result<void> encode(std::string_view plain, std::string& wire) override {
    if (wishes_.spoil_output) return failure(error("the output is spoiled"));
    wire.append(plain);
    return {};
  }
  void end(std::string&) override {}
  bool is_open() const noexcept override { return open_; }
  bool input_ended() const noexcept override { return false; }
  Error cut_off() const override { return error("cut off"); }
  Duration opening_limit() const noexcept override { return kForever; }
  Error too_slow() const override { return error("too slow"); }

 private:
  static Error error(const char* why) { return {Errc::protocol, "secure", "a glass", why}; }

  Wishes& wishes_;
  std::string came_;
  bool open_ = false;
};

}  // namespace poe::test
