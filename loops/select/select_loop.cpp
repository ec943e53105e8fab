// SPDX-License-Identifier: MIT
//
// The loop over select(2), the oldest of them: descriptors below FD_SETSIZE (1024) only, no error or hang-up of their
// own (both show as READ and WRITE), and each step costs time in proportion to the highest descriptor.

#include <fcntl.h>
#include <sys/select.h>

#include <cerrno>
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

using poe::loop::Registration;
using poe::loop::Report;

/// The three sets of one call. Every descriptor given to them is below FD_SETSIZE.
struct Sets {
  Sets() noexcept {
    FD_ZERO(&read);
    FD_ZERO(&write);
    FD_ZERO(&priority);
  }
  void put(int fd, std::uint32_t interest) noexcept {
    put_one(read, fd, interest & POE_READ);
    put_one(write, fd, interest & POE_WRITE);
    put_one(priority, fd, interest & POE_PRIORITY);
  }
  std::uint32_t events(int fd) const noexcept {
    return (FD_ISSET(fd, &read) ? POE_READ : 0u) | (FD_ISSET(fd, &write) ? POE_WRITE : 0u) |
           (FD_ISSET(fd, &priority) ? POE_PRIORITY : 0u);
  }

  fd_set read;
  fd_set write;
  fd_set priority;

 private:
  static void put_one(fd_set& set, int fd, bool in) noexcept {
    if (in)
      FD_SET(fd, &set);
    else
      FD_CLR(fd, &set);
  }
};

[[noreturn]] void refuse(int fd) {
  throw poe::loop::Refusal(-EMFILE, "cannot watch descriptor " + std::to_string(fd) + " with select: it takes only " +
                                        std::to_string(FD_SETSIZE) +
                                        " descriptors, from 0 up; use the loop poll or epoll");
}

class SelectLoop {
 public:
  static constexpr char kName[] = "select";
  static constexpr char kVersion[] = "1.0.0";
  static constexpr char kLibrary[] = "select(2)";
  static constexpr char kLicence[] = "GPL-2.0-only WITH Linux-syscall-note";
  static constexpr char kHostSonames[] = "";
  static constexpr std::uint64_t kCapabilities =
      poe::loop::bits(POE_CAP_NESTED_STEP, POE_CAP_PRIORITY, POE_CAP_REGULAR_FILES, POE_CAP_SUB_MS,
                      POE_CAP_FORK_ABANDON, POE_CAP_LINEAR_WAIT);
  static const char* library_version() { return poe::loop::os_release(); }

  SelectLoop(poe::loop::Host host, const poe_create&) : host_(host) {
    if (waker_.fd() >= FD_SETSIZE) refuse(waker_.fd());
    asked_.put(waker_.fd(), POE_READ);
    end_ = waker_.fd() + 1;
  }

  void watch(int fd, std::uint32_t interest, std::uint64_t token) {
    if (interest == 0) return forget(fd);
    if (fd >= FD_SETSIZE) refuse(fd);
    if (!registry_.find(fd)) enter(fd);
    asked_.put(fd, interest);
    registry_.put(fd, interest, token);
  }

  void arm(std::int64_t deadline_ns) noexcept { deadline_.arm(deadline_ns); }

  void wake() noexcept { waker_.wake(); }

  void step(std::int64_t max_wait_ns) {
    std::vector<Report> batch = std::exchange(batch_, {});  // a step inside a handler has its own
    const bool woken = wait(batch, deadline_.limit(max_wait_ns));
    for (const Report& report : batch) registry_.deliver(host_, report);
    batch.clear();
    batch_ = std::move(batch);
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
    registry_.reserve(fd);
    if (fd >= end_) end_ = fd + 1;
  }

  void forget(int fd) noexcept {
    if (!registry_.find(fd)) return;
    asked_.put(fd, 0);
    registry_.drop(fd);
    while (end_ > waker_.fd() + 1 && !registry_.find(end_ - 1)) --end_;
  }

  /// Waits, and takes the reports; true if we were woken. A time-out or a signal leaves the batch empty.
  bool wait(std::vector<Report>& batch, std::int64_t wait_ns) {
    Sets sets = asked_;
    int count = call(sets, wait_ns);
    if (count < 0 && errno == EBADF) {
      sets = asked_;
      take_out_closed(batch, sets);
      count = call(sets, 0);
    }
    if (count > 0) return collect(batch, sets);
    if (count < 0 && errno != EINTR && errno != EBADF)
      throw std::system_error(errno, std::generic_category(), "cannot wait with select");
    return false;
  }

  int call(Sets& sets, std::int64_t wait_ns) const noexcept {
    const timespec limit = poe::loop::to_timespec(wait_ns);
    return pselect(end_, &sets.read, &sets.write, &sets.priority, wait_ns == POE_NEVER_NS ? nullptr : &limit, nullptr);
  }

  bool collect(std::vector<Report>& batch, const Sets& sets) const {
    registry_.for_each([&](int fd, const Registration& r) {
      if (const std::uint32_t events = sets.events(fd)) batch.push_back({fd, r.generation, events});
    });
    return FD_ISSET(waker_.fd(), &sets.read);
  }

  /// One closed descriptor fails the whole call without being named. It is told as everything at once: who reads or
  /// writes it learns EBADF, and forgets it. The others are asked for again without it.
  void take_out_closed(std::vector<Report>& batch, Sets& sets) const {
    registry_.for_each([&](int fd, const Registration& r) {
      if (fcntl(fd, F_GETFD) >= 0) return;
      batch.push_back({fd, r.generation, POE_READ | POE_WRITE | POE_ERROR});
      sets.put(fd, 0);
    });
  }

  poe::loop::Host host_;
  poe::loop::Waker waker_;
  poe::loop::Registry registry_;
  poe::loop::Deadline deadline_;
  Sets asked_;
  int end_ = 0;                // highest descriptor + 1
  std::vector<Report> batch_;  // kept for its memory
};

}  // namespace

POE_EXPORT_LOOP(SelectLoop)
