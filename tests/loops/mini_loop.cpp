// SPDX-License-Identifier: MIT
#include "mini_loop.hpp"

#include <fcntl.h>
#include <poll.h>
#include <sys/eventfd.h>
#include <time.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <climits>
#include <cstdint>
#include <string>

namespace {

constexpr std::int64_t kSecond = 1'000'000'000;

struct Watched {
  int fd;
  std::uint32_t interest;
  std::uint64_t token;
};

std::int64_t real_now() {
  timespec t{};
  clock_gettime(CLOCK_MONOTONIC, &t);
  return t.tv_sec * kSecond + t.tv_nsec;
}

short to_poll(std::uint32_t interest) {
  int bits = 0;
  if (interest & POE_READ) bits |= POLLIN;
  if (interest & POE_WRITE) bits |= POLLOUT;
  if (interest & POE_PRIORITY) bits |= POLLPRI;
  return static_cast<short>(bits);
}

std::uint32_t from_poll(int bits, std::uint32_t interest) {
  std::uint32_t events = 0;
  if (bits & POLLIN) events |= POE_READ;
  if (bits & POLLOUT) events |= POE_WRITE;
  if (bits & POLLPRI) events |= POE_PRIORITY;
  if (bits & (POLLERR | POLLHUP)) events |= interest & (POE_READ | POE_WRITE);
  if (bits & POLLERR) events |= POE_ERROR;
  if (bits & POLLHUP) events |= POE_HANGUP;
  return events;
}

}  // namespace

// One loop; member functions are the ops.
struct poe_loop {
  explicit poe_loop(const poe_create& how) : host(*how.host), wake_fd(eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC)) {
    for (std::uint64_t i = 0; i < how.option_count; ++i)
      if (std::string_view(how.options[i].name) == "fault") fault = how.options[i].value;
  }
  ~poe_loop() {
    if (!is("leaks")) ::close(wake_fd);
  }
  poe_loop(const poe_loop&) = delete;
  poe_loop& operator=(const poe_loop&) = delete;

  bool is(std::string_view name) const { return fault == name; }
  int error(int code, const char* text) {
    host.error(host.ctx, 0, code, 0, text);
    return code;
  }

  int watch(poe_handle handle, std::uint32_t interest, std::uint64_t token);
  int arm(std::int64_t when);
  int wake() {
    const std::uint64_t one = 1;
    return ::write(wake_fd, &one, sizeof one) < 0 && errno != EAGAIN ? -errno : 0;
  }
  int step(std::int64_t max_wait);
  int end(bool inside_close);

 private:
  int deliver(const std::vector<pollfd>& polled, bool woken);
  int report(const std::vector<pollfd>& polled, const std::vector<Watched>& collected);
  bool deadline_due();
  int wait(std::vector<pollfd>& polled, std::int64_t max_wait) const;

 public:
  poe_host host;
  std::string fault{};
  int wake_fd;
  std::vector<Watched> watched{};
  std::int64_t deadline = POE_NEVER_NS;
  int depth = 0;
  bool closing = false;
};

int poe_loop::watch(poe_handle handle, std::uint32_t interest, std::uint64_t token) {
  if (is("cuts_tokens")) token &= 0xFFFFFFFFu;
  if (!is("cuts_handles") && (handle < INT_MIN || handle > INT_MAX)) return error(-EBADF, "not an int descriptor");
  const int fd = static_cast<int>(handle);
  const auto found = std::find_if(watched.begin(), watched.end(), [fd](const Watched& w) { return w.fd == fd; });
  if (interest == 0) {
    if (found != watched.end() && is("keeps_hangups"))
      found->interest = 0;
    else if (found != watched.end() && !is("reports_forgotten"))
      watched.erase(found);
    return 0;
  }
  if (!is("takes_anything") && fcntl(fd, F_GETFD) < 0) return error(-EBADF, "not an open descriptor");
  if (found == watched.end())
    watched.push_back({fd, interest, token});
  else
    *found = {fd, is("adds_interest") ? found->interest | interest : interest,
              is("keeps_old_token") ? found->token : token};
  return 0;
}

