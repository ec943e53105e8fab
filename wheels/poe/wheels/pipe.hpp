// SPDX-License-Identifier: MIT
//
// Pipes between two parts of a program, or to a child (POE::Pipe::OneWay, POE::Pipe::TwoWay). All ends are
// non-blocking and close-on-exec, made by the kernel's system table, so that they exist in a simulated world too.
//
//     auto pipe = poe::make_one_way(self.system());
//     poe::ReadWrite reader(self, poe::ReadWriteOptions(std::move(pipe->reader), poe::Fd()));
#pragma once

#include <cstdint>
#include <optional>

#include "poe/error.hpp"
#include "poe/export.hpp"
#include "poe/fd.hpp"
#include "poe/sys_abi.h"
#include "poe/wheels/read_write_options.hpp"

namespace poe {

enum class PipeKind : std::uint8_t { pipe, socketpair };

/// What is written to `writer` is read from `reader`, in order.
struct OneWayPipe {
  Fd reader;
  Fd writer;
};

/// One side of a two-way pipe.
struct PipeSide {
  Fd input;
  Fd output;  ///< empty for a socket pair: `input` is both
  /// For a wheel on this side.
  ReadWriteOptions options() && {
    return output ? ReadWriteOptions(std::move(input), std::move(output)) : ReadWriteOptions(std::move(input));
  }
};

/// What is written on one side is read on the other.
struct TwoWayPipe {
  PipeSide a;
  PipeSide b;
};

/// Without a kind: a pipe, and a socket pair where pipes cannot be had. A socket pair is shut down in the direction
/// that is not used. Errors: the system's (EMFILE ...), operation "pipe" or "socketpair". `system` must outlive the
/// ends.
POE_API Result<OneWayPipe> make_one_way(const poe_sys& system, std::optional<PipeKind> kind = std::nullopt);

/// Without a kind: a socket pair, and two pipes where that cannot be had. Errors as above.
POE_API Result<TwoWayPipe> make_two_way(const poe_sys& system, std::optional<PipeKind> kind = std::nullopt);

}  // namespace poe
