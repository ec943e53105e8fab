// SPDX-License-Identifier: MIT
//
// Kernel: one queue, one loop, one thread. It runs sessions. Make one with open_kernel() (poe/open.hpp), which finds
// the loop, or from a LoopProvider. Several kernels may live in one process, each used on one thread; other threads
// reach its sessions through an Address.
#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "poe/bridge.hpp"
#include "poe/error.hpp"
#include "poe/export.hpp"
#include "poe/log.hpp"
#include "poe/loop_provider.hpp"
#include "poe/observer.hpp"
#include "poe/session.hpp"
#include "poe/snapshot.hpp"
#include "poe/time.hpp"
#include "poe/trace.hpp"

namespace poe {

/// How much may run before the loop is asked again whether something is ready. A pass is cut when either is used up.
struct Budget {
  std::uint32_t events = 128;
  Duration time = std::chrono::microseconds(500);
};

struct KernelOptions {
  Budget budget{};
  /// Whether run() ends the sessions on SIGINT and SIGTERM where nobody else handles them (a second one kills). Only
  /// in a loop of our own; a guest never does. on_signal() works either way.
  bool os_signals = true;
  /// What sessions begin with; see Self::set_options().
  SessionOptions sessions{};
  /// What is written to the log, and what is checked; open_kernel() adds POE_TRACE and POE_ASSERT.
  Trace trace = Trace::none;
  Assert asserts = Assert::none;
  /// A handler that holds the loop longer is named in the log by a StallWatch; 0: none. At least 1 ms.
  Duration stall_limit{0};
  /// Bytes of queued events, all sessions together, after which posts fail with `limit`.
  std::size_t queue_limit = std::size_t{256} << 20;
  /// Watched descriptors from which a loop that pays for each of them in every wait (GLib, Qt, select, poll; capability
  /// LINEAR_WAIT) gets one instead: an epoll set with all of them. Then a descriptor closed under its watch is not told
  /// as an error. 0: never, as in builds without epoll. open_kernel() takes POE_INNER_SET instead, if that is set.
  std::uint32_t inner_set = 16;
  /// Where warnings go; must outlive the kernel. nullptr: stderr_log().
  LogSink* log = nullptr;
};

/// A kernel's seat in somebody else's loop. Going out of scope leaves the loop.
class POE_API Guest {
 public:
  Guest(Guest&&) noexcept;
  Guest& operator=(Guest&&) noexcept;
  ~Guest();

  /// Leaves the host's loop: nothing is delivered any more, sessions stay and can be attached or run again. The host's
  /// next turns take the rest away; then `done` is called, on the loop thread, from the host's loop. If the host never
  /// runs again, it is never called.
  void detach(Fn<void()> done = {});
  /// Whether our work keeps the host's run from returning; off by default. Error not_supported: libevent always does.
  Result<void> keep_host_alive(bool keep);
  /// Called once when the last session has ended.
  void on_finished(Fn<void()> finished);
  /// Whether it still is in the host's loop: not detached, host not gone.
  explicit operator bool() const noexcept;

 private:
  friend class KernelCore;
  friend class Kernel;
  explicit Guest(KernelCore& core) noexcept;
  KernelCore* core_;
  std::uint64_t seat_;
};

/// What an outer poll loop must wait for; then call run_one_timeslice(0).
struct POE_API Pollable {
  int fd;
  std::uint32_t events;      ///< POE_READ ...
  TimePoint deadline;        ///< TimePoint::max(): none; TimePoint::min(): do not wait. Mind the ends when subtracting
  std::uint64_t generation;  ///< changes when any of the above does

  /// For poll(2): milliseconds to wait, rounded up, so that it does not end early for nothing; -1: for ever.
  int poll_ms(TimePoint now) const noexcept;
  /// For poll(2): `events` as POLLIN and POLLOUT.
  short poll_events() const noexcept;
};

/// A session as it looks from outside; see Kernel::sessions().
struct SessionInfo {
  SessionId id;
  SessionId parent;
  std::vector<std::string> aliases;
  std::uint32_t references;
};

/// A function that Kernel::spawn() makes a session of: Task<>(Self&, arguments...).
// clang-format off
template <class F, class... B>
concept TaskFunction = std::same_as<std::invoke_result_t<std::decay_t<F>&, Self&, std::decay_t<B>...>, Task<>>;
// clang-format on

class POE_API Kernel {
 public:
  explicit Kernel(std::unique_ptr<LoopProvider> loops, KernelOptions options = {});
  Kernel(Kernel&& other) noexcept;
  Kernel& operator=(Kernel&& other) noexcept;
  /// Stops all sessions, each with its `_stop`, and closes the loop. On the loop thread.
  ~Kernel();

  // ---- sessions

