// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

#include "poe/error.hpp"
#include "poe/fd.hpp"

namespace poe {

/// Why a file that is being sent cannot go on, with `left` octets to come: it has become shorter.
tl::unexpected<Error> file_too_short(std::uint64_t left);

/// Reads from offset `at` into `into`, one call, at least one octet. `left`: octets of the file to come.
/// Errors: Errc::system; Errc::invalid_argument: it has become shorter.
Result<std::size_t> read_file_piece(const Fd& file, std::uint64_t at, std::uint64_t left, std::span<char> into);

}  // namespace poe