int poe_loop::arm(std::int64_t when) {
  if (is("ignores_never") && when == POE_NEVER_NS) return 0;
  if (is("keeps_earliest")) when = std::min(when, deadline);
  if (is("coarse") && when > 0 && when < POE_NEVER_NS - kSecond) when += 1'000'000;
  deadline = is("early") && when > 0 && when < POE_NEVER_NS ? when - 300'000 : when;
  if (is("turn_inside_arm") && when <= real_now()) {
    deadline = POE_NEVER_NS;
    host.turn(host.ctx, POE_TURN_DEADLINE);
  }
  return 0;
}

int poe_loop::wait(std::vector<pollfd>& polled, std::int64_t max_wait) const {
  polled.push_back({wake_fd, POLLIN, 0});
  for (const Watched& w : watched) polled.push_back({w.fd, to_poll(w.interest), 0});
  std::int64_t wait = max_wait;
  if (deadline != POE_NEVER_NS)
    wait = std::min(wait, deadline <= 0 ? 0 : std::max<std::int64_t>(0, deadline - real_now()));
  if (is("spins")) wait = 0;
  if (is("blocks")) wait = std::max<std::int64_t>(wait, 30'000'000);
  const timespec t{wait / kSecond, wait % kSecond};
  const bool starves = is("starves") && deadline <= real_now();
  return starves ? 0 : ppoll(polled.data(), polled.size(), wait == POE_NEVER_NS ? nullptr : &t, nullptr);
}

int poe_loop::step(std::int64_t max_wait) {
  if (closing) return end(false);
  if (depth > 0 && !is("recurses")) return -EDEADLK;
  std::vector<pollfd> polled;
  const int result = wait(polled, max_wait);
  if (result < 0) return errno == EINTR && !is("fails_on_signals") ? 0 : -errno;
  std::uint64_t count = 0;
  const bool woken = result > 0 && (polled[0].revents & POLLIN) && !is("loses_wakes");
  if (woken && ::read(wake_fd, &count, sizeof count) < 0) return -errno;
  ++depth;
  const int calls = deliver(polled, woken);
  --depth;
  if (is("drains_late") && woken && ::read(wake_fd, &count, sizeof count) < 0 && errno != EAGAIN) return -errno;
  return is("miscounts") ? calls * 2 : calls;
}

int poe_loop::report(const std::vector<pollfd>& polled, const std::vector<Watched>& collected) {
  int calls = 0;
  for (std::size_t i = 0; i < collected.size() && (!closing || is("talks_after_close")); ++i) {
    const Watched& then = collected[i];
    if (polled[i + 1].revents == 0) continue;
    const auto now = std::find_if(watched.begin(), watched.end(), [&](const Watched& w) { return w.fd == then.fd; });
    const bool same = now != watched.end() && now->token == then.token;
    if (!same && !is("reports_collected")) continue;
    if (is("edge_triggered") && now != watched.end()) watched.erase(now);
    if (is("swallows_errors") && (polled[i + 1].revents & (POLLERR | POLLHUP))) continue;
    ++calls;
    const std::uint32_t events = from_poll(polled[i + 1].revents, then.interest);
    host.ready(host.ctx, then.token, events ? events : POE_HANGUP);
    if (is("splits_directions") && (events & 3u) == 3u) host.ready(host.ctx, then.token, POE_WRITE);
  }
  return calls;
}

bool poe_loop::deadline_due() {
  if (deadline == POE_NEVER_NS || deadline > real_now()) return false;
  if (!is("repeats_deadlines")) deadline = POE_NEVER_NS;
  return true;
}

