// SPDX-License-Identifier: MIT
#include "run_conduits.hpp"

#include <fcntl.h>

#include <cerrno>
#include <stdexcept>
#include <string>
#include <utility>

#include "poe/wheels/pipe.hpp"
#include "run_terminal.hpp"

namespace poe {
namespace {

[[noreturn]] void misuse(const std::string& what) { throw std::invalid_argument("Run: " + what); }

void check_output(const char* name, bool callback, bool pulls, bool redirected) {
  const std::string text = name;
  if (callback && pulls) misuse("on_" + text + " and read_" + text + " exclude each other: who gets the records?");
  if (redirected && (callback || pulls)) misuse(text + " cannot both come here and go elsewhere");
}

void check_terminal(const RunOptions& options) {
  if (options.stdin_from || options.stdout_to || options.no_stdin) {
    misuse("stdin and stdout are the terminal; use Conduit::pipe to redirect them");
  }
  if (options.conduit == Conduit::pty && (options.stderr_to || options.on_stderr || options.read_stderr)) {
    misuse("on a terminal stderr comes with stdout; use Conduit::pty_pipe to have it apart");
  }
}

// The child's programs expect handles that wait.
Result<void> make_blocking(const Fd& fd) {
  const int flags = ::fcntl(fd.get(), F_GETFL);
  if (flags >= 0 && ::fcntl(fd.get(), F_SETFL, flags & ~O_NONBLOCK) == 0) return {};
  return system_failure(errno, "fcntl", "the child's end of a conduit");
}

// Where our own standard handles are missing, new descriptors come in their place. None may stay there: the first dup2
// in the child would overwrite the second's source, and a handle the child inherits would be a conduit.
Result<void> lift(Fd& fd) {
  if (!fd || fd.get() > 2) return {};
  Fd higher(::fcntl(fd.get(), F_DUPFD_CLOEXEC, 3), &fd.system());
  if (!higher) return system_failure(errno, "fcntl", "the child's end of a conduit");
  fd = std::move(higher);
  return {};
}

class Opener {
 public:
  Opener(const poe_sys& system, RunOptions& options)
      : system_(system), options_(options), captured_(options), kind_(pipe_kind(options)) {}

  Result<Conduits> open() {
    const auto nothing = [] { return Result<void>(); };
    auto done = captured_.terminal ? terminal() : is_one_socket() ? one_socket() : nothing();
    if (done && captured_.input && !made_.both) done = to_child(made_.input, made_.child[0]);
    if (done && captured_.output && !made_.both) done = from_child(made_.output, made_.child[1]);
    if (done && captured_.errors) done = from_child(made_.errors, made_.child[2]);
    if (done) done = redirect(options_.stdin_from, 0);
    if (done) done = redirect(options_.stdout_to, 1);
    if (done) done = redirect(options_.stderr_to, 2);
    for (Fd* end :
         {&made_.child[0], &made_.child[1], &made_.child[2], &made_.both, &made_.input, &made_.output, &made_.errors}) {
      if (done) done = lift(*end);
    }
    if (!done) return failure(done.error());
    return std::move(made_);
  }

 private:
  static PipeKind pipe_kind(const RunOptions& options) {
    return options.conduit == Conduit::socketpair ? PipeKind::socketpair : PipeKind::pipe;
  }
  bool is_one_socket() const { return kind_ == PipeKind::socketpair && captured_.input && captured_.output; }

