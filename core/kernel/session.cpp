// SPDX-License-Identifier: MIT
#include "poe/session.hpp"

#include "internal_events.hpp"
#include "kernel_core.hpp"
#include "poe/system.hpp"

namespace poe {

Self::Self(const Birth& birth) noexcept : dispatcher_(birth.dispatcher_), id_(birth.id_) {}

Session::~Session() = default;

KernelCore& Self::core() const noexcept { return static_cast<KernelCore&>(*dispatcher_); }

SessionId Self::sender() const noexcept { return core().id_of(core().sender_); }

Kernel& Self::kernel() const noexcept { return core().face(); }

const poe_sys& Self::system() const {
  static_cast<void>(core().ensure_loop());  // without a loop nothing can be watched; that is where the error shows
  return core().system_ != nullptr ? *core().system_ : real_system();
}

TimePoint Self::now() const {
  if (!core().seat_.is_open()) core().try_loop();
  return TimePoint(Duration(core().clock()));
}

void Self::when_room(SessionId to, Fn<void()> work) { core().when_room(to, id_, std::move(work)); }

void Self::defer(Fn<void()> work) { yield(internal::deferred, std::move(work)); }

Timer Self::after(Duration delay, Fn<void()> work) { return after(delay, internal::deferred, std::move(work)); }

Timer Self::start_after(Duration delay, const EventKey& event, void* payload) {
  const TimePoint present = now();  // makes the loop first: the time to load it belongs to no timer
  if (delay.count() == 0) {
    return core().start_fifo_timer(id_, event, payload);
  }
  return start_at(saturating_add(present, delay), event, payload);
}

Timer Self::start_at(TimePoint due, const EventKey& event, void* payload) {
  KernelCore& kernel = core();
  if (!kernel.seat_.is_open()) [[unlikely]]
    kernel.try_loop();
  return kernel.start_timer(id_, due.time_since_epoch().count(), event, payload);
}

Timer Self::start_at_wall(WallTime due, const EventKey& event, void* payload) {
  static_cast<void>(core().ensure_loop());
  return core().start_wall_alarm(id_, due.time_since_epoch().count(), event, payload);
}

Timer Self::start_every(Duration period, Missed missed, const EventKey& event, void* payload) {
  const std::int64_t step = std::max<std::int64_t>(period.count(), 1);
  const TimePoint first = saturating_add(now(), Duration(step));
  return core().start_repeating_timer(id_, first.time_since_epoch().count(), step, missed, event, payload);
}

std::vector<CancelledTimer> Self::cancel_timers() { return core().cancel_timers(id_); }

Result<Watch> Self::watch(int fd, std::uint32_t interest, Fn<void(std::uint32_t)> ready) {
  return core().add_watch(id_, fd, interest, std::move(ready), false);
}

Result<SignalWatch> Self::on_signal(std::string_view name, Fn<void(const Signal&)> handler) {
  return core().add_signal(id_, name, std::move(handler));
}

Result<ChildWatch> Self::on_exit(std::int64_t pid, Fn<void(const ExitStatus&)> handler) {
  return core().add_child(id_, pid, std::move(handler));
}

Result<Alias> Self::alias(std::string name) { return core().add_alias(id_, std::move(name)); }

KeepAlive Self::keep_alive(std::string tag) { return core().add_extra(id_, std::move(tag)); }

std::shared_ptr<Mailbox> Self::hold_for_postback() {
  core().hold_postback(id_);
  return core().mailbox_;
}

Address Self::address() const { return Address(id_, core().mailbox_); }

void Self::set_handler(const Handler& row, std::shared_ptr<void> owner) {
  core().set_handler(id_, row, std::move(owner));
}

void Self::unhandle(const EventKey& event) { core().remove_handler(id_, event); }

SessionOptions Self::options() const noexcept { return core().session_options(id_); }

void Self::set_options(const SessionOptions& options) noexcept { core().set_session_options(id_, options); }

void Self::request_stop() { core().request_stop(id_); }

Result<void> Self::detach_myself() { return core().detach(id_, id_); }

Result<void> Self::detach_child(SessionId child_session) {
  if (child_session == id_) {
    return failure(Errc::invalid_argument, "detach child", "", "that is the session itself", "use detach_myself()");
  }
  return core().detach(child_session, id_);
}

}  // namespace poe
