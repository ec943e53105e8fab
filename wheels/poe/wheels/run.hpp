// SPDX-License-Identifier: MIT
//
// Run: a child process and its standard handles (POE::Wheel::Run). It belongs to one session, whose member it usually
// is, and is used on the loop thread.
//
//     poe::RunOptions options({"grep", "-c", "x"});
//     options.on_stdout = [](std::string_view line) { ... };
//     options.on_exit = [this](const poe::ExitStatus& status) { grep_ = poe::Run(); };
//     grep_ = poe::Run(*this, std::move(options));
//
// The handle may be moved and dropped at any time, also inside the wheel's own callbacks: nothing more is delivered
// then, and the conduits are closed; the process goes on, unless signal_on_drop says otherwise, and is reaped when it
// ends, for which its session stays. If that is stopped, the kernel reaps it, as long as there is the kernel. Real
// systems only: a simulated world has no processes.
#pragma once

#include <csignal>
#include <cstdint>
#include <memory>
#include <optional>
#include <string_view>

#include "poe/export.hpp"
#include "poe/session.hpp"
#include "poe/wheels/read_write.hpp"
#include "poe/wheels/run_options.hpp"

namespace poe {

class ProcessExit;

class POE_API Run {
 public:
  /// No wheel; every call but assignment and operator bool is a bug then, except that put() and kill() fail.
  Run() noexcept;
  /// Starts the process, and returns when it runs the program or the function, with all handles in place (P150), or
  /// could not: start_error() says so at once, on_error later. Throws std::invalid_argument for options that contradict
  /// each other. Keeps its session alive until the process and the outputs with callbacks have ended.
  Run(Self& self, RunOptions options);
  Run(Run&& other) noexcept;
  Run& operator=(Run&& other) noexcept;
  ~Run();

  explicit operator bool() const noexcept { return state_ != nullptr; }
  /// Unique among the wheels that exist in this process.
  std::uint64_t id() const noexcept { return reinterpret_cast<std::uintptr_t>(state_.get()); }
  /// Of the child; 0 if it was not started. Somebody else may have the number once it has ended.
  std::int64_t pid() const noexcept;
  /// Why it could not be started. Operation: the call that failed in the child ("exec", "chdir", "setuid" ...) or here
  /// ("fork", "pipe", "open" ...), with its errno; not_supported in a simulated world.
  const std::optional<Error>& start_error() const noexcept;
  /// How it ended, as soon as on_exit is due.
  const std::optional<ExitStatus>& exit_status() const noexcept;

  /// One record for its stdin. Errors: as ReadWrite::put(); `closed` also if there is no conduit for it, after
  /// shutdown_stdin(), and after the end.
  Result<Output> put(std::string_view record);
  /// The child sees the end of its stdin as soon as all that was put is out. A terminal has no such end: there, only
  /// puts are refused from now on; one that is not raw takes "\x04" for it.
  void shutdown_stdin();
  /// Octets and records that wait to be written.
  std::size_t out_octets() const noexcept;
  std::size_t out_messages() const noexcept;

  /// See ReadWrite::pause_input(). They hold back on_exit as well.
  void pause_stdout() noexcept;
  void resume_stdout();
  void pause_stderr() noexcept;
  void resume_stderr();

  /// See ReadWrite: undelivered bytes go through the new filter, and so does all that follows.
  void set_stdio_filter(AnyFilter filter);
  void set_stdin_filter(AnyFilter filter);
  void set_stdout_filter(AnyFilter filter);
  void set_stderr_filter(AnyFilter filter);
  /// nullptr if there is no conduit. Valid until they are replaced or the wheel goes.
  Filter* stdin_filter() const noexcept;
  Filter* stdout_filter() const noexcept;
  Filter* stderr_filter() const noexcept;

  // Change a callback.
  void on_stdout(Fn<void(std::string_view)> callback);
  void on_stderr(Fn<void(std::string_view)> callback);
  void on_stdin_flushed(Fn<void()> callback);
  void on_error(Fn<void(ChildStream, const Error&)> callback);
  void on_close(Fn<void()> callback);
  void on_exit(Fn<void(const ExitStatus&)> callback);

  /// Sends a signal to the child's group, or to the child alone if it shares ours. Errors: `closed` if it has ended or
  /// never started, what the system says.
  Result<void> kill(int signal = SIGTERM);
  /// To the child alone, as POE does (P155).
  Result<void> kill_process(int signal = SIGTERM);
  /// The size of its terminal; the processes in its foreground get SIGWINCH. Errors: not_supported without a terminal.
  Result<void> resize(WindowSize size);

  // ---- coroutines: include poe/wheels/run_awaits.hpp to use these. The wheel must outlive what it gives.

  /// See ReadWrite::read(). For a wheel made with read_stdout, or read_stderr.
  RecordAwait read_stdout();
  RecordAwait read_stderr();
  /// See ReadWrite::flushed() and drained().
  OutputAwait flushed_stdin();
  OutputAwait drained_stdin();
  /// How it ended: Result<ExitStatus>, when on_exit is due and after it. Any number may wait. Errors: start_error();
  /// `closed` if the wheel goes before.
  ProcessExit exited();

 private:
  friend class ProcessExit;
  class State;
  std::shared_ptr<State> state_;
};

}  // namespace poe
