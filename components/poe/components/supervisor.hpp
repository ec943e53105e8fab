// SPDX-License-Identifier: MIT
//
// Supervisor: starts sessions, and starts them again when they crash (Erlang/OTP's supervisor; on CPAN
// POE::Component::Supervisor). A crash is an exception that leaves a handler of the child, or of a session below it,
// and that nobody there has handled as DIE. An end without one is a normal end.
//
//     poe::SupervisorOptions options;
//     options.add("resolver", [](poe::Supervisor& self) { return self.kernel().spawn<Resolver>(); })
//            .add("server", [](poe::Supervisor& self) { return self.kernel().spawn<Server>(7007); });
//     kernel.spawn<poe::Supervisor>(std::move(options));
//
// Supervisors may be children of supervisors: one that gives up crashes itself.
#pragma once

#include <cstdint>
#include <deque>
#include <exception>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "poe/kernel.hpp"
#include "poe/log.hpp"

namespace poe {

class Supervisor;

/// Who is stopped and started again with a child that crashed.
enum class RestartStrategy : std::uint8_t {
  one_for_one,   ///< that child
  one_for_all,   ///< all of them
  rest_for_one,  ///< that child and those added after it
};

/// When a child is started again.
enum class Restart : std::uint8_t {
  permanent,  ///< always
  transient,  ///< after a crash
  temporary,  ///< never
};

/// What the supervisor tells of a child.
struct SupervisorNews {
  enum class What : std::uint8_t { started, ended, crashed, stopped };
  What what;
  std::string_view name;  ///< of the child; valid during the call
  SessionId id;
  const Error* error;  ///< crashed: why; otherwise nullptr
};

/// Has constructors, so it is no aggregate: g++ 12 destroys aggregates twice when they travel in a co_await operand.
class POE_API SupervisorOptions {
 public:
  /// Spawns the child, from inside the supervisor, so that it becomes its parent, and gives back its id.
  using Factory = Fn<SessionId(Supervisor&)>;

  SupervisorOptions();
  SupervisorOptions(SupervisorOptions&&) noexcept;
  SupervisorOptions& operator=(SupervisorOptions&&) noexcept;
  ~SupervisorOptions();

  /// Children are started in the order they are added, and stopped in the reverse.
  SupervisorOptions& add(std::string name, Factory factory, Restart restart = Restart::permanent);

  RestartStrategy strategy = RestartStrategy::one_for_one;
  /// More crashes than this within that time, and the supervisor gives up: it stops all children and throws
  /// SupervisorGaveUp, which is a DIE as any other. Erlang's values. 0: the first crash is too much.
  std::uint32_t max_restarts = 1;
  Duration within = std::chrono::seconds(5);
  /// A child that is to stop gets the signal TERM; one that handles it has this long to end by itself before KILL.
  Duration stop_limit = std::chrono::seconds(5);
  /// A name for the supervisor's session; empty: none.
  std::string alias{};
  /// Hears of each start, end, crash and stop.
  Fn<void(Supervisor&, const SupervisorNews&)> news{};
  /// Called instead of the throw when it gives up; the supervisor then ends.
  Fn<void(Supervisor&, const Error&)> gave_up{};
  /// Where crashes are reported, as warnings. nullptr: stderr_log().
  LogSink* log = nullptr;

 private:
  friend class Supervisor;
  struct Spec {
    std::string name;
    Factory factory;
    Restart restart;
  };
  std::vector<Spec> specs_;
};

/// What a supervisor throws that gives up. error().exception() is what the last child threw.
class POE_API SupervisorGaveUp : public std::exception {
 public:
  explicit SupervisorGaveUp(Error error);
  ~SupervisorGaveUp() override;
  const char* what() const noexcept override { return text_.c_str(); }
  const Error& error() const noexcept { return error_; }

 private:
  Error error_;
  std::string text_;
};

/// Loop thread. It ends when its last child has ended for good; with DRAIN (Kernel::drain_then_stop()) nobody is
/// started again. What a child leaves behind, its own children, is stopped: nobody else looks after them.
class POE_API Supervisor : public Session {
 public:
  Supervisor(Birth birth, SupervisorOptions options);
  ~Supervisor() override;

  template <class S>
  static void handlers(Handlers<S>& table) {
    table.on(start, &Supervisor::begin)
        .on(child, &Supervisor::family)
        .on(step, &Supervisor::go_on)
        .on(stillborn, &Supervisor::check_birth);
  }

  /// One more child, started at once, last in the order. Error invalid_argument: the name is taken, or it is stopping.
  Result<void> add(std::string name, SupervisorOptions::Factory factory, Restart restart = Restart::permanent);
  /// Stops that child for good; nobody else is touched. Error invalid_argument: there is none of that name.
  Result<void> remove(std::string_view name);
  /// Stops all children, the last first, each when the one after it has ended; then the supervisor ends.
  void shutdown();

  /// The child's present session; empty (no session) while it is not running.
  SessionId find(std::string_view name) const noexcept;
  /// Crashes within the time that counts.
  std::size_t recent_crashes() const noexcept { return crashes_.size(); }

 private:
  static constexpr Event<> step{"supervisor_step"};
  static constexpr Event<SessionId> stillborn{"supervisor_stillborn"};
  struct Child;

  void begin();
  void family(const ChildChange& change);
  void hear_of_death(const Signal& die);
  void check_birth(SessionId child_session);
  void go_on();

  Child* child_of(SessionId id) const noexcept;
  Child* child_of(std::string_view name) const noexcept;
  void crashed(Child& who, const std::exception_ptr& thrown);
  void ended(Child& who);
  void start_again(Child& who, const Error& why);
  bool too_often();
  void plan_restart(const Child& who);
  void stop_all();
  bool stop_next();
  void start_all();
  void launch(Child& who);
  SessionId make(Child& who, std::exception_ptr& thrown);
  void ask_to_stop(Child& who);
  void finish();
  void tell(SupervisorNews::What what, const Child& who, const Error* error = nullptr);
  LogSink& log() const noexcept;

  SupervisorOptions options_;
  std::vector<std::unique_ptr<Child>> children_;  // in the order of starting
  std::deque<TimePoint> crashes_;
  std::optional<Error> given_up_;
  std::vector<SessionId> born_;  // our children of the factory that is being called
  bool ending_ = false;          // nobody is started again
  Timer patience_;               // with the child that is being stopped
  Alias alias_;
  KeepAlive alive_;
  SignalWatch die_watch_, drain_watch_;
};

}  // namespace poe
