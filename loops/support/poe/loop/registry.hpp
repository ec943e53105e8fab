// SPDX-License-Identifier: MIT
//
// Registry: what a bridge knows of each watched descriptor, by its number. Reports are collected first and delivered
// through here, so that one collected before its watch was forgotten is dropped. Loop thread only.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "poe/loop/host.hpp"
#include "poe/loop_abi.h"

namespace poe::loop {

/// A watched descriptor. `interest` 0: not watched.
struct Registration {
  std::uint64_t token = 0;
  std::uint32_t interest = 0;
  std::uint32_t generation = 0;  // counts the registrations of this number, so that a stale report is known
};

/// What a system call said of a descriptor: POE_* bits, only those that are true.
struct Report {
  int fd;
  std::uint32_t generation;
  std::uint32_t events;
};

/// What the kernel is told: an error or a hang-up goes with every asked direction, so that whoever waits for one of
/// them finds out by reading or writing. Priority data is not made up, unless nothing else was asked for.
constexpr std::uint32_t events_to_tell(std::uint32_t events, std::uint32_t interest) noexcept {
  if ((events & (POE_ERROR | POE_HANGUP)) == 0) return events & interest;
  const std::uint32_t directions = interest & (POE_READ | POE_WRITE);
  return (events & (interest | POE_ERROR | POE_HANGUP)) | (directions != 0 ? directions : interest);
}

class Registry {
 public:
  /// The entry of a watched descriptor, or nullptr.
  const Registration* find(int fd) const noexcept {
    const auto i = static_cast<std::size_t>(fd);
    return i < entries_.size() && entries_[i].interest != 0 ? &entries_[i] : nullptr;
  }

  /// Makes room for `fd`; afterwards put() for it cannot fail. Throws std::bad_alloc.
  void reserve(int fd) {
    const auto i = static_cast<std::size_t>(fd);
    if (i >= entries_.size()) entries_.resize(i + 1 > 2 * entries_.size() ? i + 1 : 2 * entries_.size());
  }

  /// Enters or changes a descriptor that reserve() was called for.
  const Registration& put(int fd, std::uint32_t interest, std::uint64_t token) noexcept {
    Registration& e = entries_[static_cast<std::size_t>(fd)];
    e.token = token;
    e.interest = interest;
    return e;
  }

  /// The next entry under this number is another one: reports made until now are stale. Knows every number.
  void drop(int fd) noexcept {
    const auto i = static_cast<std::size_t>(fd);
    if (i >= entries_.size()) return;
    entries_[i].interest = 0;
    ++entries_[i].generation;
  }

  /// The generation that the next put() of `fd` has; for a descriptor that reserve() was called for.
  std::uint32_t generation(int fd) const noexcept { return entries_[static_cast<std::size_t>(fd)].generation; }

  /// Passes a report on, unless its registration is gone; true if it was current.
  bool deliver(const Host& host, const Report& report) const {
    const Registration* e = find(report.fd);
    if (!e || e->generation != report.generation) return false;
    if (const std::uint32_t events = events_to_tell(report.events, e->interest)) host.ready(e->token, events);
    return true;
  }

  /// Calls f(fd, entry) for every watched descriptor.
  template <class F>
  void for_each(F&& f) const {
    for (std::size_t i = 0; i < entries_.size(); ++i)
      if (entries_[i].interest != 0) f(static_cast<int>(i), entries_[i]);
  }

 private:
  std::vector<Registration> entries_;  // by descriptor: POSIX hands out the lowest number
};

}  // namespace poe::loop
