// SPDX-License-Identifier: MIT
//
// The uv_loop_t of a loop that is nobody's guest.
#pragma once

#include <uv.h>

#include <memory>

#include "poe/loop_abi.h"
#include "uv_watch.hpp"

namespace poe::uv {

/// Closes the loop, which must have no handle left; one that has is leaked rather than pulled from under it.
struct CloseLoop {
  void operator()(uv_loop_t* loop) const noexcept {
    if (uv_loop_close(loop) == 0) delete loop;
  }
};
using OwnLoop = std::unique_ptr<uv_loop_t, CloseLoop>;

/// Nothing if there is a host loop to join. Throws std::system_error.
inline OwnLoop open_loop(const poe_create& how) {
  if (how.foreign) return nullptr;
  auto memory = std::make_unique<uv_loop_t>();
  if (const int code = uv_loop_init(memory.get())) fail(code, "cannot make a libuv loop");
  return OwnLoop(memory.release());
}

}  // namespace poe::uv
