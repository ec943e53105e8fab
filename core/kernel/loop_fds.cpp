// SPDX-License-Identifier: MIT
//
// Descriptors move into the inner set all at once, when there are KernelOptions::inner_set of them, and stay there as
// long as the kernel stays in that loop: going back and forth would cost more than a set with few descriptors does.
#include "loop_fds.hpp"

#include <poll.h>

#include <algorithm>
#include <cerrno>

#include "poe/system.hpp"

namespace poe {

// ---- entries

Result<std::uint32_t> LoopFds::entry_for(int fd) {
  if (const auto found = fd_index_.find(fd); found != fd_index_.end()) return found->second;
  const int kind = system_->kind(system_->ctx, fd);
  if (kind < 0 && kind != -ENOSYS && is_real(*system_)) {
    return failure(seat_.explain(kind, "watch", "descriptor " + std::to_string(fd)));
  }
  const std::uint32_t index = fds_.add();
  fds_[index].fd = fd;
  fds_[index].always_ready = kind == POE_KIND_REGULAR;
  fd_index_.emplace(fd, index);
  if (wants_inner_set()) use_inner_set();
  return index;
}

int LoopFds::set_interest(std::uint32_t entry, std::uint32_t want) noexcept {
  fds_[entry].wanted = want;
  return tell_loop(entry);
}

void LoopFds::remove(std::uint32_t entry) noexcept {
  fd_index_.erase(fds_[entry].fd);
  fds_.remove(entry);
}

int LoopFds::tell_loop(std::uint32_t index) noexcept {
  FdEntry& entry = fds_[index];
  if (entry.always_ready) {
    list_file(index);
    return 0;
  }
  if (!seat_.is_open() || fork_guard_.forked()) return 0;
  std::uint32_t want = entry.wanted;
  int code = 0;
  if (((want & POE_PRIORITY) != 0 || entry.priority.is_open()) && !inner_.is_open() && !seat_.can(POE_CAP_PRIORITY)) {
    code = set_priority(index, (want & POE_PRIORITY) != 0);
    want &= ~POE_PRIORITY;
  }
  if (code == 0 && want != entry.on_loop) {
    code = place(entry, want, token_of(index));
    if (code >= 0) entry.on_loop = want;
  }
  if (code == -EPERM) {  // /dev/null and the like: no readiness to wait for
    entry.always_ready = true;
    list_file(index);
    return 0;
  }
  return code;
}

void LoopFds::list_file(std::uint32_t entry) {
  const auto at = std::find(files_.begin(), files_.end(), entry);
  const bool listed = at != files_.end();
  const bool wanted = fds_[entry].wanted != 0;
  if (wanted && !listed) files_.push_back(entry);
  if (!wanted && listed) files_.erase(at);
}

// The op watch() of whoever watches this descriptor.
int LoopFds::place(FdEntry& entry, std::uint32_t interest, std::uint64_t token) noexcept {
  if (inner_.is_open() && !entry.by_loop) {
    const int code = inner_.watch(entry.fd, interest, token, entry.on_loop != 0, entry.leaked);
    if (code != -EPERM) return code;
    entry.by_loop = true;
  }
  return seat_.watch(entry.fd, interest, token);
}

// Loops without POE_PRIORITY: a set of this one descriptor, itself watched for READ.
int LoopFds::set_priority(std::uint32_t index, bool wanted_now) noexcept {
  FdEntry& entry = fds_[index];
  if (!is_real(*system_)) return -ENOTSUP;
  if (wanted_now == entry.priority.is_open()) return 0;
  if (!wanted_now) {
    drop_priority(entry);
    return 0;
  }
  bool lost = false;
  int code = entry.priority.open();
  if (code == 0) code = entry.priority.watch(entry.fd, POE_PRIORITY, 0, false, lost);
  if (code == 0) code = seat_.watch(entry.priority.fd(), POE_READ, token_of(index) | kPriorityToken);
  if (code < 0) entry.priority.close();
  return code;
}

void LoopFds::drop_priority(FdEntry& entry) noexcept {
  if (!entry.priority.is_open()) return;
  seat_.watch(entry.priority.fd(), 0, 0);
  entry.priority.close();
}

// ---- the loop

void LoopFds::enter_loop(const poe_sys& system) noexcept {
  system_ = &system;
  inner_refused_ = false;
  if (wants_inner_set()) {
    use_inner_set();
  } else {
    all_to_loop();
  }
}

// A loop must be told before the descriptors are somebody else's.
void LoopFds::leave_loop() noexcept {
  all_off();
  leave_inner_set();
  ready_.clear();
}

void LoopFds::forget_loop() noexcept {
  for (std::uint32_t i = 0; i < fds_.size(); ++i) {
    if (!fds_.used(i)) continue;
    fds_[i].on_loop = 0;
    fds_[i].priority.close();
  }
  inner_.close();
  ready_.clear();
}

// What stands in the inner set goes with the set.
void LoopFds::take_off(FdEntry& entry) noexcept {
  if (entry.on_loop != 0 && (entry.by_loop || !inner_.is_open())) seat_.watch(entry.fd, 0, 0);
  entry.on_loop = 0;
  drop_priority(entry);
}

void LoopFds::all_off() noexcept {
  for (std::uint32_t i = 0; i < fds_.size(); ++i) {
    if (fds_.used(i)) take_off(fds_[i]);
  }
}

void LoopFds::all_to_loop() noexcept {
  for (std::uint32_t i = 0; i < fds_.size(); ++i) {
    if (!fds_.used(i)) continue;
    fds_[i].on_loop = 0;
    fds_[i].by_loop = fds_[i].leaked = false;
    if (tell_loop(i) < 0) refuse(i);
  }
}

// ---- the inner set

bool LoopFds::wants_inner_set() const noexcept {
  return InnerSet::kAvailable && fds_.live() >= options_.inner_set && options_.inner_set != 0 && !inner_.is_open() &&
         !inner_refused_ && seat_.can(POE_CAP_LINEAR_WAIT) && is_real(*system_);
}

// Without a set, for want of a descriptor for example, the loop watches everything itself until the kernel leaves it.
void LoopFds::use_inner_set() noexcept {
  all_off();
  int code = inner_.open();
  if (code == 0) code = seat_.watch(inner_.fd(), POE_READ, kInnerToken);
  if (code < 0) {
    inner_.close();
    inner_refused_ = true;
    const Error error = seat_.explain(code, "watch many descriptors as one", "an epoll set",
                                      "it works without, slower; KernelOptions::inner_set = 0 turns it off");
    if (options_.log->threshold() <= LogLevel::warning) options_.log->write(LogLevel::warning, error.report());
  }
  all_to_loop();
}

void LoopFds::leave_inner_set() noexcept {
  if (!inner_.is_open()) return;
  seat_.watch(inner_.fd(), 0, 0);
  inner_.close();
}

// What the set reports under no live watch's token, or under one whose number stands for another file by now, cannot be
// taken out of it: a new set is made, which reports what is true, and this batch is forgotten. A set that answers with
// an error was closed by somebody who closes everything; its number may be another's. `broken`: the loop says so of it.
void LoopFds::take_inner_reports(bool broken) noexcept {
  const std::size_t before = ready_.size();
  const int code = inner_.take(ready_);
  const auto taken = ready_.begin() + static_cast<std::ptrdiff_t>(before);
  const auto spoilt = [&] {
    return inner_.leaked() &&
           std::any_of(taken, ready_.end(), [this](const auto& report) { return is_stale(report.first); });
  };
  if (code < 0) {
    seat_.watch(inner_.fd(), 0, 0);
    inner_.lose();
    use_inner_set();
  } else if (broken || spoilt()) {
    ready_.erase(taken, ready_.end());
    all_off();
    leave_inner_set();
    use_inner_set();
  } else {
    counts_.reports += ready_.size() - before;
  }
}

// ---- reports

bool LoopFds::look() noexcept {
  take_inner_reports(false);
  return pending();
}

void LoopFds::watch_broke(std::uint64_t token) noexcept {
  if (token == kInnerToken) return take_inner_reports(true);
  note(token, POE_ERROR);
}

namespace {

short to_poll(std::uint32_t interest) noexcept {
  return static_cast<short>(((interest & POE_READ) != 0 ? POLLIN : 0) | ((interest & POE_WRITE) != 0 ? POLLOUT : 0) |
                            ((interest & POE_PRIORITY) != 0 ? POLLPRI : 0));
}

std::uint32_t from_poll(short got) noexcept {
  return ((got & POLLIN) != 0 ? POE_READ : 0u) | ((got & POLLOUT) != 0 ? POE_WRITE : 0u) |
         ((got & POLLPRI) != 0 ? POE_PRIORITY : 0u) | ((got & (POLLERR | POLLNVAL)) != 0 ? POE_ERROR : 0u) |
         ((got & POLLHUP) != 0 ? POE_HANGUP : 0u);
}

}  // namespace

int LoopFds::poll(std::int64_t max_wait_ns) {
  std::vector<pollfd> polled;
  std::vector<std::uint64_t> tokens;
  for (std::uint32_t i = 0; i < fds_.size(); ++i) {
    if (!fds_.used(i) || fds_[i].always_ready || fds_[i].wanted == 0) continue;
    polled.push_back({fds_[i].fd, to_poll(fds_[i].wanted), 0});
    tokens.push_back(token_of(i));
  }
  constexpr std::int64_t kMillisecond = 1'000'000;
  // Without a wake descriptor of our own, a post from another thread must not wait for ever.
  const std::int64_t limit = std::clamp<std::int64_t>(max_wait_ns, 0, 10 * kMillisecond);
  const int found = ::poll(polled.data(), polled.size(), static_cast<int>((limit + kMillisecond - 1) / kMillisecond));
  for (std::size_t i = 0; i < polled.size() && found > 0; ++i) {
    if (polled[i].revents != 0) report(tokens[i], from_poll(polled[i].revents));
  }
  return std::max(found, 0);
}

std::string LoopFds::explain() const {
  if (!seat_.is_open() || !seat_.can(POE_CAP_LINEAR_WAIT)) return {};
  const std::string count = std::to_string(fds_.live()) + " descriptors: ";
  if (inner_.is_open()) return count + "one for the loop, an inner epoll set with all of them\n";
  if (!InnerSet::kAvailable) return count + "each by the loop; no inner set, as this build has no epoll\n";
  if (inner_refused_) return count + "each by the loop; an inner epoll set was refused\n";
  if (options_.inner_set == 0) return count + "each by the loop; the inner epoll set is turned off\n";
  return count + "each by the loop; from " + std::to_string(options_.inner_set) + " on in an inner epoll set\n";
}

}  // namespace poe