  /// Makes a session: constructs S(Birth, arguments...), calls `_start`, tells the parent. The parent is the session
  /// being run, or the kernel (P046). If it throws, the session is stopped at once and the exception becomes a DIE
  /// (P062); the id returned is then already dead.
  template <ClassSession S, class... B>
  requires std::constructible_from<S, Birth, B...> SessionId spawn(B&&... arguments) {
    HandlerTable& table = class_table(type_id<S>(), [](HandlerTable& fresh) {
      fresh.object_type = type_id<S>();
      fresh.destroy = [](void* object) { delete static_cast<S*>(object); };
      Handlers<S> rows(fresh);
      S::handlers(rows);
    });
    return give_birth(table, nullptr, [&](Birth birth) -> void* {
      return static_cast<S*>(new S(std::move(birth), std::forward<B>(arguments)...));
    });
  }

  template <class State>
  SessionId spawn(Inline<State> form) {
    using Object = typename Inline<State>::Object;
    HandlerTable& table = *form.table_;
    table.object_type = type_id<State>();
    table.destroy = [](void* object) { delete static_cast<Object*>(object); };
    return give_birth(table, std::move(form.table_),
                      [&](Birth birth) -> void* { return new Object(std::move(birth), std::move(form.state_)); });
  }

  /// Forms of other headers, which know how to become a session: InlineMachine for one.
  template <class Form>
  requires requires(Form form, Kernel& kernel) {
    { std::move(form).spawn_in(kernel) } -> std::same_as<SessionId>;
  }
  SessionId spawn(Form form) { return std::move(form).spawn_in(*this); }

  /// Makes a session of a coroutine: function(Self&, arguments...) returning Task<>; include poe/coroutine.hpp. Both
  /// are kept as long as the session, which ends when the body returns. The body runs at once up to its first await,
  /// in place of `_start`; what it throws there is as for the class form, later a DIE and its end.
  template <class F, class... B>
  requires TaskFunction<F, B...> SessionId spawn(F&& function, B&&... arguments) {
    using S = TaskSession<std::decay_t<F>, std::decay_t<B>...>;
    static constexpr char kType{};  // by address: type_id<>() is the same for all lambdas of a function
    HandlerTable& table = class_table(reinterpret_cast<std::uintptr_t>(&kType), [](HandlerTable& fresh) {
      fresh.destroy = [](void* object) { delete static_cast<S*>(object); };
      Handlers<S> rows(fresh);
      S::handlers(rows);
    });
    return give_birth(table, nullptr, [&](Birth birth) -> void* {
      return new S(std::move(birth), std::forward<F>(function), std::forward<B>(arguments)...);
    });
  }

  /// Runs f(S&) with that session current. Errors: no_session; bad_arguments if it is not an S.
  template <class S, class F>
  Result<void> with(SessionId id, F&& f) {
    auto object = object_of(id, type_id<S>());
    if (!object) return failure(object.error());
    As as(*this, id);
    std::forward<F>(f)(*static_cast<S*>(*object));
    return {};
  }

  bool alive(SessionId id) const noexcept;
  /// The session of that name; nothing if there is none.
  std::optional<SessionId> resolve(std::string_view alias) const;
  std::size_t session_count() const noexcept;
  std::vector<SessionInfo> sessions() const;
  /// Every reason why that session has not ended, for people; one line each.
  std::string why_alive(SessionId id) const;
  /// why_alive() for every session: the answer to "my program does not end".
  std::string why_running() const;

  // ---- messages

  /// As Self::post(), sent by the session being run, or by the kernel outside of one.
  template <class... A, class... B>
  requires std::constructible_from<std::tuple<std::decay_t<A>...>, B...> Result<void> post(SessionId to,
                                                                                           const Event<A...>& event,
                                                                                           B&&... arguments) {
    return dispatcher().post(to, current_slot(), event, std::forward<B>(arguments)...);
  }
  /// By name, with dynamic arguments, which are checked when it is delivered: if they do not fit, the session gets
  /// `_bad_arguments` instead.
  Result<void> post(SessionId to, std::string_view event, std::span<const Value> arguments);
  template <class R = void, class... A, class... B>
  requires std::constructible_from<std::tuple<std::decay_t<A>...>, B...> Result<R> call(SessionId to,
                                                                                        const Event<A...>& event,
                                                                                        B&&... arguments) {
    return dispatcher().template call<R>(to, event, std::forward<B>(arguments)...);
  }
  /// Sends a signal to a session and all below it; to id() for everybody (P072). Queued.
  Result<void> signal(SessionId to, std::string_view name, std::vector<Value> arguments = {});
  Address address(SessionId id) const;

  // ---- running

