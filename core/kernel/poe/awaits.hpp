// SPDX-License-Identifier: MIT
//
// What a Task can wait for. An await lives in the coroutine's frame and allocates nothing of its own there. While it is
// pending it is one reference on its session, named in Kernel::why_alive(). It ends exactly once, with a Result:
//
//     co_await self.sleep(50ms)                    Result<void>
//     co_await self.next(tick)                     Result<void>, Result<A> or Result<std::tuple<A...>>
//     co_await self.next(tick).within(1s)          error `timed_out`
//     co_await self.ask<int>(id, query, "x")       Result<int>, see poe/ask.hpp
//     co_await self.send(id, tick, 1)              Result<void>, see poe/send.hpp
//     co_await self.exited(pid), self.signal("INT"), self.readable(fd), self.writable(fd)
//
// When the session stops, the pending ones end with error `cancelled`, after its `_stop` handler; later ones at once.
// An await whose outcome is there already does not suspend. All of it: loop thread only.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <tuple>
#include <type_traits>
#include <utility>
#include <variant>

#include "poe/session.hpp"

namespace poe {

/// One strand of control in a session: a Task that was started, and the Tasks it awaits, one inside the other. Made by
/// the kernel.
struct TaskRun {
  KernelCore* core = nullptr;
  std::uint64_t session = 0;
  void* next = nullptr;              ///< the coroutine to go on with when the one that runs has suspended
  std::uint32_t await = 0xFFFFFFFF;  ///< what it waits for, or none
  std::uint16_t refused = 0;         ///< awaits refused since it was cancelled
  bool cancelled = false;
  bool finished = false;
  bool doomed = false;  ///< to be destroyed as soon as it is off the stack
};

/// The base of all awaits.
class POE_API Await {
 public:
  Await(const Await&) = delete;
  Await& operator=(const Await&) = delete;

  static constexpr bool await_ready() noexcept { return false; }
  template <class Coroutine>
  bool await_suspend(Coroutine coroutine) {
    return suspend(coroutine.promise().run(), coroutine.address());
  }

 protected:
  enum class Ending : std::uint8_t { none, done, failed, timed_out, cancelled };

  Await() noexcept = default;
  ~Await() {
    if (index_ != kNowhere) leave();
  }

  /// Starts to wait: calls pend() and returns true. False, with an ending set, if there is nothing to wait for.
  virtual bool begin() = 0;
  /// Withdraws what begin() set up. Called once after each pend().
  virtual void end() noexcept {}
  /// This process is a fork, and has been told so.
  virtual void forked() noexcept {}
  /// "event \"tick\"": what is awaited, for people.
  virtual std::string describe() const = 0;

  void pend();
  /// The outcome is here: sets it and queues the resumption. Harmless when it has ended already.
  void finish(Ending how) noexcept;
  /// As finish(), but goes on now: for callers that are called by the queue themselves.
  void finish_now(Ending how);
  void fail(Error error) noexcept {
    if (!pending()) return;
    error_ = std::move(error);
    finish(Ending::failed);
  }
  /// For begin(): it cannot be waited for.
  bool refuse(Error error) noexcept;
  bool ended(Ending how) noexcept {
    ending_ = how;
    return false;
  }
  bool pending() const noexcept { return index_ != kNowhere && ending_ == Ending::none; }
  Error error() const;
  KernelCore& core() const noexcept { return *run_->core; }
  SessionId session() const noexcept { return SessionId{run_->session}; }
  std::uint32_t index() const noexcept { return index_; }
  std::uint32_t generation() const noexcept;

  friend class KernelCore;
  static constexpr std::uint32_t kNowhere = 0xFFFFFFFF;
  bool suspend(TaskRun& run, void* frame);
  bool conclude(Ending how) noexcept;
  void leave() noexcept;
  void unregister() noexcept;
  void due();

  TaskRun* run_ = nullptr;
  void* frame_ = nullptr;
  Timer timer_;
  std::int64_t limit_ = INT64_MAX;  // ns to wait, or the time to wait until
  std::optional<Error> error_{};    // with Ending::failed
  std::uint32_t index_ = kNowhere;  // in the kernel's table, while pending
  Ending ending_ = Ending::none;
  bool limit_is_time_ = false;
  Ending at_limit_ = Ending::timed_out;
};

/// An await that ends with a Result<T>.
template <class Derived, class T, class Base = Await>
class AwaitOf : public Base {
 public:
  using Base::Base;
  /// Ends with error `timed_out` if nothing came of it that long after it began. Never early.
  Derived&& within(Duration limit) && {
    this->limit_ = limit.count() < 0 ? 0 : limit.count();
    return static_cast<Derived&&>(*this);
  }
  Result<T> await_resume() {
    if (this->ending_ != Base::Ending::done) return tl::unexpected<Error>(this->error());
    if constexpr (std::is_void_v<T>) {
      return {};
    } else {
      return std::move(*value_);
    }
  }

