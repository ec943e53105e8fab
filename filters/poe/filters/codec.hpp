// SPDX-License-Identifier: MIT
//
// Codec: how a whole record is packed for the wire, such as compressed. poe::compress has some; ReferenceFilter takes
// one. Constant once made, so that filters may share it: any thread.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include "poe/error.hpp"
#include "poe/export.hpp"

namespace poe {

class POE_API Codec {
 public:
  virtual ~Codec();

  /// Errors: Errc::system if memory or the library fails.
  virtual Result<std::string> pack(std::string_view plain) const = 0;
  /// @param most  octets the result may have
  /// Errors: Errc::limit if it would have more, found out before that much memory is used, or if it grows by more than
  /// the codec allows; Errc::protocol if `packed` is not what pack() makes.
  virtual Result<std::string> unpack(std::string_view packed, std::size_t most) const = 0;

 protected:
  Codec() = default;
  Codec(const Codec&) = default;
  Codec& operator=(const Codec&) = default;
};

}  // namespace poe
