// SPDX-License-Identifier: MIT
//
// Which descriptors the loop watches itself, and which stand in the inner set. All move over at once, when there are
// KernelOptions::inner_set of them, and stay there as long as the kernel stays in that loop: going back and forth would
// cost more than a set with few descriptors does.
#include <algorithm>
#include <cerrno>
#include <cstring>
#include <utility>

#include "kernel_core.hpp"
#include "poe/system.hpp"

namespace poe {

bool KernelCore::wants_inner_set() const noexcept {
  return InnerSet::kAvailable && fds_.live() >= options_.inner_set && options_.inner_set != 0 && !inner_.is_open() &&
         !inner_refused_ && seat_.can(POE_CAP_LINEAR_WAIT) && is_real(*system_);
}

// Without a set, for want of a descriptor for example, the loop watches everything itself until the kernel leaves it.
void KernelCore::use_inner_set() noexcept {
  for (std::uint32_t i = 0; i < fds_.size(); ++i) {
    if (fds_.used(i)) take_off_loop(fds_[i]);
  }
  int code = inner_.open();
  if (code == 0) code = seat_.watch(inner_.fd(), POE_READ, kInnerToken);
  if (code < 0) {
    inner_.close();
    inner_refused_ = true;
    log(LogLevel::warning, seat_
                               .explain(code, "watch many descriptors as one", "an epoll set",
                                        "it works without, slower; KernelOptions::inner_set = 0 turns it off")
                               .report());
  }
  watches_to_loop();
}

void KernelCore::leave_inner_set() noexcept {
  if (!inner_.is_open()) return;
  seat_.watch(inner_.fd(), 0, 0);
  inner_.close();
}

void KernelCore::renew_inner_set() noexcept {
  leave_inner_set();
  use_inner_set();
}

// What the set reports under no live watch's token, or under one whose number stands for another file by now, cannot be
// taken out of it: a new set is made, which reports what is true, and this batch is forgotten. A set that answers with
// an error was closed by somebody who closes everything; its number may be another's. `broken`: the loop says so of it.
void KernelCore::take_inner_reports(bool broken) noexcept {
  const std::size_t before = ready_.size();
  const int code = inner_.take(ready_);
  const auto is_stale = [&](const auto& report) {
    const std::uint32_t index = static_cast<std::uint32_t>(report.first) - 1;
    return !fds_.holds(index, static_cast<std::uint32_t>(report.first >> 32)) || fds_[index].leaked;
  };
  const auto taken = ready_.begin() + static_cast<std::ptrdiff_t>(before);
  if (code < 0) {
    seat_.watch(inner_.fd(), 0, 0);
    inner_.lose();
    use_inner_set();
  } else if (broken || (inner_.leaked() && std::any_of(taken, ready_.end(), is_stale))) {
    ready_.erase(taken, ready_.end());
    renew_inner_set();
  } else {
    counts_.reports += ready_.size() - before;
  }
}

/// The op watch() of whoever watches this descriptor.
int KernelCore::place_watch(FdEntry& entry, std::uint32_t interest, std::uint64_t token) noexcept {
  if (inner_.is_open() && !entry.by_loop) {
    const int code = inner_.watch(entry.fd, interest, token, entry.on_loop != 0, entry.leaked);
    if (code != -EPERM) return code;
    entry.by_loop = true;
  }
  return seat_.watch(entry.fd, interest, token);
}

// What stands in the inner set goes with the set.
void KernelCore::take_off_loop(FdEntry& entry) noexcept {
  if (entry.on_loop != 0 && (entry.by_loop || !inner_.is_open())) seat_.watch(entry.fd, 0, 0);
  entry.on_loop = 0;
  drop_priority(entry);
}

std::string KernelCore::explain_inner_set() const {
  if (!seat_.is_open() || !seat_.can(POE_CAP_LINEAR_WAIT)) return {};
  const std::string count = std::to_string(fds_.live()) + " descriptors: ";
  if (inner_.is_open()) return count + "one for the loop, an inner epoll set with all of them\n";
  if (!InnerSet::kAvailable) return count + "each by the loop; no inner set, as this build has no epoll\n";
  if (inner_refused_) return count + "each by the loop; an inner epoll set was refused\n";
  if (options_.inner_set == 0) return count + "each by the loop; the inner epoll set is turned off\n";
  return count + "each by the loop; from " + std::to_string(options_.inner_set) + " on in an inner epoll set\n";
}

}  // namespace poe