 protected:
  std::optional<std::conditional_t<std::is_void_v<T>, std::monostate, T>> value_{};
};

class POE_API Sleep final : public AwaitOf<Sleep, void> {
 public:
  explicit Sleep(Duration delay) noexcept {
    limit_ = delay.count() < 0 ? 0 : delay.count();
    at_limit_ = Ending::done;
  }
  explicit Sleep(TimePoint until) noexcept {
    limit_ = until.time_since_epoch().count();
    limit_is_time_ = true;
    at_limit_ = Ending::done;
  }
  Sleep&& within(Duration) && = delete;

 private:
  bool begin() override;
  std::string describe() const override;
};

/// Stands in a session's handler table for the events somebody waits for.
class EventTap;

/// Waits for one event; the typed part is NextEvent.
class POE_API EventAwait {
 public:
  EventAwait(const EventAwait&) = delete;
  EventAwait& operator=(const EventAwait&) = delete;

 protected:
  EventAwait() noexcept = default;
  ~EventAwait() { untap(); }
  friend class EventTap;
  /// Takes the arguments out of a payload, and makes use of them. The last thing that touches *this.
  virtual void take(void* payload) = 0;
  /// Puts itself behind the others that wait for it in that session, until untap(). `keeps`: it gets what nobody waits
  /// for, before the session's handler.
  void tap(KernelCore& core, SessionId session, const EventKey& event, bool keeps);
  void tap(Self& self, const EventKey& event, bool keeps);
  void untap() noexcept;

 private:
  EventTap* tap_ = nullptr;
  EventAwait* previous_ = nullptr;
  EventAwait* next_ = nullptr;
  bool keeps_ = false;
};

/// What co_await gives for an event: nothing, the one argument, or all in a tuple.
template <class... A>
struct EventValue {
  using type = std::tuple<std::decay_t<A>...>;
};
template <class A>
struct EventValue<A> {
  using type = std::decay_t<A>;
};
template <>
struct EventValue<> {
  using type = void;
};
template <class... A>
using EventValueOf = typename EventValue<A...>::type;

template <class... A>
class NextEvent final : public AwaitOf<NextEvent<A...>, EventValueOf<A...>>, private EventAwait {
 public:
  NextEvent(SessionId session, const Event<A...>& event, Duration timeout) noexcept : owner_(session), event_(&event) {
    if (timeout != kForever) this->limit_ = timeout.count() < 0 ? 0 : timeout.count();
  }

 private:
  using Ending = Await::Ending;
  bool begin() override {
    this->pend();
    tap(this->core(), owner_, *event_, false);
    return true;
  }
  void end() noexcept override { untap(); }
  std::string describe() const override { return "event \"" + std::string(event_->name) + "\""; }
  void take(void* payload) override {
    if constexpr (sizeof...(A) != 0) {
      handler::apply<A...>(payload,
                           [this](auto&&... item) { this->value_.emplace(std::forward<decltype(item)>(item)...); });
    }
    this->finish_now(Ending::done);
  }

  SessionId owner_;
  const Event<A...>* event_;
};

/// Error: not a child of this process, or awaited by somebody else already.
class POE_API ChildExit final : public AwaitOf<ChildExit, ExitStatus> {
 public:
  explicit ChildExit(std::int64_t pid) noexcept : pid_(pid) {}

 private:
  bool begin() override;
  void forked() noexcept override;
  void end() noexcept override { watch_.cancel(); }
  std::string describe() const override;
  std::int64_t pid_;
  ChildWatch watch_;
};

class POE_API NextSignal final : public AwaitOf<NextSignal, Signal> {
 public:
  explicit NextSignal(std::string_view name) : name_(name) {}

 private:
  friend class KernelCore;
  bool begin() override;
  void end() noexcept override { watch_.cancel(); }
  std::string describe() const override;
  std::string name_;
  SignalWatch watch_;
};

/// Ends with what is ready: POE_READ or POE_WRITE, with POE_ERROR or POE_HANGUP.
class POE_API Readiness final : public AwaitOf<Readiness, std::uint32_t> {
 public:
  Readiness(int fd, std::uint32_t interest) noexcept : fd_(fd), interest_(interest) {}

 private:
  bool begin() override;
  void end() noexcept override { watch_.cancel(); }
  std::string describe() const override;
  int fd_;
  std::uint32_t interest_;
  Watch watch_;
};

// ---- Self's part

inline Sleep Self::sleep(Duration delay) { return Sleep(delay); }
inline Sleep Self::sleep_until(TimePoint due) { return Sleep(due); }
template <class... A>
NextEvent<A...> Self::next(const Event<A...>& event, Duration timeout) {
  return NextEvent<A...>(id_, event, timeout);
}
inline ChildExit Self::exited(std::int64_t pid) { return ChildExit(pid); }
inline NextSignal Self::signal(std::string_view name) { return NextSignal(name); }
inline Readiness Self::readable(int fd) { return Readiness(fd, POE_READ); }
inline Readiness Self::writable(int fd) { return Readiness(fd, POE_WRITE); }

}  // namespace poe
