// SPDX-License-Identifier: MIT
#include "signal_broker.hpp"

#include <signal.h>
#include <unistd.h>

#include <array>
#include <atomic>
#include <cerrno>
#include <mutex>
#include <thread>

namespace poe {

namespace {

struct Named {
  std::string_view name;
  int number;
};
constexpr Named kNames[] = {
    {"HUP", SIGHUP},   {"INT", SIGINT},   {"QUIT", SIGQUIT}, {"ILL", SIGILL},     {"TRAP", SIGTRAP},
    {"ABRT", SIGABRT}, {"BUS", SIGBUS},   {"FPE", SIGFPE},   {"KILL", SIGKILL},   {"USR1", SIGUSR1},
    {"SEGV", SIGSEGV}, {"USR2", SIGUSR2}, {"PIPE", SIGPIPE}, {"ALRM", SIGALRM},   {"TERM", SIGTERM},
    {"CHLD", SIGCHLD}, {"CONT", SIGCONT}, {"STOP", SIGSTOP}, {"TSTP", SIGTSTP},   {"TTIN", SIGTTIN},
    {"TTOU", SIGTTOU}, {"URG", SIGURG},   {"XCPU", SIGXCPU}, {"XFSZ", SIGXFSZ},   {"VTALRM", SIGVTALRM},
    {"PROF", SIGPROF}, {"IO", SIGIO},     {"SYS", SIGSYS},   {"WINCH", SIGWINCH},
};

}  // namespace

std::string_view canonical_signal(std::string_view name) noexcept {
  const std::string_view bare = name.starts_with("SIG") ? name.substr(3) : name;
  for (const Named& named : kNames) {
    if (named.name == bare) return bare;
  }
  return name;
}

int signal_number(std::string_view name) noexcept {
  const std::string_view bare = canonical_signal(name);
  for (const Named& named : kNames) {
    if (named.name == bare) return named.number;
  }
  return 0;
}

std::string_view signal_name(int number) noexcept {
  for (const Named& named : kNames) {
    if (named.number == number) return named.name;
  }
  return "";
}

namespace broker {
namespace {

constexpr int kSeats = 256;
constexpr int kSignals = 65;

struct Seat {
  std::atomic<int> fd{-1};
  std::atomic<pid_t> owner{0};            // a fork shares the pipe, but must not write to it (P078)
  std::atomic<std::uint64_t> watched{0};  // bit n: signal n
  std::array<std::atomic<std::uint32_t>, kSignals> overflow{};
  std::array<std::uint32_t, kSignals> watches{};  // of this seat, both modes; under the lock
};

// What stood before us, as the handler may read it: a function with its flags, or none.
struct Former {
  std::atomic<void (*)(int)> plain{nullptr};
  std::atomic<void (*)(int, siginfo_t*, void*)> informed{nullptr};
  struct sigaction whole {};  // for restoring; under the lock
};

// Why static storage: see the head of signal_broker.hpp. Constant-initialised, never destroyed: a signal may come
// while the process exits.
constinit std::array<Seat, kSeats> seats{};
constinit std::array<Former, kSignals> former{};
constinit std::array<std::atomic<bool>, kSignals> kill_with_next{};
constinit std::array<int, kSignals> steady_count{};
constinit std::array<int, kSignals> once_count{};
constinit std::atomic<int> telling{0};  // handlers that may be writing to a seat's pipe
constinit std::mutex registration;

constexpr std::uint64_t bit(int number) { return std::uint64_t{1} << (number - 1); }

void tell_seats(int number) noexcept {
  const pid_t me = ::getpid();
  for (Seat& seat : seats) {
    const int fd = seat.fd.load();
    if (fd < 0 || seat.owner.load(std::memory_order_relaxed) != me ||
        (seat.watched.load(std::memory_order_acquire) & bit(number)) == 0)
      continue;
    const auto byte = static_cast<unsigned char>(number);
    if (::write(fd, &byte, 1) != 1) {
      seat.overflow[static_cast<std::size_t>(number)].fetch_add(1, std::memory_order_relaxed);
    }
  }
}

void handler(int number, siginfo_t* info, void* context) {
  const int saved = errno;
  const auto index = static_cast<std::size_t>(number);
  telling.fetch_add(1);
  tell_seats(number);
  telling.fetch_sub(1);
  if (kill_with_next[index].load(std::memory_order_relaxed)) ::signal(number, SIG_DFL);
  if (auto* informed = former[index].informed.load(std::memory_order_acquire)) {
    informed(number, info, context);
  } else if (auto* plain = former[index].plain.load(std::memory_order_acquire)) {
    plain(number);
  }
  errno = saved;
}

bool is_ours(const struct sigaction& action) noexcept {
  return (action.sa_flags & SA_SIGINFO) != 0 && action.sa_sigaction == handler;
}

int install(int number) noexcept {
  struct sigaction present {};
  if (::sigaction(number, nullptr, &present) != 0) return -errno;
  if (is_ours(present)) return 0;
  Former& before = former[static_cast<std::size_t>(number)];
  before.whole = present;
  const bool informed = (present.sa_flags & SA_SIGINFO) != 0;
  const bool plain = !informed && present.sa_handler != SIG_DFL && present.sa_handler != SIG_IGN;
  before.informed.store(informed ? present.sa_sigaction : nullptr, std::memory_order_release);
  before.plain.store(plain ? present.sa_handler : nullptr, std::memory_order_release);
  struct sigaction ours {};
  ours.sa_sigaction = handler;
  ours.sa_flags = SA_SIGINFO | SA_RESTART | SA_ONSTACK;
  ::sigfillset(&ours.sa_mask);  // order in the pipes is order of arrival
  return ::sigaction(number, &ours, nullptr) == 0 ? 0 : -errno;
}

void restore(int number) noexcept {
  struct sigaction present {};
  if (::sigaction(number, nullptr, &present) == 0 && is_ours(present)) {
    ::sigaction(number, &former[static_cast<std::size_t>(number)].whole, nullptr);
  }
}

bool is_default(int number) noexcept {
  struct sigaction present {};
  if (::sigaction(number, nullptr, &present) != 0 || is_ours(present)) return false;
  return (present.sa_flags & SA_SIGINFO) == 0 && present.sa_handler == SIG_DFL;
}

}  // namespace

int join(int write_fd) noexcept {
  const std::lock_guard lock(registration);
  for (int i = 0; i < kSeats; ++i) {
    Seat& seat = seats[static_cast<std::size_t>(i)];
    if (seat.fd.load(std::memory_order_relaxed) >= 0) continue;
    seat.watched.store(0, std::memory_order_relaxed);
    for (auto& lost : seat.overflow) lost.store(0, std::memory_order_relaxed);
    seat.watches.fill(0);
    seat.owner.store(::getpid(), std::memory_order_relaxed);
    seat.fd.store(write_fd, std::memory_order_release);
    return i;
  }
  return -1;
}

void leave(int seat) noexcept {
  const std::lock_guard lock(registration);
  Seat& place = seats[static_cast<std::size_t>(seat)];
  place.watched.store(0, std::memory_order_release);
  place.fd.store(-1);
  // The caller closes the pipe next: another thread's handler must not write to whatever gets its number.
  while (telling.load() != 0) std::this_thread::yield();
}

int watch(int seat, int number, Mode mode) noexcept {
  if (number <= 0 || number >= kSignals || number == SIGKILL || number == SIGSTOP) return -EINVAL;
  const std::lock_guard lock(registration);
  const auto index = static_cast<std::size_t>(number);
  if (mode == Mode::once && steady_count[index] + once_count[index] == 0 && !is_default(number)) return -EBUSY;
  if (const int error = install(number); error != 0) return error;
  ++(mode == Mode::once ? once_count : steady_count)[index];
  kill_with_next[index].store(steady_count[index] == 0, std::memory_order_relaxed);
  Seat& place = seats[static_cast<std::size_t>(seat)];
  ++place.watches[index];
  place.watched.fetch_or(bit(number), std::memory_order_release);
  return 0;
}

void unwatch(int seat, int number, Mode mode) noexcept {
  const std::lock_guard lock(registration);
  const auto index = static_cast<std::size_t>(number);
  int& count = (mode == Mode::once ? once_count : steady_count)[index];
  if (count > 0) --count;
  Seat& place = seats[static_cast<std::size_t>(seat)];
  if (place.watches[index] > 0 && --place.watches[index] == 0) {
    place.watched.fetch_and(~bit(number), std::memory_order_release);
  }
  kill_with_next[index].store(steady_count[index] == 0 && once_count[index] > 0, std::memory_order_relaxed);
  if (steady_count[index] + once_count[index] == 0) restore(number);
}

bool is_watched(int number) noexcept {
  const std::lock_guard lock(registration);
  return steady_count[static_cast<std::size_t>(number)] > 0;
}

std::uint32_t take_overflow(int seat, int number) noexcept {
  return seats[static_cast<std::size_t>(seat)].overflow[static_cast<std::size_t>(number)].exchange(
      0, std::memory_order_relaxed);
}

void adopt_process() noexcept { telling.store(0); }

}  // namespace broker
}  // namespace poe
