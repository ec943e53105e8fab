// SPDX-License-Identifier: MIT
#include "run_state.hpp"

#include <utility>

#include "poe/kernel.hpp"
#include "poe/log.hpp"
#include "run_terminal.hpp"

namespace poe {
namespace {

// More than a conduit can hold when its writer has ended: a pipe at most 1 MiB, unless root made it larger. Octets.
constexpr std::uint64_t kMostHeld = 2U << 20;

bool ends_reading(const Error& error) { return error.code() != Errc::limit && error.code() != Errc::protocol; }

}  // namespace

Run::State::State(Self& self, RunOptions& options)
    : on_stdout(std::move(options.on_stdout)),
      on_stderr(std::move(options.on_stderr)),
      on_stdin_flushed(std::move(options.on_stdin_flushed)),
      on_stdin_high(std::move(options.on_stdin_high)),
      on_stdin_low(std::move(options.on_stdin_low)),
      on_error(std::move(options.on_error)),
      on_close(std::move(options.on_close)),
      on_exit(std::move(options.on_exit)),
      self_(self),
      signal_on_drop_(options.signal_on_drop) {}

void Run::State::connect(Result<Launched> launched, const Captured& captured, RunOptions& options) {
  if (!launched) return cannot_start(std::move(launched.error()));
  pid = launched->pid;
  group_ = launched->group;
  terminal_ = captured.terminal;
  if (auto watched = watch_exit(); !watched) {
    end_unwatched(std::exchange(pid, 0));
    return cannot_start(std::move(watched.error()));
  }
  pulls_ = options.read_stdout || options.read_stderr;
  main_output_.open = static_cast<bool>(on_stdout);
  errors_output_.open = static_cast<bool>(on_stderr);
  delivers_ = main_output_.open || errors_output_.open;
  Conduits& ours = launched->conduits;
  if (ours.both || ours.input || ours.output) connect_main(ours, options);
  if (ours.errors) connect_errors(ours, options);
}

Result<void> Run::State::watch_exit() {
  auto watch = self_.on_exit(pid, [self = shared_from_this()](const ExitStatus& how) { self->process_ended(how); });
  if (!watch) return failure(watch.error());
  watch_ = std::move(*watch);
  watch_.reap_always();  // nobody else knows of it
  return {};
}

void Run::State::connect_main(Conduits& conduits, RunOptions& options) {
  ReadWriteOptions main = conduits.both ? ReadWriteOptions(std::move(conduits.both))
                                        : ReadWriteOptions(std::move(conduits.output), std::move(conduits.input));
  main.filter = std::move(options.stdout_filter);
  main.output_filter = options.stdin_filter ? std::move(options.stdin_filter) : AnyFilter(LineOptions());
  if (main_output_.open) main.on_record = [this](std::string_view text) { record(ChildStream::output, text); };
  main.on_error = [this](const Error& error) { fault(ChildStream::output, error); };
  main.on_flushed = [this] { tell(on_stdin_flushed); };
  main.on_high = [this] { tell(on_stdin_high); };
  main.on_low = [this] { tell(on_stdin_low); };
  main.high_water = options.high_water;
  main.low_water = options.low_water;
  main.output_limit = options.output_limit;
  main.budget = options.budget;
  main.deliver_unfinished = options.deliver_unfinished;
  main_ = ReadWrite(self_, std::move(main));
}

void Run::State::connect_errors(Conduits& conduits, RunOptions& options) {
  ReadWriteOptions errors(std::move(conduits.errors), Fd());
  errors.filter = std::move(options.stderr_filter);
  if (errors_output_.open) errors.on_record = [this](std::string_view text) { record(ChildStream::errors, text); };
  errors.on_error = [this](const Error& error) { fault(ChildStream::errors, error); };
  errors.budget = options.budget;
  errors.deliver_unfinished = options.deliver_unfinished;
  errors_ = ReadWrite(self_, std::move(errors));
}

void Run::State::cannot_start(Error why) {
  failed = std::move(why);
  self_.defer([self = shared_from_this()] {
    if (self->closed_) return;
    if (self->on_error) return self->on_error(ChildStream::none, *self->failed);
    if (!self->failure_seen) stderr_log().write(LogLevel::error, self->failed->report());
  });
}

// ---- the streams

void Run::State::record(ChildStream which, std::string_view text) {
  const auto alive = shared_from_this();
  (which == ChildStream::output ? on_stdout : on_stderr)(text);
}

void Run::State::tell(const Replaceable<>& callback) {
  const auto alive = shared_from_this();
  callback();
}

void Run::State::fault(ChildStream reader, const Error& error) {
  const auto alive = shared_from_this();
  Output& from = output(reader);
  const bool reading = error.operation() == "read" || (error.operation() == "watch" && from.open);
  const bool ended = reading && ends_reading(error) && std::exchange(from.open, false);
  try {
    on_error(reading ? reader : ChildStream::input, error);
  } catch (...) {
    if (ended && !closed_) look_later();
    throw;
  }
  if (ended) output_ended();
}

void Run::State::output_ended() {
  if (!is_heard() || !tell_close()) return;
  settle();
  release_if_done();
}

// Once, when there is nothing left to come. False: nobody is there any more.
bool Run::State::tell_close() {
  const bool all = delivers_ && !main_output_.open && !errors_output_.open;
  if (!all || std::exchange(told_close_, true)) return true;
  try {
    on_close();
  } catch (...) {
    if (!closed_) look_later();
    throw;
  }
  return is_heard();
}

ReadWrite* Run::State::wheel(ChildStream which) noexcept {
  ReadWrite& found = which == ChildStream::errors ? errors_ : main_;
  return found ? &found : nullptr;
}

void Run::State::pause(ChildStream which) noexcept {
  output(which).paused = true;
  if (ReadWrite* const found = wheel(which)) found->pause_input();
}

void Run::State::resume(ChildStream which) {
  output(which).paused = false;
  if (ReadWrite* const found = wheel(which)) found->resume_input();
  if (ended_) look_later();
}

// ---- the end

void Run::State::process_ended(const ExitStatus& how) {
  const auto alive = shared_from_this();
  ended_ = how;
  if (main_) main_output_.most = main_.in_octets() + kMostHeld;
  if (errors_) errors_output_.most = errors_.in_octets() + kMostHeld;
  settle();
}

void Run::State::look_later() {
  if (std::exchange(look_again_, true)) return;
  self_.defer([self = shared_from_this()] {
    self->look_again_ = false;
    self->output_ended();
  });
}

// All that the process wrote lies in the conduits by now, even if others keep them open. It is read and delivered, one
// read of each a turn, before the end is told. Why octets are counted: reads would be the wheel's own as well, and
// turns may pass with records that the budget held back.
void Run::State::settle() {
  if (!ended_ || told_exit_ || settling_ || !is_heard()) return;
  struct Level {
    State& state;
    ~Level() { state.settling_ = false; }
  };
  bool drained = false;
  try {
    const Level level{*this};
    settling_ = true;
    drained = is_drained();
  } catch (...) {  // a callback: what it left is looked at again
    if (!closed_) look_later();
    throw;
  }
  if (!is_heard()) return;
  if (drained) {
    if (tell_close()) tell_exit();
    return;
  }
  const auto waits = [](const Output& of) { return of.open && !of.drained && !of.paused; };
  if (waits(main_output_) || waits(errors_output_)) look_later();
}

bool Run::State::drain(ChildStream which) {
  Output& from = output(which);
  if (!from.open || from.drained) return true;
  if (from.paused) return false;
  ReadWrite& reader = *wheel(which);
  const bool more = reader.in_octets() < from.most && reader.read_now();
  from.drained = !more && !from.paused;
  return !from.open || from.drained;
}

void Run::State::tell_exit() {
  told_exit_ = true;
  status = ended_;
  waiters_.each([this](ProcessExit& waiter) {
    waiter.value_ = *status;
    waiter.finish(ProcessExit::Ending::done);
  });
  try {
    on_exit(*status);
  } catch (...) {
    release_if_done();
    throw;
  }
  release_if_done();
}

// A session is not kept for a wheel that has nothing left to say.
void Run::State::release_if_done() {
  if (!told_exit_ || main_output_.open || errors_output_.open || pulls_) return;
  main_ = ReadWrite();
  errors_ = ReadWrite();
}

void Run::State::close() {
  closed_ = true;
  main_ = ReadWrite();
  errors_ = ReadWrite();
  waiters_.fail_all(Error(Errc::closed, "wait for", "the end of process " + std::to_string(pid), "its wheel is gone"));
  if (pid == 0 || ended_ || !watch_.is_unreaped(pid)) return;
  if (signal_on_drop_ != 0) static_cast<void>(send_signal(pid, group_, signal_on_drop_));
  std::move(watch_).detach();  // it is reaped when it ends, for which the session stays
}

Result<void> Run::State::kill(int signal, bool group) {
  if (pid == 0 || !watch_.is_unreaped(pid)) {
    return failure(Errc::closed, "kill", "process " + std::to_string(pid),
                   pid == 0 ? "it was not started" : "it has ended, and others may have its number by now");
  }
  return send_signal(pid, group && group_, signal);
}

Result<void> Run::State::resize(WindowSize size) {
  if (!terminal_ || !main_) {
    return failure(Errc::not_supported, "resize", "process " + std::to_string(pid), "it has no terminal of ours",
                   "run it with Conduit::pty or pty_pipe");
  }
  return set_window(main_.input_fd(), size);
}

}  // namespace poe
