// SPDX-License-Identifier: MIT
//
// The loop over poll(2): works everywhere and on every kind of descriptor, regular files included; each step costs
// time in proportion to the number of watches.

#include <fcntl.h>
#include <poll.h>

#include <cerrno>
#include <cstddef>
#include <cstdint>
#include <string>
#include <system_error>
#include <utility>
#include <vector>

#include "poe/loop/deadline.hpp"
#include "poe/loop/os_release.hpp"
#include "poe/loop/registry.hpp"
#include "poe/loop_plugin.hpp"

namespace {

using poe::loop::Report;

constexpr short to_poll(std::uint32_t interest) noexcept {
  return static_cast<short>((interest & POE_READ ? POLLIN : 0) | (interest & POE_WRITE ? POLLOUT : 0) |
                            (interest & POE_PRIORITY ? POLLPRI : 0));
}

/// A descriptor that is closed is told as everything at once: who reads or writes it learns EBADF.
constexpr std::uint32_t from_poll(short events) noexcept {
  if (events & POLLNVAL) return POE_READ | POE_WRITE | POE_ERROR;
  return (events & POLLIN ? POE_READ : 0u) | (events & POLLOUT ? POE_WRITE : 0u) |
         (events & POLLPRI ? POE_PRIORITY : 0u) | (events & POLLERR ? POE_ERROR : 0u) |
         (events & POLLHUP ? POE_HANGUP : 0u);
}

class PollLoop {
 public:
  static constexpr char kName[] = "poll";
  static constexpr char kVersion[] = "1.0.0";
  static constexpr char kLibrary[] = "poll(2)";
  static constexpr char kLicence[] = "GPL-2.0-only WITH Linux-syscall-note";
  static constexpr char kHostSonames[] = "";
#ifdef POE_PORTABLE
  static constexpr std::uint64_t kFineTime = 0;
#else
  static constexpr std::uint64_t kFineTime = poe::loop::bits(POE_CAP_SUB_MS);
#endif
  static constexpr std::uint64_t kCapabilities =
      kFineTime | poe::loop::bits(POE_CAP_NESTED_STEP, POE_CAP_PRIORITY, POE_CAP_HANGUP_BIT, POE_CAP_ERROR_BIT,
                                  POE_CAP_REGULAR_FILES, POE_CAP_FORK_ABANDON, POE_CAP_LINEAR_WAIT);
  static const char* library_version() { return poe::loop::os_release(); }

  PollLoop(poe::loop::Host host, const poe_create&) : host_(host) { polled_.push_back({waker_.fd(), POLLIN, 0}); }

  void watch(int fd, std::uint32_t interest, std::uint64_t token) {
    if (interest == 0) return forget(fd);
    if (!registry_.find(fd)) enter(fd);
    polled_[slots_[static_cast<std::size_t>(fd)]].events = to_poll(interest);
    registry_.put(fd, interest, token);
  }

  void arm(std::int64_t deadline_ns) noexcept { deadline_.arm(deadline_ns); }

  void wake() noexcept { waker_.wake(); }

  void step(std::int64_t max_wait_ns) {
    int count = wait(deadline_.limit(max_wait_ns));
    const bool woken = count > 0 && polled_[0].revents != 0;
    if (count > (woken ? 1 : 0)) {
      std::vector<Report> batch = std::exchange(batch_, {});  // a step inside a handler has its own
      collect(batch, count - (woken ? 1 : 0));
      for (const Report& report : batch) registry_.deliver(host_, report);
      batch.clear();
      batch_ = std::move(batch);
    }
    if (woken) waker_.drain();
    std::uint32_t reasons = woken ? POE_TURN_WOKEN : 0u;
    if (deadline_.take_due()) reasons |= POE_TURN_DEADLINE;
    host_.turn(reasons);
  }

  void abandon() noexcept { waker_.close(); }

 private:
  void enter(int fd) {
    if (fcntl(fd, F_GETFD) < 0)
      throw std::system_error(errno, std::generic_category(), "cannot watch descriptor " + std::to_string(fd));
    const auto i = static_cast<std::size_t>(fd);
    registry_.reserve(fd);
    if (i >= slots_.size()) slots_.resize(i + 1 > 2 * slots_.size() ? i + 1 : 2 * slots_.size());
    polled_.push_back({fd, 0, 0});
    slots_[i] = polled_.size() - 1;
  }

  void forget(int fd) noexcept {
    if (!registry_.find(fd)) return;
    const std::size_t slot = slots_[static_cast<std::size_t>(fd)];
    polled_[slot] = polled_.back();
    slots_[static_cast<std::size_t>(polled_[slot].fd)] = slot;
    polled_.pop_back();
    registry_.drop(fd);
  }

  /// Takes the reports of the last wait; `count` of them, the waker aside.
  void collect(std::vector<Report>& batch, int count) const {
    for (std::size_t i = 1; i < polled_.size() && count > 0; ++i) {
      const pollfd& p = polled_[i];
      if (p.revents == 0) continue;
      batch.push_back({p.fd, registry_.generation(p.fd), from_poll(p.revents)});
      --count;
    }
  }

  /// The number of descriptors with something to tell; 0 for a time-out or a signal.
  int wait(std::int64_t wait_ns) {
#ifdef POE_PORTABLE
    const int count = poll(polled_.data(), polled_.size(), poe::loop::poll_ms(wait_ns));
#else
    const timespec limit = poe::loop::to_timespec(wait_ns);
    const int count = ppoll(polled_.data(), polled_.size(), wait_ns == POE_NEVER_NS ? nullptr : &limit, nullptr);
#endif
    if (count >= 0) return count;
    if (errno != EINTR)
      throw std::system_error(errno, std::generic_category(),
                              "cannot poll " + std::to_string(polled_.size()) + " descriptors");
    return 0;
  }

  poe::loop::Host host_;
  poe::loop::Waker waker_;
  poe::loop::Registry registry_;
  poe::loop::Deadline deadline_;
  std::vector<pollfd> polled_;      // [0] is the waker; the others in no order
  std::vector<std::size_t> slots_;  // by descriptor: where in polled_ it is, if it is watched
  std::vector<Report> batch_;       // kept for its memory
};

}  // namespace

POE_EXPORT_LOOP(PollLoop)
