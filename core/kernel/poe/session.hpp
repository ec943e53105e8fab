// SPDX-License-Identifier: MIT
//
// Sessions: named event handlers with private state, run one at a time on their kernel's thread. Write one as a class
// derived from Session, or inline as a few lambdas over one state. A session lives exactly as long as something can
// still reach it (P040): a queued event to it or from it, a timer, a watch, an alias, a child, an extra reference.
#pragma once

#include <concepts>
#include <cstdint>
#include <exception>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <tuple>
#include <utility>
#include <vector>

#include "poe/address.hpp"
#include "poe/dispatcher.hpp"
#include "poe/error.hpp"
#include "poe/event.hpp"
#include "poe/export.hpp"
#include "poe/fn.hpp"
#include "poe/handlers.hpp"
#include "poe/handles.hpp"
#include "poe/loop_abi.h"
#include "poe/session_id.hpp"
#include "poe/session_options.hpp"
#include "poe/signals.hpp"
#include "poe/sys_abi.h"
#include "poe/task_fwd.hpp"
#include "poe/time.hpp"

namespace poe {

class Kernel;
class KernelCore;
class Birth;

/// Told to a parent: a child was born (create), came from a dying child of its own (gain), or went (lose).
struct ChildChange {
  enum class Reason : std::uint8_t { create, gain, lose };
  Reason reason;
  SessionId child;
  /// What the child's `_start` (create) or `_stop` (lose) handler returned, if that is a Value (P032); otherwise null.
  Value result{};
  /// lose: what it threw, if it ended for that alone (OnThrow::stop). With OnThrow::die the signal DIE tells.
  std::exception_ptr exception{};
};
/// Told to a child whose parent changes.
struct ParentChange {
  SessionId former;
  SessionId present;
};

// POE's own events, typed. A session needs no handler for any of them.
inline constexpr Event<> start{"_start"};                       ///< first event, inside spawn (P046)
inline constexpr Event<> stop{"_stop"};                         ///< last event; posting from it goes nowhere (P037)
inline constexpr Event<const ChildChange&> child{"_child"};     ///< P046-P051
inline constexpr Event<const ParentChange&> parent{"_parent"};  ///< P048, P050
inline constexpr Event<const Error&> bad_arguments{"_bad_arguments"};  ///< a dynamic post did not fit its event

template <class... B, class... A>
constexpr bool arguments_fit(const Event<A...>&) {
  return std::constructible_from<std::tuple<std::decay_t<A>...>, B...>;
}

/// What a handler needs: the base of every class session, and the first argument of inline handlers. All members:
/// loop thread only, unless noted.
class POE_API Self {
 public:
  Self(const Self&) = delete;
  Self& operator=(const Self&) = delete;

  SessionId id() const noexcept { return id_; }
  /// Who sent the event being handled: the creator for `_start`, the kernel for signals and the other lifecycle
  /// events, this session for timers, I/O and calls to itself.
  SessionId sender() const noexcept;
  Kernel& kernel() const noexcept;
  /// The system calls of this kernel's world; use it instead of the C library's for everything that is watched.
  const poe_sys& system() const;
  /// The loop's time, read now.
  TimePoint now() const;

  /// Queues an event to this session.
  template <class... A, class... B>
  requires std::constructible_from<std::tuple<std::decay_t<A>...>, B...>
  void yield(const Event<A...>& event, B&&... arguments) {
    static_cast<void>(dispatcher_->post(id_, id_.slot(), event, std::forward<B>(arguments)...));
  }

  /// Queues an event; first in, first out (P002). Error `no_session` if `to` has ended (P023). The event keeps both
  /// sessions alive until it was handled.
  template <class... A, class... B>
  requires std::constructible_from<std::tuple<std::decay_t<A>...>, B...> Result<void> post(SessionId to,
                                                                                           const Event<A...>& event,
                                                                                           B&&... arguments) {
    return dispatcher_->post(to, id_.slot(), event, std::forward<B>(arguments)...);
  }

  /// Calls the handler now and gives its result: call<int>(id, event, ...). R must be exactly what the handler returns,
  /// or void to drop it. Errors: no_session, no_handler, bad_arguments (R), exception (the callee threw, which is a
  /// DIE of the callee, P028; from a call to oneself the exception itself comes through, P027).
  template <class R = void, class... A, class... B>
  requires std::constructible_from<std::tuple<std::decay_t<A>...>, B...> Result<R> call(SessionId to,
                                                                                        const Event<A...>& event,
                                                                                        B&&... arguments) {
    return dispatcher_->template call<R>(to, event, std::forward<B>(arguments)...);
  }

