// SPDX-License-Identifier: MIT
//
// A whole event loop over poll(2), kept short: every step builds the list anew. Put your library's calls in place of
// poll, keep the shape: collect first, deliver through the registry, then one turn.
#include <fcntl.h>
#include <poll.h>

#include <cerrno>
#include <string>
#include <system_error>
#include <vector>

#include "poe/loop/deadline.hpp"
#include "poe/loop/registry.hpp"
#include "poe/loop_plugin.hpp"

namespace {

class MineLoop {
 public:
  // What `poe loops` shows. The name must be the file's: libpoe_loop_mine.so.
  static constexpr char kName[] = "mine";
  static constexpr char kVersion[] = "0.1.0";
  static constexpr char kLibrary[] = "poll(2)";
  static constexpr char kLicence[] = "MIT";
  static constexpr char kHostSonames[] = "";  // "libfoo.so.1" if programs run that library's loop and you can join it
  // Declare only what is true: the kernel believes it, and emulates the rest.
  static constexpr std::uint64_t kCapabilities =
      poe::loop::bits(POE_CAP_NESTED_STEP, POE_CAP_PRIORITY, POE_CAP_HANGUP_BIT, POE_CAP_ERROR_BIT,
                      POE_CAP_REGULAR_FILES, POE_CAP_FORK_ABANDON, POE_CAP_LINEAR_WAIT);
  static const char* library_version() { return "POSIX"; }

  MineLoop(poe::loop::Host host, const poe_create&) : host_(host) {}

  /// Interest 0 forgets, also a descriptor that is closed or was never watched.
  void watch(int fd, std::uint32_t interest, std::uint64_t token) {
    if (interest == 0) return registry_.drop(fd);
    if (fcntl(fd, F_GETFD) < 0)
      throw std::system_error(errno, std::generic_category(), "cannot watch descriptor " + std::to_string(fd));
    registry_.reserve(fd);
    registry_.put(fd, interest, token);
  }

  void arm(std::int64_t deadline_ns) noexcept { deadline_.arm(deadline_ns); }

  /// Any thread, also inside a signal handler.
  void wake() noexcept { waker_.wake(); }

  /// Returns as soon as anything was delivered. Handlers run inside turn(), and may call every op above.
  void step(std::int64_t max_wait_ns) {
    std::vector<pollfd> polled{{waker_.fd(), POLLIN, 0}};
    registry_.for_each([&](int fd, const poe::loop::Registration& r) { polled.push_back({fd, asked(r.interest), 0}); });
    if (!wait(polled, deadline_.limit(max_wait_ns))) return;
    std::vector<poe::loop::Report> batch;
    for (std::size_t i = 1; i < polled.size(); ++i)
      if (polled[i].revents != 0)
        batch.push_back({polled[i].fd, registry_.generation(polled[i].fd), told(polled[i].revents)});

    std::uint32_t reasons = 0;
    for (const poe::loop::Report& report : batch)
      if (registry_.deliver(host_, report)) reasons |= POE_TURN_READY;
    if (polled[0].revents != 0) waker_.drain(), reasons |= POE_TURN_WOKEN;  // drain first, then the turn
    if (deadline_.take_due()) reasons |= POE_TURN_DEADLINE;
    if (reasons != 0) host_.turn(reasons);
  }

  /// In the child of a fork: give back what is ours, touch nothing shared with the parent.
  void abandon() noexcept { waker_.close(); }

 private:
  static short asked(std::uint32_t interest) noexcept {
    return static_cast<short>((interest & POE_READ ? POLLIN : 0) | (interest & POE_WRITE ? POLLOUT : 0) |
                              (interest & POE_PRIORITY ? POLLPRI : 0));
  }

  /// Errors and hang-ups are never swallowed; a closed descriptor is told as all of it.
  static std::uint32_t told(short events) noexcept {
    if (events & POLLNVAL) return POE_READ | POE_WRITE | POE_ERROR;
    return (events & POLLIN ? POE_READ : 0u) | (events & POLLOUT ? POE_WRITE : 0u) |
           (events & POLLPRI ? POE_PRIORITY : 0u) | (events & POLLERR ? POE_ERROR : 0u) |
           (events & POLLHUP ? POE_HANGUP : 0u);
  }

  /// False: a signal came in between, which counts as nothing.
  static bool wait(std::vector<pollfd>& polled, std::int64_t wait_ns) {
    if (poll(polled.data(), polled.size(), poe::loop::poll_ms(wait_ns)) >= 0) return true;
    if (errno == EINTR) return false;
    throw std::system_error(errno, std::generic_category(), "cannot poll");
  }

  poe::loop::Host host_;
  poe::loop::Waker waker_;
  poe::loop::Registry registry_;
  poe::loop::Deadline deadline_;
};

}  // namespace

POE_EXPORT_LOOP(MineLoop)
