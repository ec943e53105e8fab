// SPDX-License-Identifier: MIT
//
// LoopFds: what the loop is told of descriptors, and what it has reported. The kernel says what is wanted of each; here
// it is known which of them the loop watches itself, which stand in the inner set, which have a set of their own for
// POE_PRIORITY, and which are files that are always ready. Loop thread only.
#pragma once

#include <cstdint>
#include <string>
#include <unordered_map>
#include <utility>
#include <vector>

#include "fork_guard.hpp"
#include "inner_set.hpp"
#include "loop_seat.hpp"
#include "poe/error.hpp"
#include "poe/kernel.hpp"
#include "slab.hpp"

namespace poe {

/// A watched descriptor; known to the loop by index and generation.
struct FdEntry {
  int fd;
  std::uint32_t first_watch = kNone;  // the kernel's list of who watches it; nothing to LoopFds
  std::uint32_t wanted = 0;           // interest the kernel wants
  std::uint32_t on_loop = 0;          // interest the loop, or the inner set, has
  InnerSet priority{};                // stands in for POE_PRIORITY
  bool always_ready = false;          // a regular file: the kernel reports it, once a turn
  bool by_loop = false;               // not for the inner set, which refuses its kind: the loop watches it itself
  bool leaked = false;                // the inner set may hold what this number stood for before, under the same token
};

class LoopFds {
 public:
  /// Token and events. Reports under way when an entry is removed carry its former generation: see holds().
  using Reports = std::vector<std::pair<std::uint64_t, std::uint32_t>>;

  /// Borrows all of them. Counts the reports.
  LoopFds(LoopSeat& seat, const ForkGuard& fork_guard, const KernelOptions& options, Kernel::Counts& counts) noexcept
      : seat_(seat), fork_guard_(fork_guard), options_(options), counts_(counts) {}
  LoopFds(const LoopFds&) = delete;
  LoopFds& operator=(const LoopFds&) = delete;

  // ---- entries

  /// The entry of a descriptor, made if there is none yet; after enter_loop(). Errors: no descriptor.
  Result<std::uint32_t> entry_for(int fd);
  /// Makes the loop's knowledge agree with what is wanted; 0 or what the loop says. Without a loop, or in a forked
  /// child, which shares the loop's set of descriptors, it is only noted.
  int set_interest(std::uint32_t entry, std::uint32_t want) noexcept;
  /// After set_interest(entry, 0).
  void remove(std::uint32_t entry) noexcept;
  FdEntry& operator[](std::uint32_t entry) noexcept { return fds_[entry]; }
  const FdEntry& operator[](std::uint32_t entry) const noexcept { return fds_[entry]; }
  bool used(std::uint32_t entry) const noexcept { return fds_.used(entry); }

  // ---- the loop; the seat is open from before enter_loop() to after leave_loop()

  /// `system`: the descriptors' world. Those that this loop refuses are reported as an error.
  void enter_loop(const poe_sys& system) noexcept;
  void leave_loop() noexcept;
  /// It is dead, or another process's: nothing is said to it.
  void forget_loop() noexcept;

  // ---- reports

  void report(std::uint64_t token, std::uint32_t events) noexcept {
    if (token == kInnerToken) return take_inner_reports(false);
    ++counts_.reports;
    note(token, events);
  }
  /// The loop says that it cannot watch this any more.
  void watch_broke(std::uint64_t token) noexcept;
  /// The descriptor was closed under its watch, most likely: reported as an error.
  void refuse(std::uint32_t entry) noexcept { note(token_of(entry), POE_ERROR); }
  /// Whether look() is worth a call.
  bool can_look() const noexcept { return inner_.is_open(); }
  /// Takes what is ready in the inner set, without the loop. Whether there is anything, from there or from before.
  bool look() noexcept;
  /// Asks poll(2), for loops that cannot be stepped inside a handler. How many are ready.
  int poll(std::int64_t max_wait_ns);

  bool pending() const noexcept { return !ready_.empty(); }
  Reports take_reports() noexcept { return std::exchange(ready_, std::exchange(spare_ready_, {})); }
  /// For the next ones: saves an allocation.
  void give_back(Reports&& batch) noexcept {
    batch.clear();
    spare_ready_ = std::move(batch);
  }
  static constexpr std::uint32_t entry_of(std::uint64_t token) noexcept {
    return static_cast<std::uint32_t>(token) - 1;
  }
  bool holds(std::uint64_t token) const noexcept {
    return fds_.holds(entry_of(token), static_cast<std::uint32_t>(token >> 32));
  }
  /// Entries that are always ready, and of which something is wanted.
  const std::vector<std::uint32_t>& files() const noexcept { return files_; }

  /// How the descriptors are watched, for people: one line, or nothing where there is no choice.
  std::string explain() const;

 private:
  /// Of the inner set, for the loop; no descriptor's token has a low half of 0.
  static constexpr std::uint64_t kInnerToken = std::uint64_t{1} << 62;
  /// Added to a descriptor's: its set for POE_PRIORITY.
  static constexpr std::uint64_t kPriorityToken = std::uint64_t{1} << 63;

  /// Index + 1, so that no token is 0, which stands for "none" in error reports.
  std::uint64_t token_of(std::uint32_t entry) const noexcept {
    return std::uint64_t{fds_.generation(entry)} << 32 | (entry + 1);
  }
  void note(std::uint64_t token, std::uint32_t events) noexcept {
    const bool priority = (token & kPriorityToken) != 0;
    ready_.emplace_back(token & ~kPriorityToken, priority ? std::uint32_t{POE_PRIORITY} : events);
  }
  int tell_loop(std::uint32_t entry) noexcept;
  void list_file(std::uint32_t entry);
  int place(FdEntry& entry, std::uint32_t interest, std::uint64_t token) noexcept;
  int set_priority(std::uint32_t entry, bool wanted_now) noexcept;
  void drop_priority(FdEntry& entry) noexcept;
  void take_off(FdEntry& entry) noexcept;
  void all_off() noexcept;
  void all_to_loop() noexcept;

  bool wants_inner_set() const noexcept;
  void use_inner_set() noexcept;
  void leave_inner_set() noexcept;
  void take_inner_reports(bool broken) noexcept;
  bool is_stale(std::uint64_t token) const noexcept { return !holds(token) || fds_[entry_of(token)].leaked; }

  LoopSeat& seat_;
  const ForkGuard& fork_guard_;
  const KernelOptions& options_;
  Kernel::Counts& counts_;
  const poe_sys* system_ = nullptr;  // since the first loop
  Slab<FdEntry> fds_;
  std::unordered_map<int, std::uint32_t> fd_index_;
  Reports ready_;  // collected for the next turn
  Reports spare_ready_;
  std::vector<std::uint32_t> files_;
  InnerSet inner_;
  bool inner_refused_ = false;  // by this loop: it watches everything itself
};

}  // namespace poe
