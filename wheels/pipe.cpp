// SPDX-License-Identifier: MIT
#include "poe/wheels/pipe.hpp"

#include <sys/socket.h>

#include <utility>

namespace poe {
namespace {

using Ends = std::pair<Fd, Fd>;

Result<Ends> make(const poe_sys& system, PipeKind kind) {
  int ends[2] = {-1, -1};
  const bool is_pipe = kind == PipeKind::pipe;
  const int made =
      is_pipe ? system.pipe(system.ctx, ends) : system.socketpair(system.ctx, AF_UNIX, SOCK_STREAM, 0, ends);
  if (made < 0) return system_failure(-made, is_pipe ? "pipe" : "socketpair", "a new pipe");
  return Ends(Fd(ends[0], &system), Fd(ends[1], &system));
}

// An unasked-for kind falls back to the other one; if both fail, the first failure is the one to tell.
Result<Ends> make(const poe_sys& system, std::optional<PipeKind> kind, PipeKind best, PipeKind second,
                  PipeKind& ret_kind) {
  ret_kind = kind.value_or(best);
  auto ends = make(system, ret_kind);
  if (ends || kind) return ends;
  if (auto others = make(system, second)) {
    ret_kind = second;
    return others;
  }
  return ends;
}

}  // namespace

Result<OneWayPipe> make_one_way(const poe_sys& system, std::optional<PipeKind> kind) {
  PipeKind made = PipeKind::pipe;
  auto ends = make(system, kind, PipeKind::pipe, PipeKind::socketpair, made);
  if (!ends) return failure(ends.error());
  if (made == PipeKind::socketpair) {
    static_cast<void>(system.shutdown(system.ctx, ends->first.get(), SHUT_WR));
    static_cast<void>(system.shutdown(system.ctx, ends->second.get(), SHUT_RD));
  }
  return OneWayPipe{std::move(ends->first), std::move(ends->second)};
}

Result<TwoWayPipe> make_two_way(const poe_sys& system, std::optional<PipeKind> kind) {
  PipeKind made = PipeKind::socketpair;
  auto ends = make(system, kind, PipeKind::socketpair, PipeKind::pipe, made);
  if (!ends) return failure(ends.error());
  if (made == PipeKind::socketpair) {
    return TwoWayPipe{{std::move(ends->first), Fd()}, {std::move(ends->second), Fd()}};
  }
  auto back = make(system, PipeKind::pipe);
  if (!back) return failure(back.error());
  return TwoWayPipe{{std::move(ends->first), std::move(back->second)},
                    {std::move(back->first), std::move(ends->second)}};
}

}  // namespace poe
