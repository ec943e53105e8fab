// SPDX-License-Identifier: MIT
//
// Answers for people: what lives, and why.
#include <sstream>

#include "internal_events.hpp"
#include "kernel_core.hpp"

namespace poe {

std::string KernelCore::describe(SessionId id) const {
  if (id.slot() == 0) return "the kernel";
  std::string text = "session " + std::to_string(id.slot());
  if (!alive(id)) return text + " (ended)";
  const std::uint32_t first = cold_[id.slot()].aliases;
  if (first != kNone) text += " (\"" + aliases_[first].name + "\")";
  return text;
}

std::vector<SessionInfo> KernelCore::sessions() const {
  std::vector<SessionInfo> all;
  for (std::uint32_t slot = 1; slot < slots_.size(); ++slot) {
    if (slots_[slot].id == 0) continue;
    SessionInfo info{id_of(slot), id_of(cold_[slot].parent), {}, slots_[slot].references()};
    for (std::uint32_t a = cold_[slot].aliases; a != kNone; a = aliases_[a].links.next) {
      info.aliases.push_back(aliases_[a].name);
    }
    all.push_back(std::move(info));
  }
  return all;
}

namespace {

std::string directions(std::uint32_t interest) {
  std::string text;
  if ((interest & POE_READ) != 0) text += "read ";
  if ((interest & POE_WRITE) != 0) text += "write ";
  if ((interest & POE_PRIORITY) != 0) text += "priority ";
  if (!text.empty()) text.pop_back();
  return text;
}

}  // namespace

std::string KernelCore::why_alive(SessionId id) const {
  if (!alive(id) || id.slot() == 0) return describe(id) + "\n";
  const std::uint32_t slot = id.slot();
  const Cold& cold = cold_[slot];
  std::ostringstream out;
  out << describe(id) << " lives because of\n";
  const auto none_yet = out.tellp();
  const auto pending = [&](const Record& record) {
    if (record.target == id.bits) out << "  a queued event to it: \"" << record.key->name << "\"\n";
    if (record.sender == slot && SessionId{record.target}.slot() != slot) {
      out << "  a queued event from it: \"" << record.key->name << "\" to " << describe(SessionId{record.target})
          << "\n";
    }
  };
  const_cast<RecordQueue&>(queue_).for_each([&](Record& record) { pending(record); });
  for (const HeldRecord& held : held_) pending(*reinterpret_cast<const Record*>(held.get()));
  for (std::uint32_t a = cold.awaits; a != kNone; a = awaits_[a].links.next) {
    const Await& await = *awaits_[a].await;
    out << "  awaits: " << await.describe();
    if (const auto due = await.timer_.due(); due && await.at_limit_ == Await::Ending::timed_out) {
      out << ", at most " << (due->time_since_epoch().count() - clock()) / 1'000'000 << " ms more";
    }
    out << "\n";
  }
  const std::int64_t now = clock();
  for (std::uint32_t t = 0; slots_[slot].timers() != 0 && t < timers_.size(); ++t) {
    const TimerTag& tag = timers_.tag(t);
    if (!timers_.used(t) || tag.slot != slot || tag.is(TimerTag::kDead)) continue;
    const EventKey& key = *timers_.key(t);
    if (key.id == internal::await_due.id) continue;
    out << "  a timer: \"" << key.name << "\" in " << static_cast<double>(timer_due(t) - now) / 1e6 << " ms";
    out << (tag.is(TimerTag::kPeriodic) ? ", repeating\n" : "\n");
  }
  for (std::uint32_t w = cold.watches; w != kNone; w = watches_[w].links.next) {
    const WatchNode& node = watches_[w];
    out << "  a watch: descriptor " << fds_[node.entry].fd << " for " << directions(node.interest);
    out << ((node.paused & node.interest) != 0 ? ", paused: " + directions(node.paused & node.interest) : "") << "\n";
  }
  for (std::uint32_t c = cold.children; c != kNone; c = children_[c].links.next) {
    out << "  an awaited child process: " << children_[c].pid << "\n";
  }
  for (std::uint32_t a = cold.aliases; a != kNone; a = aliases_[a].links.next) {
    out << "  an alias: \"" << aliases_[a].name << "\" (alone, it does not keep the program running)\n";
  }
  for (std::uint32_t e = cold.extras; e != kNone; e = extras_[e].links.next) {
    out << "  an extra reference: \"" << extras_[e].tag << "\"\n";
  }
  if (cold.postbacks != 0) out << "  postbacks: " << cold.postbacks << "\n";
  for (std::uint32_t c = cold.first_child; c != kNone; c = cold_[c].siblings.next) {
    out << "  a child: " << describe(id_of(c)) << "\n";
  }
  if (on_stack(slot)) out << "  its handler, which is running\n";
  if (out.tellp() == none_yet) out << "  nothing: it ends with the next sweep\n";
  return out.str();
}

// Counts every session's references again, by what stands for them.
std::vector<std::string> KernelCore::check_books() const {
  std::vector<std::uint32_t> counted(slots_.size(), 0);
  const auto count = [&](const auto& slab, auto&& keeps) {
    for (std::uint32_t i = 0; i < slab.size(); ++i) {
      if (slab.used(i) && keeps(slab[i])) ++counted[slot_in(slab, i)];
    }
  };
  const auto always = [](const auto&) { return true; };
  std::vector<std::uint32_t> timers(slots_.size(), 0);
  std::size_t waiting = 0;
  for (std::uint32_t i = 0; i < timers_.size(); ++i) {
    if (!timers_.used(i)) continue;
    const TimerTag& tag = timers_.tag(i);
    if (timer_queue_.contains(i)) ++waiting;
    if (tag.is(TimerTag::kDead)) continue;
    ++counted[tag.slot];
    ++timers[tag.slot];
  }
  count(watches_, [](const WatchNode& node) { return !node.dead && !node.internal; });
  count(children_, always);
  count(aliases_, always);
  count(extras_, always);
  count(awaits_, always);
  for (const auto& [slot, waiters] : room_waiters_) {
    for (const RoomWaiter& waiter : waiters) {
      if (alive(waiter.who)) ++counted[waiter.who.slot()];
    }
  }
  for (const HeldRecord& held : held_) {
    const auto& record = *reinterpret_cast<const Record*>(held.get());
    if (record.sender != SessionId{record.target}.slot()) ++counted[record.sender];
  }
  std::vector<std::string> wrong;
  if (waiting != timer_queue_.size()) {
    wrong.push_back("the queue of timers counts " + std::to_string(timer_queue_.size()) + ", but there are " +
                    std::to_string(waiting));
  }
  for (std::uint32_t slot = 1; slot < slots_.size(); ++slot) {
    if (slots_[slot].id == 0) continue;
    counted[slot] += cold_[slot].postbacks;
    for (std::uint32_t c = cold_[slot].first_child; c != kNone; c = cold_[c].siblings.next) ++counted[slot];
    if (counted[slot] != slots_[slot].references()) {
      wrong.push_back(describe(id_of(slot)) + " counts " + std::to_string(slots_[slot].references()) +
                      " references, but there are " + std::to_string(counted[slot]));
    }
    if (timers[slot] != slots_[slot].timers()) {
      wrong.push_back(describe(id_of(slot)) + " counts " + std::to_string(slots_[slot].timers()) +
                      " timers, but there are " + std::to_string(timers[slot]));
    }
  }
  return wrong;
}

}  // namespace poe
