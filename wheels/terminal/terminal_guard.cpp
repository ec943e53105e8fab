// SPDX-License-Identifier: MIT
#include "terminal_guard.hpp"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <cerrno>
#include <cstdlib>
#include <mutex>
#include <string>

#include "poe/fd.hpp"

namespace poe {
namespace {

struct Slot {
  std::atomic<bool> armed{false};  // the handler may read the members below while it is set
  std::atomic<bool> taken{false};
  int fd = -1;   // of our own, of the input
  int out = -1;  // of our own, for the farewell: the input may be open for reading alone
  dev_t device = 0;
  pid_t owner = 0;
  termios settings{};
  std::array<char, 64> farewell{};
  std::size_t farewell_size = 0;
  bool endings = false;  // under the lock
};

// What ends a program that does not handle it. Faults are taken over whoever has them, since the former handler runs
// next in any case; the others only from nobody: who handles them goes on living. TRAP and SYS are told by the
// processor, too, but behind the instruction, so that they do not come again.
constexpr std::array kFaults{SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGABRT};
constexpr std::array kEndings{SIGTERM, SIGINT,  SIGHUP,  SIGQUIT,   SIGALRM, SIGPIPE,
                              SIGUSR1, SIGUSR2, SIGXCPU, SIGVTALRM, SIGTRAP, SIGSYS};

// Why static storage: see the head of terminal_guard.hpp. Constant-initialised, never destroyed.
constinit std::array<Slot, 16> slots{};
constinit std::array<struct sigaction, NSIG> former{};  // written before the handler is installed
constinit std::array<std::atomic<bool>, NSIG> ran{};    // the handler, since it was installed
constinit std::mutex registration;
constinit int armed_count = 0;       // under the lock
constinit int endings_count = 0;     // under the lock
constinit bool exit_hooked = false;  // under the lock
static_assert(std::atomic<bool>::is_always_lock_free);

bool is_ours_to_change(const Slot& slot) noexcept {
  if (slot.owner != ::getpid()) return false;
  const pid_t front = ::tcgetpgrp(slot.fd);
  return front < 0 || front == ::getpgrp();  // < 0: not our controlling terminal, so nobody stops us
}

// Not at any price: a terminal that somebody has stopped would hold up the program's end.
void say_farewell(const Slot& slot) noexcept {
  constexpr int kPatience = 100;  // ms
  pollfd room{slot.out, POLLOUT, 0};
  if (slot.farewell_size == 0 || ::poll(&room, 1, kPatience) <= 0) return;
  [[maybe_unused]] const auto written = ::write(slot.out, slot.farewell.data(), slot.farewell_size);
}

// Of a program that ends: in a signal handler, or at exit.
void give_all_back() noexcept {
  const int saved = errno;
  for (Slot& slot : slots) {
    if (!slot.armed.load(std::memory_order_acquire) || !is_ours_to_change(slot)) continue;
    ::tcsetattr(slot.fd, TCSANOW, &slot.settings);
    say_farewell(slot);
  }
  errno = saved;
}

void handler(int number, siginfo_t* info, void*);

bool is_ours(const struct sigaction& action) noexcept {
  return (action.sa_flags & SA_SIGINFO) != 0 && action.sa_sigaction == handler;
}
bool is_default(const struct sigaction& action) noexcept {
  return (action.sa_flags & SA_SIGINFO) == 0 && action.sa_handler == SIG_DFL;
}

void handler(int number, siginfo_t* info, void*) {
  struct sigaction present {};
  ::sigaction(number, nullptr, &present);
  const bool fault = std::find(kFaults.begin(), kFaults.end(), number) != kFaults.end();
  // Somebody came after us, handles it and told us, too: the program goes on. At its default it is if a line has ended
  // meanwhile, on another thread: then the program ends, as it would have a moment later.
  if (!fault && !is_ours(present) && !is_default(present)) return;
  give_all_back();
  // Once: who is called next may have us as the one to call after it, the handler of the other library for example,
  // and the signal would go round for ever. The second time it is the system's turn, which ends the program.
  const auto at = static_cast<std::size_t>(number);
  struct sigaction next {};
  if (!ran[at].exchange(true)) next = former[at];
  ::sigaction(number, &next, nullptr);
  // What the processor told comes again when we return, with all it has to tell; what somebody sent is sent again.
  if (!fault || info == nullptr || info->si_code <= 0) ::raise(number);
}

void install(int number, bool over_others) noexcept {
  struct sigaction present {};
  if (::sigaction(number, nullptr, &present) != 0) return;
  const auto at = static_cast<std::size_t>(number);
  ran[at].store(false);
  if (is_ours(present)) return;
  if (!over_others && !is_default(present)) return;
  former[at] = present;
  struct sigaction ours {};
  ours.sa_sigaction = handler;
  ours.sa_flags = SA_SIGINFO | SA_RESTART | SA_ONSTACK;
  ::sigfillset(&ours.sa_mask);
  ::sigaction(number, &ours, nullptr);
}

void uninstall(int number) noexcept {
  struct sigaction present {};
  if (::sigaction(number, nullptr, &present) != 0) return;
  if (!is_ours(present)) return;
  ::sigaction(number, &former[static_cast<std::size_t>(number)], nullptr);
}

// Of those who want `numbers` handled; the first installs, the last takes away.
template <std::size_t size>
void count(int& users, int change, const std::array<int, size>& numbers, bool over_others) noexcept {
  const bool before = users != 0;
  users += change;
  const bool now = users != 0;
  if (before == now) return;
  for (const int number : numbers) now ? install(number, over_others) : uninstall(number);
}

Slot& at(int slot) noexcept { return slots[static_cast<std::size_t>(slot)]; }

Error busy(int fd) {
  std::array<char, 64> name{};
  const bool named = ::ttyname_r(fd, name.data(), name.size()) == 0;
  return Error::from_errno(EBUSY, "use", named ? "the terminal " + std::string(name.data()) : "the terminal",
                           "another wheel of this program has it: drop that first");
}

}  // namespace

Result<TerminalGuard> TerminalGuard::claim(int input, int output) {
  struct stat facts {};
  termios settings{};
  if (::fstat(input, &facts) != 0 || ::tcgetattr(input, &settings) != 0) {
    return system_failure(errno, "use", "descriptor " + std::to_string(input) + " as a terminal");
  }
  const std::lock_guard lock(registration);
  int found = -1;
  for (int i = 0; i < static_cast<int>(slots.size()); ++i) {
    if (!at(i).taken) {
      found = found < 0 ? i : found;
    } else if (at(i).device == facts.st_rdev && at(i).owner == ::getpid()) {
      return failure(busy(input));
    }
  }
  if (found < 0) {
    return failure(Errc::limit, "use", "a terminal", "this program has 16 already", "drop a wheel that has one");
  }
  Fd own(::fcntl(input, F_DUPFD_CLOEXEC, 3));
  if (!own) return system_failure(errno, "duplicate", "descriptor " + std::to_string(input));
  Fd out(::fcntl(output, F_DUPFD_CLOEXEC, 3));
  if (!out) return system_failure(errno, "duplicate", "descriptor " + std::to_string(output));
  if (!std::exchange(exit_hooked, true)) std::atexit(give_all_back);
  Slot& slot = at(found);
  slot.fd = own.release();
  slot.out = out.release();
  slot.device = facts.st_rdev;
  slot.owner = ::getpid();
  slot.settings = settings;
  slot.taken = true;
  return TerminalGuard(found);
}

TerminalGuard& TerminalGuard::operator=(TerminalGuard&& other) noexcept {
  if (this != &other) {
    release();
    slot_ = std::exchange(other.slot_, -1);
  }
  return *this;
}

const termios& TerminalGuard::settings() const noexcept { return at(slot_).settings; }

void TerminalGuard::learn() noexcept {
  termios now{};
  if (::tcgetattr(at(slot_).fd, &now) == 0) at(slot_).settings = now;
}

void TerminalGuard::arm(std::string_view farewell) noexcept {
  const std::lock_guard lock(registration);
  Slot& slot = at(slot_);
  if (slot.armed.load(std::memory_order_relaxed)) return;
  slot.farewell_size = std::min(farewell.size(), slot.farewell.size() - 1);
  std::copy_n(farewell.data(), slot.farewell_size, slot.farewell.data());
  slot.armed.store(true, std::memory_order_release);
  count(armed_count, 1, kFaults, true);
}

void TerminalGuard::arm_endings() noexcept {
  const std::lock_guard lock(registration);
  Slot& slot = at(slot_);
  if (!slot.armed.load(std::memory_order_relaxed) || std::exchange(slot.endings, true)) return;
  count(endings_count, 1, kEndings, false);
}

void TerminalGuard::restore() noexcept {
  const std::lock_guard lock(registration);
  Slot& slot = at(slot_);
  if (!slot.armed.load(std::memory_order_relaxed)) return;
  if (is_ours_to_change(slot)) ::tcsetattr(slot.fd, TCSANOW, &slot.settings);
  slot.armed.store(false, std::memory_order_release);
  count(armed_count, -1, kFaults, true);
  if (std::exchange(slot.endings, false)) count(endings_count, -1, kEndings, false);
}

void TerminalGuard::release() noexcept {
  if (slot_ < 0) return;
  restore();
  const std::lock_guard lock(registration);
  Slot& slot = at(std::exchange(slot_, -1));
  ::close(std::exchange(slot.fd, -1));
  ::close(std::exchange(slot.out, -1));
  slot.taken = false;
}

}  // namespace poe
