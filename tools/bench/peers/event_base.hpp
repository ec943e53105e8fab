// SPDX-License-Identifier: MIT
#pragma once

#include <event2/event.h>
#include <event2/event_struct.h>

#include <stdexcept>

namespace poe::bench {

/// libevent's loop, owned.
class EventBase {
 public:
  EventBase() : base_(event_base_new()) {
    if (base_ == nullptr) throw std::runtime_error("event_base_new failed");
  }
  EventBase(const EventBase&) = delete;
  EventBase& operator=(const EventBase&) = delete;
  ~EventBase() { event_base_free(base_); }
  operator event_base*() const noexcept { return base_; }
  void run() { event_base_loop(base_, 0); }

 private:
  event_base* base_;
};

}  // namespace poe::bench
