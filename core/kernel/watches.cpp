// SPDX-License-Identifier: MIT
//
// Who watches which descriptor, and how they are told. A descriptor's interest is what is wanted at the moment; watches
// that may not run are left out of it, because level-triggered loops would spin on them.
#include <algorithm>
#include <utility>

#include "internal_events.hpp"
#include "kernel_core.hpp"

namespace poe {

namespace {

constexpr std::uint32_t kDirections = POE_READ | POE_WRITE | POE_PRIORITY;

}  // namespace

Result<Watch> KernelCore::add_watch(SessionId id, int fd, std::uint32_t interest, Fn<void(std::uint32_t)> ready,
                                    bool internal) {
  const std::string what = "descriptor " + std::to_string(fd);
  if (auto usable = check_usable("watch"); !usable) return failure(usable.error());
  if (!alive(id)) return failure(Errc::no_session, "watch", what, "the session has ended");
  if (interest == 0 || (interest & ~kDirections) != 0 || !ready) {
    return failure(Errc::invalid_argument, "watch", what, "interest must be of POE_READ, POE_WRITE, POE_PRIORITY",
                   "and a callback must be given");
  }
  if (auto loop = ensure_loop(); !loop) return failure(loop.error());
  const auto found = fds_.entry_for(fd);
  if (!found) return failure(found.error());
  const std::uint32_t entry = *found;
  if (asleep() && fds_.pending()) request_turn();  // all moved to the inner set, and one of them was refused
  const std::uint32_t index = watches_.add();
  WatchNode& node = watches_[index];
  node.session = id.bits;
  node.entry = entry;
  node.interest = interest;
  node.internal = internal;
  node.ready = std::move(ready);
  std::uint32_t* tail = &fds_[entry].first_watch;
  while (*tail != kNone) tail = &watches_[*tail].next_on_fd;
  *tail = index;
  link(watches_, &Cold::watches, index);
  add_reference(id.slot());
  if (!internal) ++user_watches_;
  if (const int code = update_entry(entry); code < 0) {
    Error error = seat_.explain(code, "watch", what);
    drop_watch(index);
    return failure(std::move(error));
  }
  return make_handle<Watch>(Handle::Kind::watch, index, watches_.generation(index));
}

std::uint32_t KernelCore::wanted(const FdEntry& entry) const noexcept {
  std::uint32_t all = 0;
  for (std::uint32_t w = entry.first_watch; w != kNone; w = watches_[w].next_on_fd) {
    const WatchNode& node = watches_[w];
    if (!node.blocked) all |= node.interest & ~node.paused;
  }
  return all;
}

// To be called whenever wanted() may have changed. 0 or what the loop says.
int KernelCore::update_entry(std::uint32_t entry) noexcept {
  const std::size_t files = fds_.files().size();
  const int code = fds_.set_interest(entry, wanted(fds_[entry]));
  if (asleep() && fds_.files().size() > files) request_turn();
  return code;
}

// For who cannot be told otherwise that it failed.
void KernelCore::update_or_refuse(std::uint32_t entry) noexcept {
  if (update_entry(entry) >= 0) return;
  fds_.refuse(entry);
  if (asleep()) request_turn();
}

void KernelCore::drop_watch(std::uint32_t index) noexcept {
  WatchNode& node = watches_[index];
  const std::uint32_t entry = node.entry;
  std::uint32_t* at = &fds_[entry].first_watch;
  while (*at != index) at = &watches_[*at].next_on_fd;
  *at = node.next_on_fd;
  update_entry(entry);
  if (fds_[entry].first_watch == kNone) {
    fds_.remove(entry);
  }
  if (node.blocked) std::erase(blocked_, index);
  unlink(watches_, &Cold::watches, index);
  if (!node.internal) --user_watches_;
  drop_reference(SessionId{node.session}.slot());
  if (node.calling != 0) {
    node.dead = true;  // freed when its callback returns
  } else {
    watches_.remove(index);
  }
}

void KernelCore::pause_watch(std::uint32_t index, std::uint32_t events) noexcept {
  watches_[index].paused |= events;
  update_entry(watches_[index].entry);
}

void KernelCore::resume_watch(std::uint32_t index, std::uint32_t events) noexcept {
  watches_[index].paused &= ~events;
  update_or_refuse(watches_[index].entry);
}

// ---- reports

void KernelCore::on_ready(std::uint64_t token, std::uint32_t events) noexcept { fds_.report(token, events); }

void KernelCore::on_watch_error(std::uint64_t token, int, const char* text) noexcept {
  log(LogLevel::warning, "a watch broke: " + std::string(text != nullptr ? text : "no reason given"));
  fds_.watch_broke(token);
}

// Reads first, then writes, then priority (P006); before the queued events of the turn (P007).
void KernelCore::dispatch_ready() {
  auto batch = fds_.take_reports();
  std::uint32_t seen = 0;
  for (const auto& [token, events] : batch) seen |= events;
  const bool failed = (seen & (POE_ERROR | POE_HANGUP)) != 0;
  for (const std::uint32_t mode : {POE_READ, POE_WRITE, POE_PRIORITY}) {
    if ((seen & mode) == 0 && !failed) continue;
    for (const auto& [token, events] : batch) {
      if ((events & (mode | POE_ERROR | POE_HANGUP)) != 0 && fds_.holds(token)) {
        report(LoopFds::entry_of(token), events, mode);
      }
    }
  }
  fds_.give_back(std::move(batch));
}

// Regular files: ready in every wanted direction, once a turn, so that they starve nobody (P103).
void KernelCore::dispatch_files() {
  const auto batch = fds_.files();
  for (const std::uint32_t mode : {POE_READ, POE_WRITE, POE_PRIORITY}) {
    for (const std::uint32_t entry : batch) {
      if (fds_.used(entry) && fds_[entry].always_ready) report(entry, mode, mode);
    }
  }
}

// Tells the watches of one descriptor that `mode` is ready. Errors and hang-ups are told in every direction somebody
// asked for, or failed connects would go unseen (P105).
void KernelCore::report(std::uint32_t entry, std::uint32_t ready, std::uint32_t mode) {
  const std::uint32_t trouble = ready & (POE_ERROR | POE_HANGUP);
  const auto wants = [&](std::uint32_t w) {
    const WatchNode& node = watches_[w];
    return !node.blocked && (node.interest & ~node.paused & mode) != 0;
  };
  const std::uint32_t first = fds_[entry].first_watch;
  if (first == kNone) return;
  const std::uint32_t told = mode | trouble;
  if (watches_[first].next_on_fd == kNone) {
    if (wants(first)) call_watch(first, told);
    return;
  }
  std::vector<std::pair<std::uint32_t, std::uint32_t>> all;
  for (std::uint32_t w = first; w != kNone; w = watches_[w].next_on_fd) all.emplace_back(w, watches_.generation(w));
  for (const auto& [w, generation] : all) {
    if (watches_.holds(w, generation) && !watches_[w].dead && wants(w)) call_watch(w, told);
  }
}

void KernelCore::call_watch(std::uint32_t index, std::uint32_t ready) {
  WatchNode& node = watches_[index];
  const std::uint32_t slot = SessionId{node.session}.slot();
  if (frames_ != nullptr && on_stack(slot) && !slots_[slot].reentrant) {
    node.blocked = true;  // off the loop until its session's handler has returned
    blocked_.push_back(index);
    update_entry(node.entry);
    return;
  }
  ++node.calling;
  guarded(slot, internal::ready, [&] {
    const Hooked hooked(*this, slot, slot, internal::ready);
    node.ready(ready);
  });
  if (--node.calling == 0 && node.dead) watches_.remove(index);
  if (attention_) attend();
}

void KernelCore::unblock_watches() noexcept {
  const auto waiting = std::exchange(blocked_, {});
  for (const std::uint32_t index : waiting) {
    WatchNode& node = watches_[index];
    if (on_stack(SessionId{node.session}.slot())) {
      blocked_.push_back(index);
      continue;
    }
    node.blocked = false;
    update_or_refuse(node.entry);
  }
}

}  // namespace poe