  /// Runs until no session is left, or stop(). May be called again with new sessions (P064). Errors: what choosing the
  /// loop says; already_running inside the host's run; exception: a handler's that nobody handled, kept in the Error
  /// (P092); wrong_thread; forked.
  Result<void> run();
  /// Asks the loop once, waiting for at most `max_wait`, and runs one pass: what was queued when it began (P001).
  /// False once no session is left. Legal inside a handler (P039).
  Result<bool> run_one_timeslice(Duration max_wait = kForever);
  /// Slices while `condition()` is true and sessions are left.
  template <std::predicate P>
  Result<void> run_while(P condition) {
    while (condition()) {
      auto more = run_one_timeslice();
      if (!more) return failure(more.error());
      if (!*more) break;
    }
    return {};
  }
  /// Stops every session, deepest first, each with its `_stop`, and drops all events (P066); run() then returns.
  void stop();
  /// Asks everybody to finish: sends the signal DRAIN to all sessions, and goes on running until none is left. What
  /// lives after `limit` is stopped by force, as stop() does, and named in a warning. Either way run() returns, or the
  /// Guest's on_finished() is called. DRAIN by itself ends nobody: a session that has nothing left to wait for ends as
  /// always, so handle it by closing listeners, dropping timers and names. Asked again, only the limit changes.
  /// Errors: what choosing the loop says; wrong_thread; forked.
  Result<void> drain_then_stop(Duration limit);
  /// Whether drain_then_stop() was asked for and is not over.
  bool draining() const noexcept;

  /// For a program with a loop of frames: runs what is due, and what follows from it, for at most `budget`; one pass at
  /// least, and never waits. False once no session is left. Errors: as run_one_timeslice().
  Result<bool> tick(Duration budget = std::chrono::milliseconds(2));
  /// For a host that cannot watch descriptors: see poe/bridge.hpp. Errors: not_supported (the loop is not pollable;
  /// take epoll), already_running (something else drives the kernel), wrong_thread, forked.
  Result<Bridge> bridge(Bridge::RunOnHost run_on_host);
  /// Joins a loop that its owner runs. One host at a time. Errors: what the loop says, not_supported, wrong_thread.
  Result<Guest> attach(const Host& host);
  /// For a host that is none of our plug-ins but can poll a descriptor. Error not_supported: this loop cannot.
  Result<Pollable> pollable();

  /// In the child of a fork: makes the kernel usable again with a new loop; sessions and timers stay, awaited children
  /// are forgotten (P095). In the parent: does nothing. Every other call fails with `forked` before this one.
  Result<void> has_forked();

  // ---- facts

  /// The kernel itself, root of the session tree (P052).
  SessionId id() const noexcept;
  /// The session being run, or id().
  SessionId current() const noexcept;
  /// The name of the event being handled; empty outside of handlers.
  std::string_view current_event() const noexcept;
  TimePoint now();
  /// The loop in use: "epoll"; empty before the first use.
  std::string_view loop_name() const noexcept;
  const poe_loop_plugin* loop_plugin() const noexcept;
  /// A table of the loop by name, or nullptr: see loop_abi.h `extension`.
  const void* loop_extension(const char* name);
  /// The system calls of this kernel's world. Chooses the loop if that has not happened. Valid as long as the kernel.
  Result<const poe_sys*> system();
  std::string why_this_loop() const;
  /// Turns run, events handled, timers fired and readiness reported so far; and how many events are queued now, the
  /// kernel's own among them (P022).
  struct Counts {
    std::uint64_t turns, events, timers, reports, queued;
  };
  Counts counts() const noexcept;

  /// Everything that lives and waits here, as values. O(all of it).
  Snapshot snapshot() const;
  /// "session 3 (\"chat\")", for people.
  std::string describe(SessionId id) const;
  /// What is wrong with the kernel's books, one line each; nothing if they are in order (POE's ASSERT_DATA). Counts
  /// every reference again. For tests, and for suspicion; O(all there is).
  std::vector<std::string> check_books() const;
  /// Tells an observer of everything from now on; it is borrowed until unobserve(), or the kernel's end. Several are
  /// told in the order they came. Not from inside an observer.
  void observe(Observer& observer);
  void unobserve(Observer& observer) noexcept;

 private:
  friend class KernelCore;
  friend class Guest;
  Kernel(KernelCore& core, bool owner) noexcept : core_(&core), owner_(owner) {}

  /// Makes a session current for a scope.
  class POE_API As {
   public:
    As(Kernel& kernel, SessionId id) noexcept;
    As(const As&) = delete;
    As& operator=(const As&) = delete;
    ~As();

   private:
    alignas(8) std::byte entered_[48];  // what is suspended meanwhile
  };

  HandlerTable& class_table(std::uint64_t type, void (*fill)(HandlerTable&));
  /// make(Birth) constructs the object; a table given along belongs to this session alone.
  template <class Make>
  SessionId give_birth(HandlerTable& table, std::unique_ptr<HandlerTable> owned, Make&& make) {
    auto call_make = [](void* maker, Birth birth) {
      return (*static_cast<std::remove_reference_t<Make>*>(maker))(std::move(birth));
    };
    return give_birth(table, std::move(owned), call_make, &make);
  }
  SessionId give_birth(HandlerTable& table, std::unique_ptr<HandlerTable> owned, void* (*make)(void*, Birth),
                       void* maker);
  Result<void*> object_of(SessionId id, std::uint64_t type) const;
  Dispatcher& dispatcher() noexcept;
  std::uint32_t current_slot() const noexcept;

  KernelCore* core_;
  bool owner_;
};

}  // namespace poe
