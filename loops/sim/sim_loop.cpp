// SPDX-License-Identifier: MIT
#include "sim_loop.hpp"

#include <poll.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <utility>

#include "sys_table.hpp"

namespace poe::sim {

SimLoop::SimLoop(loop::Host host, const poe_create& how)
    : host_(host),
      settings_(read_settings(how)),
      world_(settings_),
      sys_(make_sys_table(world_)),
      sim_(make_sim_table(*this)) {
  host_.log(POE_LOG_DEBUG, "simulated loop with seed " + std::to_string(settings_.seed));
}

void SimLoop::watch(int fd, uint32_t interest, uint64_t token) {
  if (interest == 0) {
    watches_.erase(fd);
    return;
  }
  const std::shared_ptr<Node> node = world_.share(fd);
  if (!node || !node->watchable()) refuse_watch(fd);
  watches_[fd] = {node, ++generations_, interest, token};
}

void SimLoop::refuse_watch(int fd) const {
  const std::string what = "cannot watch descriptor " + std::to_string(fd);
  if (world_.find(fd) != nullptr) {
    throw loop::Refusal(-EPERM, what + ": it is a file, which is always ready; read it without waiting");
  }
  if (fd >= POE_SIM_FIRST_FD) {
    throw loop::Refusal(-EBADF, what + ": it is not open in the simulated world; watch it before closing it");
  }
  throw loop::Refusal(-EBADF, what +
                                  ": it is a real one; the simulated loop has its own world: make it through the "
                                  "kernel's system table (poe.sys/1), or use a real loop (POE_EVENT_LOOP=epoll)");
}

// wait_ms as for poll(2). The only place where anything outside the simulated world is looked at.
void SimLoop::look_for_wakes(int wait_ms) {
  pollfd waker{waker_.fd(), POLLIN, 0};
  if (poll(&waker, 1, wait_ms) <= 0) return;
  waker_.drain();
  woken_ = true;
}

// A program that is always busy would otherwise live in one moment for ever, its timers never due. Time never
// goes past a deadline or a happening here, so an idle program's timers are exact.
void SimLoop::spend_time() {
  const int64_t now = time().now();
  int64_t until = Timeline::later(now, settings_.step_cost_ns);
  if (deadline_ > now) until = std::min(until, deadline_);
  if (time().next() > now) until = std::min(until, time().next());
  time().advance_to(until);
}

void SimLoop::step(int64_t max_wait_ns) {
  ++steps_;
  const int64_t limit = Timeline::later(time().now(), max_wait_ns);
  look_for_wakes(0);
  spend_time();
  while (!deliver() && let_time_pass(limit)) {
  }
}

// Jumps to whatever comes first. False: there is no reason to look again, the step is over.
bool SimLoop::let_time_pass(int64_t limit) {
  const int64_t target = std::min({deadline_, limit, time().next()});
  if (target == POE_NEVER_NS) {  // nothing can happen any more but a wake from another thread, or a signal
    look_for_wakes(-1);
    return woken_;
  }
  const bool moves = target > time().now() || time().next() <= time().now();
  if (moves) {
    time().advance_to(target);
    choices().note(Choice::kTime, static_cast<uint64_t>(target));
  }
  return moves;
}

// As the system's readiness, cut to what was asked; errors and hang-ups come with every asked direction.
uint32_t SimLoop::events_of(const Node& node, uint32_t interest) {
  const uint32_t now = node.readiness();
  const uint32_t trouble = now & (POE_ERROR | POE_HANGUP);
  return trouble != 0 ? trouble | interest : now & interest;
}

std::vector<SimLoop::Report> SimLoop::collect() {
  constexpr uint64_t kSpuriousRarity = 16;
  std::vector<Report> reports;
  for (auto watch = watches_.begin(); watch != watches_.end();) {
    const auto& [fd, what] = *watch;
    const std::shared_ptr<Node> node = what.node.lock();
    if (!node) {  // closed without being forgotten
      watch = watches_.erase(watch);
      continue;
    }
    if (const uint32_t events = events_of(*node, what.interest); events != 0) {
      reports.push_back({fd, events, what.token, what.generation});
    } else if (settings_.spurious && !reports.empty() && choices().once_in(Choice::kSpurious, kSpuriousRarity)) {
      reports.push_back({fd, what.interest, what.token, what.generation});
    }
    ++watch;
  }
  return reports;
}

// Any order, and now and then only a part: the rest stays ready and comes with a later turn.
void SimLoop::order(std::vector<Report>& reports) {
  constexpr uint64_t kSplitRarity = 4;
  for (size_t left = reports.size(); left > 1; --left) {
    std::swap(reports[left - 1], reports[choices().below(Choice::kOrder, left)]);
  }
  if (!settings_.split_batches || reports.size() < 2 || !choices().once_in(Choice::kSplit, kSplitRarity)) return;
  reports.resize(1 + choices().below(Choice::kSplit, reports.size() - 1));
}

// False: it was forgotten, or renewed under another token, while the batch went on.
bool SimLoop::still_wanted(const Report& report) const {
  const auto found = watches_.find(report.fd);
  return found != watches_.end() && found->second.generation == report.generation;
}

// Returns whether any report was made.
bool SimLoop::deliver_ready() {
  std::vector<Report> reports = collect();
  order(reports);
  bool any = false;
  for (const Report& report : reports) {
    if (!still_wanted(report)) continue;
    any = true;
    choices().note(Choice::kDelivered, static_cast<uint64_t>(report.fd), report.events);
    host_.ready(report.token, report.events);
  }
  return any;
}

// One batch and its turn. False: there was nothing to deliver.
bool SimLoop::deliver() {
  const bool ready = deliver_ready();
  const bool due = deadline_due();
  if (!ready && !due && !woken_) return false;
  const uint32_t reasons = (ready ? POE_TURN_READY : 0U) | (due ? POE_TURN_DEADLINE : 0U) |
                           (std::exchange(woken_, false) ? POE_TURN_WOKEN : 0U);
  if (due) deadline_ = POE_NEVER_NS;
  choices().note(Choice::kTurn, reasons, static_cast<uint64_t>(time().now()));
  host_.turn(reasons);
  return true;
}

void SimLoop::run() {
  while (!stop_ && !host_.closing()) step(POE_NEVER_NS);
  stop_ = false;
}

const void* SimLoop::extension(const char* name) const {
  if (name == nullptr) return nullptr;
  if (std::strcmp(name, POE_SYS_NAME) == 0) return &sys_;
  return std::strcmp(name, POE_SIM_NAME) == 0 ? &sim_ : nullptr;
}

poe_sim SimLoop::make_sim_table(SimLoop& loop) {
  poe_sim t{};
  t.struct_size = sizeof t;
  t.ctx = &loop;
  t.seed = loop.settings_.seed;
  t.hash = [](void* ctx) { return static_cast<SimLoop*>(ctx)->choices().hash(); };
  t.steps = [](void* ctx) { return static_cast<SimLoop*>(ctx)->steps_; };
  t.advance = [](void* ctx, int64_t ns) {
    auto& self = *static_cast<SimLoop*>(ctx);
    if (ns < 0) return -EINVAL;
    self.time().advance_to(Timeline::later(self.time().now(), ns));
    return 0;
  };
  t.step_wall = [](void* ctx, int64_t ns) {
    static_cast<SimLoop*>(ctx)->world_.environment().wall_step.fetch_add(ns, std::memory_order_relaxed);
    return 0;
  };
  return t;
}

}  // namespace poe::sim

POE_EXPORT_LOOP(poe::sim::SimLoop)
