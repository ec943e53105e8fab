// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>

namespace poe {

/// What happens after a record that is too long was reported, once, as Errc::limit (R38).
enum class OversizePolicy : std::uint8_t {
  resync,  ///< that record is dropped up to and with its ending; the next one is delivered
  stop,    ///< it and everything after it is dropped, until reset()
};

}  // namespace poe