int poe_loop::deliver(const std::vector<pollfd>& polled, bool woken) {
  const std::vector<Watched> collected = watched;
  int calls = report(polled, collected);
  std::uint32_t reasons = calls > 0 ? POE_TURN_READY : 0u;
  if (woken) reasons |= POE_TURN_WOKEN;
  if (closing) return calls;
  if (deadline_due()) reasons |= POE_TURN_DEADLINE;
  if (reasons == 0 || (is("forgets_turns") && reasons == POE_TURN_READY)) return calls;
  if (is("forgets_reasons")) reasons &= ~POE_TURN_READY;
  host.turn(host.ctx, reasons);
  return calls + 1;
}

int poe_loop::end(bool inside_close) {
  if (is("never_closes")) return 0;
  const poe_host last = host;
  const bool twice = is("closes_twice");
  delete this;
  last.closed(last.ctx);
  if (twice) last.closed(last.ctx);
  return inside_close ? 0 : 1;
}

namespace {

bool asked_for(const poe_create& how, std::string_view fault) {
  return how.struct_size >= sizeof(poe_create) && how.option_count > 0 && fault == how.options[0].value;
}

int refuse(const poe_create& how, poe_loop** ret_loop, int code, const char* text) {
  if (!asked_for(how, "refuses_silently")) how.host->error(how.host->ctx, 0, code, 0, text);
  if (asked_for(how, "writes_ret")) *ret_loop = nullptr;
  return code;
}

int create(const poe_create* how, poe_loop** ret_loop) {
  if (how->struct_size < sizeof(poe_create) || how->host->struct_size < sizeof(poe_host))
    return refuse(*how, ret_loop, POE_EABI, "a struct is smaller than version 1.0");
  if (how->foreign && !asked_for(*how, "takes_hosts"))
    return refuse(*how, ret_loop, -ENOTSUP, "mini joins no host loop");
  *ret_loop = new poe_loop(*how);
  return 0;
}

void abandon(poe_loop* loop) {
  if (loop->is("talks_in_abandon")) loop->host.closed(loop->host.ctx);
  delete loop;
}

int close_loop(poe_loop* loop) {
  loop->closing = true;
  return loop->is("closed_inside_close") ? loop->end(true) : 0;
}

const poe_loop_ops& ops() {
  static constexpr poe_loop_ops kOps = {sizeof(poe_loop_ops),
                                        0,
                                        create,
                                        close_loop,
                                        abandon,
                                        [](poe_loop* loop, poe_handle handle, std::uint32_t interest,
                                           std::uint64_t token) { return loop->watch(handle, interest, token); },
                                        [](poe_loop* loop, std::int64_t deadline) { return loop->arm(deadline); },
                                        [](poe_loop* loop) { return loop->wake(); },
                                        [](poe_loop* loop, std::int64_t max_wait) { return loop->step(max_wait); },
                                        nullptr,
                                        nullptr,
                                        nullptr,
                                        nullptr,
                                        nullptr,
                                        nullptr};
  return kOps;
}

constexpr std::uint64_t bit(unsigned capability) { return std::uint64_t{1} << capability; }

}  // namespace

namespace poe::test {

const poe_loop_plugin& mini_loop() {
  static const poe_loop_plugin kPlugin = {
      POE_LOOP_MAGIC,
      sizeof(poe_loop_plugin),
      POE_LOOP_ABI_MAJOR,
      POE_LOOP_ABI_MINOR,
      "mini",
      "1.0.0",
      "poll(2)",
      "",
      "MIT",
      "",
      {bit(POE_CAP_PRIORITY) | bit(POE_CAP_HANGUP_BIT) | bit(POE_CAP_ERROR_BIT) | bit(POE_CAP_REGULAR_FILES) |
           bit(POE_CAP_SUB_MS) | bit(POE_CAP_FORK_ABANDON),
       0},
      nullptr,
      nullptr,
      &ops()};
  return kPlugin;
}

}  // namespace poe::test
