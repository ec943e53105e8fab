// SPDX-License-Identifier: MIT
//
// Owners of libsystemd's objects, and its error codes as exceptions. Loop thread only.
#pragma once

#include <systemd/sd-event.h>

#include <cerrno>
#include <memory>
#include <string>
#include <system_error>

#include "poe/loop_plugin.hpp"

namespace poe::sdevent {

/// In a forked child libsystemd sees that the process is another one, and leaves the epoll set that is shared with the
/// parent alone: it only closes and frees.
struct UnrefEvent {
  void operator()(sd_event* event) const noexcept { sd_event_unref(event); }
};
struct UnrefSource {
  void operator()(sd_event_source* source) const noexcept { sd_event_source_disable_unref(source); }
};
using Event = std::unique_ptr<sd_event, UnrefEvent>;
using Source = std::unique_ptr<sd_event_source, UnrefSource>;

/// Throws if `code`, as libsystemd returns it, is a negative errno.
inline void check(int code, const char* tried) {
  if (code >= 0) return;
  if (code == -ESTALE)
    throw poe::loop::Refusal(POE_EHOST_GONE, std::string(tried) + ": sd_event_exit() has ended the host for good");
  throw std::system_error(-code, std::generic_category(), tried);
}

/// A new loop, or another reference to the host's.
inline Event open_event(const poe_create& how) {
  if (how.foreign) return Event(sd_event_ref(static_cast<sd_event*>(how.foreign)));
  sd_event* event = nullptr;
  check(sd_event_new(&event), "cannot make an sd_event loop");
  return Event(event);
}

/// As poe_loop_plugin.probe.
inline int probe(void** ret_foreign, const char** ret_reason) noexcept {
  sd_event* event = nullptr;
  // Without an argument it only says whether there is one; with one it would make it.
  const bool there = sd_event_default(nullptr) > 0 && sd_event_default(&event) >= 0;
  sd_event_unref(event);  // the host's own reference keeps it
  const int state = there ? sd_event_get_state(event) : SD_EVENT_FINISHED;
  const bool inside = state == SD_EVENT_RUNNING;
  if (ret_foreign) *ret_foreign = there ? event : nullptr;
  if (ret_reason)
    *ret_reason = !there   ? "this thread has no default sd_event loop"
                  : inside ? "we are inside a callback of this thread's default sd_event loop"
                           : "this thread has a default sd_event loop";
  return !there || state == SD_EVENT_FINISHED ? 0 : inside ? 2 : 1;
}

}  // namespace poe::sdevent
