// SPDX-License-Identifier: MIT
//
// What a Run is told when it is made: what to run and as whom, where its three standard handles go, and who is called.
#pragma once

#include <sys/types.h>

#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "poe/error.hpp"
#include "poe/fd.hpp"
#include "poe/fn.hpp"
#include "poe/signals.hpp"
#include "poe/wheels/any_filter.hpp"
#include "poe/wheels/read_write_options.hpp"

namespace poe {

/// What stands between us and the child's standard handles.
enum class Conduit : std::uint8_t {
  pipe,        ///< a pipe for each
  socketpair,  ///< one socket for stdin and stdout, as under inetd, and another one for stderr
  pty,         ///< a terminal for all three: stderr comes with stdout; the child leads a session of its own
  pty_pipe,    ///< a terminal for stdin and stdout, a pipe for stderr
};

/// Which handle of the child an error is about; `none`: starting it.
enum class ChildStream : std::uint8_t { none, input, output, errors };

/// Size of a terminal, in characters and pixels.
struct WindowSize {
  WindowSize() = default;
  /// Pixels for cells of 9 by 16 (as POE does).
  WindowSize(std::uint16_t row_count, std::uint16_t column_count) noexcept
      : WindowSize(row_count, column_count, static_cast<std::uint16_t>(column_count * 9),
                   static_cast<std::uint16_t>(row_count * 16)) {}
  WindowSize(std::uint16_t row_count, std::uint16_t column_count, std::uint16_t x, std::uint16_t y) noexcept
      : rows(row_count), columns(column_count), x_pixels(x), y_pixels(y) {}
  std::uint16_t rows = 24;
  std::uint16_t columns = 80;
  std::uint16_t x_pixels = 0;
  std::uint16_t y_pixels = 0;
};

/// Where one handle of the child goes instead of to us.
class Redirect {
 public:
  enum class Kind : std::uint8_t { none, file, append, descriptor, to_stdout };
  Redirect() noexcept = default;
  /// Opened by us before the child starts, so a relative path starts in our working directory. For an output: made if
  /// it is missing (mode 0666 less the umask), and emptied.
  static Redirect file(std::string path) { return {Kind::file, std::move(path), Fd()}; }
  /// For an output: what is there stays.
  static Redirect append(std::string path) { return {Kind::append, std::move(path), Fd()}; }
  static Redirect null() { return file("/dev/null"); }
  /// Taken over, and closed here once the child has it. Whether it blocks is left as it is.
  static Redirect descriptor(Fd fd) { return {Kind::descriptor, {}, std::move(fd)}; }
  /// For stderr: wherever stdout goes.
  static Redirect to_stdout() { return {Kind::to_stdout, {}, Fd()}; }

  Kind kind() const noexcept { return kind_; }
  explicit operator bool() const noexcept { return kind_ != Kind::none; }
  const std::string& path() const noexcept { return path_; }
  Fd& fd() noexcept { return fd_; }
  const Fd& fd() const noexcept { return fd_; }

 private:
  Redirect(Kind kind, std::string path, Fd fd) : kind_(kind), path_(std::move(path)), fd_(std::move(fd)) {}
  Kind kind_ = Kind::none;
  std::string path_;
  Fd fd_;
};

/// Has constructors, so it is no aggregate: see ReadWriteOptions.
class RunOptions {
 public:
  /// A program and its arguments, no shell in between. Without a slash it is looked up in PATH, that of the new
  /// environment; with a relative path, from the new working directory.
  explicit RunOptions(std::vector<std::string> program) : command(std::move(program)) {}
  /// A line for /bin/sh. Never put into it what came from outside: that is for the list.
  static RunOptions shell(std::string line) { return RunOptions({"/bin/sh", "-c", std::move(line)}); }
  /// A function, called in a copy of this process; what it returns, modulo 256, is the exit code. It must leave alone
  /// the kernel, its sessions and wheels. Only the calling thread exists there, so a lock another thread held stays
  /// held. It ends without destructors and exit handlers (P151), after stdout and stderr were flushed; what it throws
  /// is printed to stderr and ends it with code 255.
  static RunOptions call(Fn<int()> in_child) {
    RunOptions options{std::vector<std::string>()};
    options.function = std::move(in_child);
    return options;
  }

  std::vector<std::string> command;
  Fn<int()> function;

