// SPDX-License-Identifier: MIT
#include "run_child.hpp"

#include <fcntl.h>
#include <sys/ioctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <csignal>
#include <cstdio>
#include <cstring>
#include <exception>
#include <iostream>

#include "poe/signals_blocked.hpp"

#ifndef CLOSE_RANGE_CLOEXEC
#define CLOSE_RANGE_CLOEXEC (1U << 2)
#endif

namespace poe {

const char* step_name(ChildStep step) noexcept {
  static constexpr std::array<const char*, 10> kNames = {
      "setsid", "setpgid", "take the terminal", "dup2", "nice", "setgroups", "setgid", "setuid", "chdir", "exec"};
  return kNames[static_cast<std::size_t>(step)];
}

namespace {

[[noreturn]] void give_up(const ChildPlan& plan, ChildStep step) noexcept {
  const ChildReport report{step, errno};
  [[maybe_unused]] const ssize_t told = ::write(plan.report, &report, sizeof report);
  ::_exit(127);
}

void enter_session(const ChildPlan& plan) noexcept {
  if (plan.new_session) {
    if (::setsid() < 0) give_up(plan, ChildStep::session);
  } else if (plan.new_group && ::setpgid(0, 0) < 0) {
    give_up(plan, ChildStep::group);
  }
  if (plan.terminal && ::ioctl(plan.stdio[0], TIOCSCTTY, 0) < 0) give_up(plan, ChildStep::terminal);
}

// A standard handle we lack becomes /dev/null: otherwise the next file the program opens would be its stdout. So does
// one that is closed at an exec: it is some descriptor that came into the place of a missing handle.
bool inherit(int target) noexcept {
  const int flags = ::fcntl(target, F_GETFD);
  if (flags >= 0 && (flags & FD_CLOEXEC) == 0) return true;
  const int null = ::open("/dev/null", O_RDWR);
  if (null == target || null < 0) return null == target;
  const bool placed = ::dup2(null, target) == target;
  ::close(null);
  return placed;
}

void place_handles(const ChildPlan& plan) noexcept {
  for (int target = 0; target < 3; ++target) {
    const int source = plan.stdio[static_cast<std::size_t>(target)];
    const bool placed = source == ChildPlan::kInherit ? inherit(target) : ::dup2(source, target) == target;
    if (!placed) give_up(plan, ChildStep::handles);
  }
}

// Straight to the system: the C library's own would change all threads, for which it talks to threads that are not
// here.
long set_ids(long number, long id) noexcept { return ::syscall(number, id, id, id); }

#if defined(SYS_setresuid32)
constexpr long kSetGroups = SYS_setgroups32, kSetGid = SYS_setresgid32, kSetUid = SYS_setresuid32;
#else
constexpr long kSetGroups = SYS_setgroups, kSetGid = SYS_setresgid, kSetUid = SYS_setresuid;
#endif

void become(const ChildPlan& plan) noexcept {
  errno = 0;
  if (plan.priority != 0 && ::nice(plan.priority) == -1 && errno != 0) give_up(plan, ChildStep::priority);
  if (plan.groups != nullptr && ::syscall(kSetGroups, plan.group_count, plan.groups) < 0) {
    give_up(plan, ChildStep::groups);
  }
  if (plan.gid != nullptr && set_ids(kSetGid, static_cast<long>(*plan.gid)) < 0) give_up(plan, ChildStep::gid);
  if (plan.uid != nullptr && set_ids(kSetUid, static_cast<long>(*plan.uid)) < 0) give_up(plan, ChildStep::uid);
  if (plan.directory != nullptr && ::chdir(plan.directory) < 0) give_up(plan, ChildStep::directory);
}

// Closes first..last, now or at the exec. Kernels before 5.9 and sandboxes have no close_range: one by one there, as
// far as this process may have opened any.
void close_between(unsigned first, unsigned last, bool at_exec) noexcept {
  if (first > last) return;
#ifdef SYS_close_range
  if (::syscall(SYS_close_range, first, last, at_exec ? CLOSE_RANGE_CLOEXEC : 0U) == 0) return;
#endif
  rlimit limit{};
  ::getrlimit(RLIMIT_NOFILE, &limit);
  const unsigned end = static_cast<unsigned>(std::min<rlim_t>(limit.rlim_cur, 1U << 20));
  for (unsigned fd = first; fd <= last && fd < end; ++fd) {
    at_exec ? ::fcntl(static_cast<int>(fd), F_SETFD, FD_CLOEXEC) : ::close(static_cast<int>(fd));
  }
}

// All but 0, 1, 2 and those to keep go; the report goes by itself.
void close_others(const ChildPlan& plan, bool at_exec) noexcept {
  unsigned from = 3;
  for (std::size_t i = 0; i < plan.keep_count; ++i) {
    const auto kept = static_cast<unsigned>(plan.keep[i]);
    close_between(from, kept - 1, at_exec);
    if (at_exec && plan.keep[i] != plan.report) ::fcntl(plan.keep[i], F_SETFD, 0);
    from = kept + 1;
  }
  close_between(from, ~0U, at_exec);
}

void reset_signals() noexcept {
  struct sigaction action {};
  action.sa_handler = SIG_DFL;
  for (int number = 1; number < NSIG; ++number)
    ::sigaction(number, &action, nullptr);  // some cannot: they stay default
  sigset_t none;
  sigemptyset(&none);
  ::sigprocmask(SIG_SETMASK, &none, nullptr);
}

// As execvp looks through PATH, but a file the system does not know how to run is an error, not a shell script.
[[noreturn]] void exec_program(const ChildPlan& plan) noexcept {
  bool denied = false;
  for (const char* const* path = plan.candidates; *path != nullptr; ++path) {
    ::execve(*path, plan.argv, plan.envp);
    if (errno == EACCES) {
      denied = true;
    } else if (errno != ENOENT && errno != ENOTDIR) {
      give_up(plan, ChildStep::exec);
    }
  }
  errno = denied ? EACCES : ENOENT;
  give_up(plan, ChildStep::exec);
}

void complain(const char* what) noexcept {
  for (const char* part : {"poe: the function of a child threw: ", what, "\n"}) {
    [[maybe_unused]] const ssize_t told = ::write(STDERR_FILENO, part, std::strlen(part));
  }
}

[[noreturn]] void call_function(Fn<int()>& function) noexcept {
  int code = 255;
  try {
    code = function();
  } catch (const std::exception& thrown) {
    complain(thrown.what());
  } catch (...) {
    complain("not a std::exception");
  }
  std::cout.flush();
  std::fflush(stdout);
  std::fflush(stderr);
  ::_exit(code & 0xFF);
}

[[noreturn]] void be_child(const ChildPlan& plan) noexcept {
  enter_session(plan);
  place_handles(plan);
  become(plan);
  const bool program = plan.function == nullptr;
  if (program || plan.close_others) close_others(plan, program);
  reset_signals();
  if (program) exec_program(plan);
  ::close(plan.report);
  call_function(*plan.function);
}

// What waits in our buffers would be written a second time by the copy.
void flush_ours() {
  std::cout.flush();
  std::fflush(stdout);
  std::fflush(stderr);
}

std::int64_t fork_function(const ChildPlan& plan) noexcept {
  flush_ours();
  const SignalsBlocked blocked;  // no handler of ours may run in the child (P157)
  const pid_t pid = ::fork();
  if (pid == 0) be_child(plan);
  return pid < 0 ? -errno : pid;
}

std::int64_t fork_program(const ChildPlan& plan) noexcept {
  const SignalsBlocked blocked;
  const pid_t pid = ::vfork();
  if (pid == 0) {
    *plan.in_our_memory = true;
    be_child(plan);
  }
  return pid < 0 ? -errno : pid;
}

}  // namespace

std::int64_t start_child(const ChildPlan& plan) noexcept {
  return plan.function != nullptr ? fork_function(plan) : fork_program(plan);
}

}  // namespace poe
