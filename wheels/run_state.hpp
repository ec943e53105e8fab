// SPDX-License-Identifier: MIT
//
// The pinned part of a Run. The handle points here and may move; whatever calls back keeps this alive until it returns,
// so that dropping the handle in a callback ends the wheel at once, but frees it only then.
#pragma once

#include <memory>
#include <optional>
#include <string_view>

#include "poe/wheels/run.hpp"
#include "poe/wheels/run_awaits.hpp"
#include "replaceable.hpp"
#include "run_launch.hpp"
#include "wait_list.hpp"

namespace poe {

class Run::State : public std::enable_shared_from_this<State> {
 public:
  /// Takes the callbacks out of `options`.
  State(Self& self, RunOptions& options);
  State(const State&) = delete;
  State& operator=(const State&) = delete;

  /// Second half of the making, which needs shared_from_this().
  void connect(Result<Launched> launched, const Captured& captured, RunOptions& options);
  /// The handle is gone: nothing is delivered from here on.
  void close();

  Result<void> kill(int signal, bool group);
  Result<void> resize(WindowSize size);
  void pause(ChildStream which) noexcept;
  void resume(ChildStream which);
  /// The wheel of that stream, or null.
  ReadWrite* wheel(ChildStream which) noexcept;

  void await_exit(ProcessExit& waiter) noexcept { waiters_.add(waiter); }
  void forget(ProcessExit& waiter) noexcept { waiters_.remove(waiter); }
  bool exit_told() const noexcept { return told_exit_; }

  std::int64_t pid = 0;
  std::optional<Error> failed;
  bool failure_seen = false;  // somebody asked
  std::optional<ExitStatus> status;

  Replaceable<std::string_view> on_stdout;
  Replaceable<std::string_view> on_stderr;
  Replaceable<> on_stdin_flushed;
  Replaceable<> on_stdin_high;
  Replaceable<> on_stdin_low;
  Replaceable<ChildStream, const Error&> on_error;
  Replaceable<> on_close;
  Replaceable<const ExitStatus&> on_exit;

 private:
  /// One output with a callback.
  struct Output {
    bool open = false;  // delivers, and has not ended
    bool paused = false;
    bool drained = false;    // the process has ended, and nothing it wrote is left
    std::uint64_t most = 0;  // octets: after so many, what comes is others'
  };

  Result<void> watch_exit();
  void connect_main(Conduits& conduits, RunOptions& options);
  void connect_errors(Conduits& conduits, RunOptions& options);
  void cannot_start(Error why);

  void record(ChildStream which, std::string_view text);
  void tell(const Replaceable<>& callback);
  void fault(ChildStream reader, const Error& error);
  void output_ended();
  bool tell_close();
  void process_ended(const ExitStatus& how);
  void look_later();
  void settle();
  bool drain(ChildStream which);
  bool is_drained() { return drain(ChildStream::output) && !closed_ && drain(ChildStream::errors) && !closed_; }
  void tell_exit();
  void release_if_done();
  bool is_heard() const noexcept { return !closed_ && !self_.stop_requested(); }
  Output& output(ChildStream which) noexcept { return which == ChildStream::errors ? errors_output_ : main_output_; }

  Self& self_;
  ReadWrite main_;    // stdin and stdout
  ReadWrite errors_;  // stderr
  Output main_output_;
  Output errors_output_;
  ChildWatch watch_;
  std::optional<ExitStatus> ended_;
  WaitList<ProcessExit> waiters_;
  int signal_on_drop_ = 0;
  bool group_ = false;
  bool terminal_ = false;
  bool delivers_ = false;  // some output has a callback
  bool pulls_ = false;     // somebody may read what is left after the end
  bool closed_ = false;
  bool told_close_ = false;
  bool told_exit_ = false;
  bool settling_ = false;
  bool look_again_ = false;  // a turn that settles is queued
};

}  // namespace poe
