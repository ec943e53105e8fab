// SPDX-License-Identifier: MIT
//
// A file to a descriptor without a copy through this process: sendfile(2), where both are the operating system's.
#pragma once

#include <cstdint>

#include "poe/export.hpp"
#include "poe/fd.hpp"

namespace poe {

/// Copies `size` octets of `from`, from `offset` on, to `to`; the position of `from` is not used. Reading a file may
/// block for a disk. Never raises SIGPIPE.
///
/// @return  octets that `to` has taken, which may be fewer; 0: the file ends at `offset` or before; -EAGAIN: `to` takes
///          none now; -ENOSYS or -EINVAL: not with these two, so read and write; otherwise -errno.
///          Also -ENOSYS where one of them belongs to a simulated world, or its table wraps what is written.
[[nodiscard]] POE_API std::int64_t send_file(const Fd& to, const Fd& from, std::uint64_t offset,
                                             std::uint64_t size) noexcept;

}  // namespace poe
