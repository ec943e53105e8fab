// SPDX-License-Identifier: MIT
#include "poe/snapshot.hpp"

#include <algorithm>
#include <utility>

#include "internal_events.hpp"
#include "kernel_core.hpp"

namespace poe {

namespace {

/// Calls visit(node) for each that is used.
template <class T, std::uint32_t N, class Visit>
void for_each(const Slab<T, N>& slab, Visit&& visit) {
  for (std::uint32_t i = 0; i < slab.size(); ++i) {
    if (slab.used(i)) visit(i, slab[i]);
  }
}

}  // namespace

Snapshot::Session KernelCore::picture(std::uint32_t slot) const {
  const Cold& cold = cold_[slot];
  Snapshot::Session session{id_of(slot),
                            id_of(cold.parent),
                            {},
                            {},
                            {},
                            slots_[slot].references(),
                            cold.postbacks,
                            0,
                            options_of(slot).mailbox,
                            slots_[slot].stopping};
  for (std::uint32_t a = cold.aliases; a != kNone; a = aliases_[a].links.next)
    session.aliases.push_back(aliases_[a].name);
  for (std::uint32_t e = cold.extras; e != kNone; e = extras_[e].links.next) session.extras.push_back(extras_[e].tag);
  for (const Handler* row : slots_[slot].table->rows()) session.events.emplace_back(row->key->name);
  std::sort(session.events.begin(), session.events.end());
  return session;
}

Snapshot KernelCore::snapshot() const {
  Snapshot all;
  all.taken = TimePoint(Duration(clock()));
  all.loop = face_.loop_name();
  std::unordered_map<std::uint64_t, std::size_t> places;
  for (std::uint32_t slot = 1; slot < slots_.size(); ++slot) {
    if (slots_[slot].id == 0) continue;
    places.emplace(slots_[slot].id, all.sessions.size());
    all.sessions.push_back(picture(slot));
  }
  const auto queued = [&](const Record& record) {
    if (!counts_in_mailbox(*record.key) || record.key == &kNoEvent) return;
    all.queue.push_back({SessionId{record.target}, id_of(record.sender), record.key->name});
    if (const auto found = places.find(record.target); found != places.end()) ++all.sessions[found->second].queued;
  };
  for (const HeldRecord& held : held_) queued(*reinterpret_cast<const Record*>(held.get()));
  const_cast<RecordQueue&>(queue_).for_each([&](Record& record) { queued(record); });
  for (std::uint32_t i = 0; i < timers_.size(); ++i) {
    const TimerTag& tag = timers_.tag(i);
    if (!timers_.used(i) || tag.is(TimerTag::kDead)) continue;
    all.timers.push_back({id_of(tag.slot), timers_.key(i)->name, TimePoint(Duration(timer_due(i))),
                          Duration(tag.is(TimerTag::kPeriodic) ? timers_.what(i).box()->period : 0)});
  }
  std::stable_sort(all.timers.begin(), all.timers.end(), [](const auto& a, const auto& b) { return a.due < b.due; });
  for_each(watches_, [&](std::uint32_t, const WatchNode& node) {
    if (!node.dead && !node.internal)
      all.watches.push_back({SessionId{node.session}, fds_[node.entry].fd, node.interest, node.paused});
  });
  for_each(signals_, [&](std::uint32_t, const SignalNode& node) {
    all.signal_watches.push_back({SessionId{node.session}, node.name});
  });
  for_each(children_, [&](std::uint32_t, const ChildNode& node) {
    all.children.push_back({SessionId{node.session}, node.pid});
  });
  return all;
}

}  // namespace poe