  /// Queues `work` to run as this session as soon as the mailbox of `to` has room for an event; now if it has, or if
  /// `to` has ended. Who asked first is told first, one for each place that comes free, and another when a session is
  /// stopped that was told and has not run since. Keeps this session alive.
  void when_room(SessionId to, Fn<void()> work);

  /// Queues `work` to run as this session, after the events already queued.
  void defer(Fn<void()> work);

  /// An event `delay` from now. Zero: after the events already queued. Never early; late by at most what other handlers
  /// take. Keep the handle: dropping it cancels. Cost: O(log n) in timers.
  template <class... A, class... B>
  requires std::constructible_from<std::tuple<std::decay_t<A>...>, B...>
  [[nodiscard]] Timer after(Duration delay, const Event<A...>& event, B&&... arguments) {
    return with_payload(
        event, [&](void* payload) { return start_after(delay, event, payload); }, std::forward<B>(arguments)...);
  }
  /// Runs `work` as this session, `delay` from now: for wheels, which have no handlers in the session they serve.
  [[nodiscard]] Timer after(Duration delay, Fn<void()> work);
  /// An event at a time of this kernel's clock; a time in the past means before the events already queued (P004).
  template <class... A, class... B>
  requires std::constructible_from<std::tuple<std::decay_t<A>...>, B...>
  [[nodiscard]] Timer at(TimePoint due, const Event<A...>& event, B&&... arguments) {
    return with_payload(
        event, [&](void* payload) { return start_at(due, event, payload); }, std::forward<B>(arguments)...);
  }
  /// An event at a time of the wall clock, never before it: if that clock is set, the alarm follows it (P019). A time
  /// in the past as at(TimePoint). A step forward is noticed at once on Linux, elsewhere within a second.
  template <class... A, class... B>
  requires std::constructible_from<std::tuple<std::decay_t<A>...>, B...>
  [[nodiscard]] Timer at(WallTime due, const Event<A...>& event, B&&... arguments) {
    return with_payload(
        event, [&](void* payload) { return start_at_wall(due, event, payload); }, std::forward<B>(arguments)...);
  }
  /// An event each `period` (at least 1 ns), first one period from now, on a fixed grid: a tick that comes late does
  /// not move the later ones. `missed` says what becomes of ticks that were due while something else ran. The arguments
  /// are copied for each.
  template <class... A, class... B>
  requires std::constructible_from<std::tuple<std::decay_t<A>...>, B...> &&
      (std::copy_constructible<std::decay_t<A>>&&...) [[nodiscard]] Timer
      every(Duration period, Missed missed, const Event<A...>& event, B&&... arguments) {
    return with_payload(
        event, [&](void* payload) { return start_every(period, missed, event, payload); },
        std::forward<B>(arguments)...);
  }
  /// As above, with Missed::coalesce.
  template <class... A, class... B>
  requires std::constructible_from<std::tuple<std::decay_t<A>...>, B...> &&
      (std::copy_constructible<std::decay_t<A>>&&...) [[nodiscard]] Timer
      every(Duration period, const Event<A...>& event, B&&... arguments) {
    return every(period, Missed::coalesce, event, std::forward<B>(arguments)...);
  }
  /// Cancels every timer of this session that stands for an event, and tells what they were, in order of due time
  /// (POE's `alarm_remove_all`, P015). Posted events stay (P016), so do the timers of `after(delay, work)`: those are
  /// its wheels'.
  std::vector<CancelledTimer> cancel_timers();

  /// Calls `ready` with the ready ones of `interest` (POE_READ, POE_WRITE, POE_PRIORITY) plus POE_ERROR and
  /// POE_HANGUP, while the condition lasts. Several watches may share a descriptor, also from several sessions (P099).
  /// Regular files are always ready, at most once a turn (P103). The descriptor stays the caller's: drop the watch
  /// before closing it (P102). `fd` belongs to system(). Errors: what the loop says; wrong_thread, forked.
  [[nodiscard]] Result<Watch> watch(int fd, std::uint32_t interest, Fn<void(std::uint32_t ready)> ready);

  /// Calls `handler` when the signal reaches this session. Names an OS signal ("INT", "SIGINT") or an invented one.
  /// OS signals: the process's handler is chained, and restored with the last watch (P073). One handler a signal and
  /// session: a later call takes over. Error invalid_argument: KILL and STOP cannot be watched.
  [[nodiscard]] Result<SignalWatch> on_signal(std::string_view name, Fn<void(const Signal&)> handler);

