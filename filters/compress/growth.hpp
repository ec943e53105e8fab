// SPDX-License-Identifier: MIT
//
// How much may come out of what went in (R47). The same for streams, records and messages, and, however the input is
// cut, the same octet is the first that is too much.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>

#include "poe/error.hpp"
#include "streams.hpp"

namespace poe {

class Growth {
 public:
  struct Step {
    Decompressor::Status status;
    std::size_t made;  ///< octets written
    bool full;         ///< there may be more without new input
    bool stuck;        ///< nothing was taken and nothing made, nor will be without new input
  };

  /// @param max_output  octets
  /// @param max_ratio   output may be this many times the input, beyond the first 64 KiB; 0: any
  Growth(std::uint64_t max_output, std::uint64_t max_ratio) noexcept : max_output_(max_output), max_ratio_(max_ratio) {}

  /// One call of `from`: takes from the front of `in`, perhaps not all, and writes up to `room` octets, at most one of
  /// them more than is allowed.
  Step run(Decompressor& from, std::string_view& in, char* out, std::size_t room);

  /// Octets made that are more than is allowed: 0 or 1.
  std::uint64_t excess() const noexcept { return out_ > allowed() ? out_ - allowed() : 0; }
  /// What to say if there is one.
  std::optional<Error> check() const;

 private:
  std::uint64_t allowed() const noexcept;

  std::uint64_t max_output_;
  std::uint64_t max_ratio_;
  std::uint64_t in_ = 0;
  std::uint64_t out_ = 0;
  bool full_ = false;  // so the last step was
};

}  // namespace poe
