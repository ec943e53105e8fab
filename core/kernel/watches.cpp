// SPDX-License-Identifier: MIT
//
// Descriptors: who watches what, and what the loop is told. The loop hears of a descriptor only what is wanted at the
// moment; watches that may not run are taken off it, because level-triggered loops would spin on them.
#include <fcntl.h>
#include <poll.h>

#include <algorithm>
#include <cerrno>
#include <utility>

#include "internal_events.hpp"
#include "kernel_core.hpp"
#include "poe/system.hpp"

namespace poe {

namespace {

constexpr std::uint32_t kDirections = POE_READ | POE_WRITE | POE_PRIORITY;
constexpr std::uint64_t kPriorityToken = std::uint64_t{1} << 63;

// Index + 1, so that no token is 0, which stands for "none" in error reports.
constexpr std::uint64_t token_of(std::uint32_t index, std::uint32_t generation) {
  return std::uint64_t{generation} << 32 | (index + 1);
}

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
  const auto found = entry_for(fd);
  if (!found) return failure(found.error());
  const std::uint32_t entry = *found;
  if (wants_inner_set()) use_inner_set();
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

Result<std::uint32_t> KernelCore::entry_for(int fd) {
  if (const auto found = fd_index_.find(fd); found != fd_index_.end()) return found->second;
  const int kind = system_->kind(system_->ctx, fd);
  if (kind < 0 && kind != -ENOSYS && is_real(*system_)) {
    return failure(seat_.explain(kind, "watch", "descriptor " + std::to_string(fd)));
  }
  const std::uint32_t index = fds_.add();
  fds_[index].fd = fd;
  fds_[index].always_ready = kind == POE_KIND_REGULAR;
  fd_index_.emplace(fd, index);
  return index;
}

std::uint32_t KernelCore::wanted(const FdEntry& entry) const noexcept {
  std::uint32_t all = 0;
  for (std::uint32_t w = entry.first_watch; w != kNone; w = watches_[w].next_on_fd) {
    const WatchNode& node = watches_[w];
    if (!node.blocked) all |= node.interest & ~node.paused;
  }
  return all;
}

// Makes the loop's knowledge of a descriptor agree with what is wanted; 0 or what the loop says.
int KernelCore::update_entry(std::uint32_t index) noexcept {
  FdEntry& entry = fds_[index];
  std::uint32_t want = wanted(entry);
  if (entry.always_ready) {
    const auto at = std::find(files_.begin(), files_.end(), index);
    if (want != 0 && at == files_.end()) {
      files_.push_back(index);
      if (asleep_) request_turn();
    } else if (want == 0 && at != files_.end()) {
      files_.erase(at);
    }
    return 0;
  }
  if (!seat_.is_open() || fork_guard_.forked()) return 0;  // a fork shares the loop's set of descriptors
  int code = 0;
  if (((want & POE_PRIORITY) != 0 || entry.priority.is_open()) && !inner_.is_open() && !seat_.can(POE_CAP_PRIORITY)) {
    code = update_priority(index, (want & POE_PRIORITY) != 0);
    want &= ~POE_PRIORITY;
  }
  if (code == 0 && want != entry.on_loop) {
    code = place_watch(entry, want, token_of(index, fds_.generation(index)));
    if (code >= 0) entry.on_loop = want;
  }
  if (code == -EPERM) {  // /dev/null and the like: no readiness to wait for
    entry.always_ready = true;
    return update_entry(index);
  }
  return code;
}

// Loops without POE_PRIORITY: a set of this one descriptor, itself watched for READ.
int KernelCore::update_priority(std::uint32_t index, bool wanted_now) noexcept {
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
  if (code == 0) {
    code = seat_.watch(entry.priority.fd(), POE_READ, token_of(index, fds_.generation(index)) | kPriorityToken);
  }
  if (code < 0) entry.priority.close();
  return code;
}

void KernelCore::drop_priority(FdEntry& entry) noexcept {
  if (!entry.priority.is_open()) return;
  seat_.watch(entry.priority.fd(), 0, 0);
  entry.priority.close();
}

void KernelCore::drop_watch(std::uint32_t index) noexcept {
  WatchNode& node = watches_[index];
  const std::uint32_t entry = node.entry;
  std::uint32_t* at = &fds_[entry].first_watch;
  while (*at != index) at = &watches_[*at].next_on_fd;
  *at = node.next_on_fd;
  update_entry(entry);
  if (fds_[entry].first_watch == kNone) {
    fd_index_.erase(fds_[entry].fd);
    fds_.remove(entry);  // reports still under way carry the old generation
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
  const std::uint32_t entry = watches_[index].entry;
  if (update_entry(entry) < 0) loop_refused(entry);
}

// The descriptor was closed under its watch, most likely: its owner hears of it as an error.
void KernelCore::loop_refused(std::uint32_t entry) noexcept {
  ready_.emplace_back(token_of(entry, fds_.generation(entry)), POE_ERROR);
  if (asleep_) request_turn();
}

void KernelCore::watches_to_loop() noexcept {
  for (std::uint32_t i = 0; i < fds_.size(); ++i) {
    if (!fds_.used(i)) continue;
    fds_[i].on_loop = 0;
    fds_[i].by_loop = fds_[i].leaked = false;
    if (update_entry(i) < 0) loop_refused(i);
  }
}

// ---- reports

void KernelCore::on_ready(std::uint64_t token, std::uint32_t events) noexcept {
  if (token == kInnerToken) return take_inner_reports();
  ++counts_.reports;
  ready_.emplace_back(token, events);
}

void KernelCore::on_watch_error(std::uint64_t token, int, const char* text) noexcept {
  log(LogLevel::warning, "a watch broke: " + std::string(text != nullptr ? text : "no reason given"));
  if (token == kInnerToken) return take_inner_reports(true);
  ready_.emplace_back(token, POE_ERROR);
}

// Reads first, then writes, then priority (P006); before the queued events of the turn (P007).
void KernelCore::dispatch_ready() {
  auto batch = std::exchange(ready_, std::exchange(spare_ready_, {}));
  std::uint32_t seen = 0;
  for (auto& [token, events] : batch) {
    if ((token & kPriorityToken) != 0) {
      token &= ~kPriorityToken;
      events = POE_PRIORITY;
    }
    seen |= events;
  }
  const bool failed = (seen & (POE_ERROR | POE_HANGUP)) != 0;
  for (const std::uint32_t mode : {POE_READ, POE_WRITE, POE_PRIORITY}) {
    if ((seen & mode) == 0 && !failed) continue;
    for (const auto& [token, events] : batch) {
      const auto index = static_cast<std::uint32_t>(token) - 1;
      const auto generation = static_cast<std::uint32_t>(token >> 32);
      if ((events & (mode | POE_ERROR | POE_HANGUP)) != 0 && fds_.holds(index, generation)) {
        report(index, events, mode);
      }
    }
  }
  batch.clear();
  spare_ready_ = std::move(batch);
}

// Regular files: ready in every wanted direction, once a turn, so that they starve nobody (P103).
void KernelCore::dispatch_files() {
  const auto batch = files_;
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
    if (update_entry(node.entry) < 0) loop_refused(node.entry);
  }
}

// A look without the loop, for slices inside a handler where the loop cannot be stepped: poll(2) over our own watches.
int KernelCore::poll_watches(std::int64_t max_wait_ns) {
  std::vector<pollfd> polled;
  std::vector<std::uint64_t> tokens;
  for (std::uint32_t i = 0; i < fds_.size(); ++i) {
    if (!fds_.used(i) || fds_[i].always_ready) continue;
    const std::uint32_t want = wanted(fds_[i]);
    if (want == 0) continue;
    const int events = ((want & POE_READ) != 0 ? POLLIN : 0) | ((want & POE_WRITE) != 0 ? POLLOUT : 0) |
                       ((want & POE_PRIORITY) != 0 ? POLLPRI : 0);
    polled.push_back({fds_[i].fd, static_cast<short>(events), 0});
    tokens.push_back(token_of(i, fds_.generation(i)));
  }
  constexpr std::int64_t kMillisecond = 1'000'000;
  // Without a wake descriptor of our own, a post from another thread must not wait for ever.
  const std::int64_t limit = std::min<std::int64_t>(max_wait_ns, 10 * kMillisecond);
  const int found = ::poll(polled.data(), polled.size(),
                           static_cast<int>((std::max<std::int64_t>(limit, 0) + kMillisecond - 1) / kMillisecond));
  for (std::size_t i = 0; i < polled.size() && found > 0; ++i) {
    const short got = polled[i].revents;
    if (got == 0) continue;
    std::uint32_t events = 0;
    if ((got & POLLIN) != 0) events |= POE_READ;
    if ((got & POLLOUT) != 0) events |= POE_WRITE;
    if ((got & POLLPRI) != 0) events |= POE_PRIORITY;
    if ((got & (POLLERR | POLLNVAL)) != 0) events |= POE_ERROR;
    if ((got & POLLHUP) != 0) events |= POE_HANGUP;
    on_ready(tokens[i], events);
  }
  return std::max(found, 0);
}

}  // namespace poe