  /// Calls `handler` once when that child of this process has ended, and reaps it; no other child is touched. Ask in
  /// the handler that started it. Error: not a child (ECHILD).
  [[nodiscard]] Result<ChildWatch> on_exit(std::int64_t pid, Fn<void(const ExitStatus&)> handler);

  /// Gives this session a name others can find it by (Kernel::resolve). It keeps the session alive, but not the
  /// program: sessions with nothing but names end when all others have (P055). Error alias_taken.
  [[nodiscard]] Result<Alias> alias(std::string name);

  /// An extra reference; `tag` shows in Kernel::why_alive().
  [[nodiscard]] KeepAlive keep_alive(std::string tag);

  /// A callable that posts `event` to this session and keeps it alive until dropped.
  template <class... A>
  [[nodiscard]] Postback<A...> postback(const Event<A...>& event) {
    return Postback<A...>(id_, hold_for_postback(), event);
  }
  /// A callable that calls the handler at once and gives its result, as call<R>(); keeps the session alive until
  /// dropped.
  template <class R = void, class... A>
  [[nodiscard]] Callback<R, A...> callback(const Event<A...>& event) {
    return Callback<R, A...>(id_, hold_for_postback(), event);
  }
  /// For other threads; keeps nobody alive.
  Address address() const;

  /// From now on `event` is answered by function(arguments...), in this session alone: POE's `state`. May be called
  /// from any of its handlers, the replaced one included, which then ends undisturbed (P036). Throws std::logic_error
  /// as HandlerTable::add() does.
  template <class... A, class F>
  requires std::invocable<F&, A...>
  void handle(const Event<A...>& event, F function, const char* file = __builtin_FILE(),
              std::uint32_t line = __builtin_LINE()) {
    auto [row, owner] = handler::dynamic_row(event, std::move(function));
    row.file = file;
    row.line = line;
    set_handler(row, std::move(owner));
  }
  /// Takes the handler of `event` away, in this session alone. No effect if there is none.
  void unhandle(const EventKey& event);

  /// See SessionOptions; the kernel's KernelOptions::sessions to begin with.
  SessionOptions options() const noexcept;
  void set_options(const SessionOptions& options) noexcept;

  /// Ends this session after the current handler, whatever its references: `_stop` runs, its children go to its parent
  /// (P048), events to and from it are dropped (P054).
  void request_stop();
  /// Whether this session is about to end: request_stop() or Kernel::stop() was called, or it is in `_stop`. Who
  /// delivers several things in one handler, a wheel for example, must ask after each of them.
  bool stop_requested() const noexcept { return dispatcher_->stop_requested(id_); }
  /// Leaves the parent: becomes a child of the kernel (P050). Error: it is one already.
  Result<void> detach_myself();
  /// Gives a child of this session to the kernel (P051).
  Result<void> detach_child(SessionId child_session);

  // ---- coroutines: include poe/coroutine.hpp to use these. What can be awaited ends with a Result; error `cancelled`
  // once this session stops; see poe/awaits.hpp.

  /// Runs a Task as part of this session, beside its handlers: at once up to its first await. What it throws is a DIE.
  void launch(Task<> task);
  /// Zero: after the events already queued. Never early.
  Sleep sleep(Duration delay);
  Sleep sleep_until(TimePoint due);
  /// The next event of that kind that reaches this session, which then is not offered to its handler. One that comes
  /// while nobody waits goes to the handler; an Inbox (poe/await_queue.hpp) keeps it.
  template <class... A>
  NextEvent<A...> next(const Event<A...>& event, Duration timeout = kForever);
  /// Posts an event and waits for what its handler returns, or what the Task it returns ends with. Errors: no_session
  /// (`to` has ended, perhaps before it replied), no_handler, bad_arguments (it returns no R), exception.
  template <class R, class... A, class... B>
  requires std::constructible_from<std::tuple<std::decay_t<A>...>, B...> Ask<R, A...> ask(SessionId to,
                                                                                          const Event<A...>& event,
                                                                                          B&&... arguments);
  /// As post(), but where the mailbox of `to` is full, and its policy is to refuse, waits until it has room: who sends
  /// is held up, not who receives. Turns come as with when_room(). Errors: as post().
  template <class... A, class... B>
  requires std::constructible_from<std::tuple<std::decay_t<A>...>, B...> Send<A...> send(SessionId to,
                                                                                         const Event<A...>& event,
                                                                                         B&&... arguments);
  /// How that child of this process ended, as on_exit().
  ChildExit exited(std::int64_t pid);
  /// The signal when it comes next; it counts as handled. on_signal() handlers are told as well. Waiting for a signal
  /// of the system keeps the program running, for an invented one it does not.
  NextSignal signal(std::string_view name);
  /// What is ready of a descriptor, once. For a stream use wheels/ReadWrite: this asks the loop anew each time.
  Readiness readable(int fd);
  Readiness writable(int fd);
  /// A std::stop_token that is told when this session begins to stop, before its `_stop`: for worker threads, and for
  /// functions that take one. Include poe/stopping.hpp.
  auto stopping() const;

