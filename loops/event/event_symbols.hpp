// SPDX-License-Identifier: MIT
//
// Is it libevent that answers under libevent's names? libev exports event_add() and a dozen more for old programs; in a
// program that links libev they come before those that this plug-in brings, and a call would break its memory.
#pragma once

#include <dlfcn.h>
#include <event2/event.h>

#include <cerrno>
#include <string>

#include "poe/loop_plugin.hpp"

namespace poe::libevent {

/// Throws poe::loop::Refusal if not. Compares with a function that only libevent has.
inline void require_true_symbols() {
  Dl_info libevent{}, other{};
  if (dladdr(reinterpret_cast<void*>(&event_base_new_with_config), &libevent) == 0) return;
  if (dladdr(reinterpret_cast<void*>(&event_add), &other) == 0 || libevent.dli_fbase == other.dli_fbase) return;
  throw poe::loop::Refusal(-ENOTSUP, std::string("cannot use libevent: ") + other.dli_fname +
                                         ", which this program has loaded before, answers for event_add(); use the "
                                         "loop ev or epoll, or link libevent_core before libev");
}

}  // namespace poe::libevent