  Result<void> terminal() {
    auto made = open_terminal(options_.window, options_.raw_terminal);
    if (!made) return failure(made.error());
    made_.both = std::move(made->master);
    made_.child[0] = std::move(made->slave);
    made_.merged = options_.conduit == Conduit::pty;
    return copy(made_.child[0], made_.child[1]);
  }
  Result<void> one_socket() {
    auto made = make_two_way(system_, kind_);
    if (!made) return failure(made.error());
    made_.both = std::move(made->a.input);
    made_.child[0] = std::move(made->b.input);
    if (auto waits = make_blocking(made_.child[0]); !waits) return waits;
    return copy(made_.child[0], made_.child[1]);
  }
  Result<void> to_child(Fd& ours, Fd& theirs) {
    auto made = make_one_way(system_, kind_);
    if (!made) return failure(made.error());
    ours = std::move(made->writer);
    theirs = std::move(made->reader);
    return make_blocking(theirs);
  }
  Result<void> from_child(Fd& ours, Fd& theirs) {
    auto made = make_one_way(system_, kind_);
    if (!made) return failure(made.error());
    ours = std::move(made->reader);
    theirs = std::move(made->writer);
    return make_blocking(theirs);
  }
  static Result<void> copy(const Fd& from, Fd& to) {
    to = Fd(::fcntl(from.get(), F_DUPFD_CLOEXEC, 3));
    return to ? Result<void>() : system_failure(errno, "fcntl", "the child's end of a conduit");
  }

  Result<void> redirect(Redirect& where, int target) {
    Fd& theirs = made_.child[static_cast<std::size_t>(target)];
    switch (where.kind()) {
      case Redirect::Kind::none:
        return {};
      case Redirect::Kind::descriptor:
        theirs = std::move(where.fd());
        return {};
      case Redirect::Kind::to_stdout:
        made_.merged = true;
        return {};
      case Redirect::Kind::file:
        return open_file(where.path(), target == 0 ? O_RDONLY : kFresh, theirs);
      case Redirect::Kind::append:
        return open_file(where.path(), target == 0 ? O_RDONLY : kAppend, theirs);
    }
    return {};
  }
  Result<void> open_file(const std::string& path, int flags, Fd& theirs) {
    const int fd = system_.open(system_.ctx, path.c_str(), flags, 0666);
    if (fd < 0) return system_failure(-fd, "open", "\"" + path + "\"", "the child's handle was to be redirected there");
    theirs = Fd(fd, &system_);
    return make_blocking(theirs);
  }

  static constexpr int kFresh = O_WRONLY | O_CREAT | O_TRUNC;
  static constexpr int kAppend = O_WRONLY | O_CREAT | O_APPEND;
  const poe_sys& system_;
  RunOptions& options_;
  Captured captured_;
  PipeKind kind_;
  Conduits made_;
};

}  // namespace

bool has_terminal(const RunOptions& options) noexcept {
  return options.conduit == Conduit::pty || options.conduit == Conduit::pty_pipe;
}

Captured::Captured(const RunOptions& options) noexcept
    : input(!options.no_stdin && !options.stdin_from),
      output(options.on_stdout || options.read_stdout || has_terminal(options)),
      errors(options.on_stderr || options.read_stderr),
      terminal(has_terminal(options)) {}

void check_run_options(const RunOptions& options) {
  if (options.command.empty() && !options.function) misuse("there is no program and no function to run");
  check_output("stdout", static_cast<bool>(options.on_stdout), options.read_stdout,
               static_cast<bool>(options.stdout_to));
  check_output("stderr", static_cast<bool>(options.on_stderr), options.read_stderr,
               static_cast<bool>(options.stderr_to));
  if (has_terminal(options)) check_terminal(options);
  using Kind = Redirect::Kind;
  if (options.stdin_from.kind() == Kind::to_stdout || options.stdout_to.kind() == Kind::to_stdout) {
    misuse("only stderr can go where stdout goes");
  }
  for (const Redirect* where : {&options.stdin_from, &options.stdout_to, &options.stderr_to}) {
    if (where->kind() == Kind::descriptor && !where->fd()) misuse("redirected to a descriptor that is none");
  }
  for (const int fd : options.keep_descriptors) {
    if (fd < 3) misuse("keep_descriptors begin at 3; redirect the standard handles instead");
  }
}

Result<Conduits> open_conduits(const poe_sys& system, RunOptions& options) { return Opener(system, options).open(); }

}  // namespace poe