 protected:
  explicit Self(const Birth& birth) noexcept;
  ~Self() = default;

 private:
  template <class... A, class F, class... B>
  Timer with_payload(const Event<A...>&, F&& start_timer, B&&... arguments) {
    alignas(8) std::byte payload[Payload<A...>::kSize + 8];
    Payload<A...>::construct(payload, std::forward<B>(arguments)...);
    return start_timer(payload);
  }
  // These take the payload over.
  Timer start_after(Duration delay, const EventKey& event, void* payload);
  Timer start_at(TimePoint due, const EventKey& event, void* payload);
  Timer start_at_wall(WallTime due, const EventKey& event, void* payload);
  Timer start_every(Duration period, Missed missed, const EventKey& event, void* payload);
  void set_handler(const Handler& row, std::shared_ptr<void> owner);
  std::shared_ptr<Mailbox> hold_for_postback();
  friend class MachineSession;
  /// Handlers are looked up in `table` from now on; it outlives this session, and its rows fit the object.
  void use_table(const HandlerTable& table);
  KernelCore& core() const noexcept;
  void launch_body(Task<> body);
  const void* stop_source() const;
  template <class F, class... B>
  friend class TaskSession;
  friend class EventAwait;
  friend class Scope;

  Dispatcher* dispatcher_;
  SessionId id_;
};

/// The licence to be a session: made by Kernel::spawn alone, so that no session lives on a stack.
class POE_API Birth {
 public:
  Birth(Birth&&) noexcept = default;

 private:
  friend class Kernel;
  friend class KernelCore;
  friend class Self;
  Birth(Dispatcher& dispatcher, SessionId id) noexcept : dispatcher_(&dispatcher), id_(id) {}
  Dispatcher* dispatcher_;
  SessionId id_;
};

/// Form 1: a class. Derive, name the handlers in a static `handlers(Handlers<S>&)`, spawn with Kernel::spawn<S>(...).
/// The kernel owns the object and destroys it after `_stop`.
class POE_API Session : public Self {
 public:
  virtual ~Session();

 protected:
  explicit Session(Birth&& birth) noexcept : Self(birth) {}
};

template <class S>
concept ClassSession = std::derived_from<S, Session> && requires(Handlers<S>& table) {
  S::handlers(table);
};

/// Form 2: lambdas over one state. Each takes the state, the session, and the event's arguments.
template <class State>
class Inline {
 public:
  explicit Inline(State state) : state_(std::move(state)), table_(std::make_unique<HandlerTable>()) {}

  template <class... A, class F>
  requires std::invocable<F&, State&, Self&, A...> Inline &&
      on(const Event<A...>& event, F function, const char* file = __builtin_FILE(),
         std::uint32_t line = __builtin_LINE()) && {
    auto owned = std::make_shared<F>(std::move(function));
    table_->add(handler::callable_row<Object, Self>(event, *owned, file, line));
    table_->own(std::move(owned));
    return std::move(*this);
  }

  /// POE's `_default`: f(state, self, event, arguments).
  template <class F>
  requires std::invocable<F&, State&, Self&, const EventKey&, std::span<const Value>> Inline && otherwise(F function) &&
  {
    auto owned = std::make_shared<F>(std::move(function));
    table_->fallback.row.set_target(owned.get());
    table_->fallback.thunk = [](void* object, const Handler& self, const EventKey& event, std::span<const Value> a) {
      auto& session = *static_cast<Object*>(object);
      std::invoke(*self.target_as<F*>(), session.state, static_cast<Self&>(session), event, a);
    };
    table_->own(std::move(owned));
    return std::move(*this);
  }

 private:
  friend class Kernel;
  struct Object final : Session {
    Object(Birth&& birth, State&& initial) : Session(std::move(birth)), state(std::move(initial)) {}
    State state;
  };
  State state_;
  std::unique_ptr<HandlerTable> table_;
};

template <class State>
Inline(State) -> Inline<State>;

}  // namespace poe