  // ---- who is called, on the loop thread, as the wheel's session. Each may do anything: drop or move the wheel, stop
  // the session, run a timeslice.

  /// One record of its output; the view ends with the call. Empty, also no read_stdout and no stdout_to: the child has
  /// our own stdout, and a callback that is set later changes nothing (P153).
  Fn<void(std::string_view record)> on_stdout;
  /// The same for stderr. With Conduit::pty stderr comes with stdout, and this must be empty.
  Fn<void(std::string_view record)> on_stderr;
  /// All that was put has been given to the system.
  Fn<void()> on_stdin_flushed;
  /// The buffered input of the child has reached high_water; once, until on_stdin_low.
  Fn<void()> on_stdin_high;
  /// After that it has fallen to low_water or below.
  Fn<void()> on_stdin_low;
  /// With `none`: it could not be started; nothing else follows, see Run::start_error(). With `output` or `errors`: as
  /// ReadWriteOptions::on_error; the end is operation "read", number 0, Errc::end_of_file, also of a terminal (where
  /// Linux says EIO). With `input`, operation "write": EPIPE when the child does not read any more.
  /// Empty: a child that cannot be started is told on stderr, unless start_error() or exited() was asked.
  Fn<void(ChildStream where, const Error&)> on_error;
  /// Once: all outputs that have callbacks have ended.
  Fn<void()> on_close;
  /// Once: the process has ended, and all it wrote itself has been delivered before; after on_close, unless others that
  /// it started still hold its outputs. An output that is paused holds it back until it is resumed.
  Fn<void(const ExitStatus&)> on_exit;

  /// For co_await wheel.read_stdout(), instead of on_stdout. What nobody reads waits in the conduit, which holds the
  /// child up once it is full, and does not hold back on_exit.
  bool read_stdout = false;
  bool read_stderr = false;

  // ---- the standard handles

  Conduit conduit = Conduit::pipe;
  /// Empty: lines.
  AnyFilter stdin_filter;
  AnyFilter stdout_filter;
  AnyFilter stderr_filter;
  /// Not with a terminal in that place, and not with the callback for it.
  Redirect stdin_from;
  Redirect stdout_to;
  Redirect stderr_to;
  /// No conduit for stdin: the child has ours.
  bool no_stdin = false;
  /// Terminals only: neither echo nor line editing, bytes as they are (P154). False: as a person would have it.
  bool raw_terminal = true;
  /// Terminals only, set before the program starts. Empty: that of our own terminal, or 24 by 80.
  std::optional<WindowSize> window;

  /// Marks and limit of what was put and not written, see ReadWriteOptions.
  std::size_t high_water = std::size_t{64} << 10;
  std::size_t low_water = std::size_t{16} << 10;
  std::size_t output_limit = std::size_t{4} << 20;
  ReadBudget budget;
  /// At the end of an output, deliver an unfinished record. POE drops it; but a last line without its ending is output.
  bool deliver_unfinished = true;

  // ---- the process. In this order: session, handles, priority, groups, user, working directory.

  /// Working directory; empty: ours.
  std::string directory;
  /// Changes to the environment: values to set, nullopt to take a name away.
  std::map<std::string, std::optional<std::string>> environment;
  /// Start from an empty environment instead of ours.
  bool clear_environment = false;
  /// Numbers. Changing them takes the privilege to do so; all three ids (real, effective, saved) change.
  std::optional<uid_t> user;
  std::optional<gid_t> group;
  /// Supplementary groups. Empty, when root gives the child another user or group: none, so that root's do not stay.
  std::optional<std::vector<gid_t>> groups;
  /// Added to our niceness: positive is weaker.
  int priority = 0;
  /// A session of its own, without a terminal; it includes a group of its own. Terminals imply it.
  bool new_session = false;
  /// A process group of its own (POE without NoSetPgrp), which is what kill() means then. A Ctrl-C at our terminal does
  /// not reach it.
  bool new_group = true;
  /// For functions: close all descriptors but 0, 1, 2 and keep_descriptors (POE's CloseOnCall, here the default). For
  /// programs this is always so.
  bool close_on_call = true;
  /// Descriptors of ours, 3 and up, the child has under the same number. Borrowed.
  std::vector<int> keep_descriptors;
  /// Sent to the group (or process) when the wheel is dropped before the process has ended. 0: none.
  int signal_on_drop = 0;
};

}  // namespace poe
