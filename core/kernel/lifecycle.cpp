// SPDX-License-Identifier: MIT
//
// Birth, references and end of sessions. Reference counts decide when a session ends, the kernel owns it: its slot
// alone holds the object. The end comes in the sweep, never under a frame of the session.
#include <cxxabi.h>

#include <algorithm>
#include <stdexcept>
#include <utility>

#include "internal_events.hpp"
#include "kernel_core.hpp"

namespace poe {

HandlerTable& KernelCore::class_table(std::uint64_t type, void (*fill)(HandlerTable&)) {
  auto& table = class_tables_[type];
  if (!table) {
    auto fresh = std::make_unique<HandlerTable>();
    fill(*fresh);
    table = std::move(fresh);
  }
  return *table;
}

std::uint32_t KernelCore::new_slot(HandlerTable& table, bool owns_table) {
  std::uint32_t index;
  if (!free_slots_.empty()) {
    index = free_slots_.back();
    free_slots_.pop_back();
  } else {
    index = static_cast<std::uint32_t>(slots_.size());
    if (index > 0xFFFFFF) throw std::length_error("poe: cannot spawn: 16 777 216 sessions live in this kernel");
    slots_.emplace_back();
    cold_.emplace_back();
  }
  Slot& slot = slots_[index];
  slot.id = std::uint64_t{number_} << 52 | std::uint64_t{cold_[index].generation} << 24 | index;
  slot.table = &table;
  slot.owns_table = owns_table;
  ++sessions_;
  return index;
}

SessionId KernelCore::give_birth(HandlerTable& table, std::unique_ptr<HandlerTable> owned, void* (*make)(void*, Birth),
                                 void* maker) {
  if (auto usable = check_usable("spawn a session"); !usable) {
    log(LogLevel::error, usable.error().report());
    return {};
  }
  if (ending_) {
    log(LogLevel::error, "cannot spawn a session: its kernel is being destroyed");
    return {};
  }
  const std::uint32_t slot = new_slot(table, owned != nullptr);
  static_cast<void>(owned.release());  // the slot has it now
  const SessionId id = id_of(slot);
  const bool parent_ends = slots_[current_].stopping || stop_all_ || stop_all_running_;  // P067
  const std::uint32_t parent = parent_ends ? 0 : current_;
  link_child(parent, slot);
  finished_told_ = false;
  idle_stage_ = 0;
  mark(slot);
  sent(*queue_.push(internal::look_again, id.bits, slot, [](void*) {}));
  apply_options(slot, options_.sessions);
  if (observed()) {
    slots_[slot].hooks |= Slot::kObserved;
    tell_started(slot, parent);
  }
  Value result;
  const bool born = guarded(slot, current_, start, [&] {
    slots_[slot].object = make(maker, Birth(*this, id));
    if (slots_[slot].table->find(start.id) != nullptr) call_handler(slot, start, nullptr, &result);
  });
  if (!born) {
    stop_session(slot);  // P062
    return id;
  }
  cold_[slot].started = true;
  if (cold_[slot].parent == parent) tell_child_change(parent, ChildChange::Reason::create, id, std::move(result));
  return id;
}

// ---- references

void KernelCore::dropped_reference(std::uint32_t slot) noexcept {
  if (observed()) tell_references(slot);
  if (!reachable(slots_[slot])) {
    mark(slot);
  } else {
    look_later();
  }
}

void KernelCore::mark(std::uint32_t slot) {
  Slot& of = slots_[slot];
  if (of.marked || of.stopping || slot == 0 || of.id == 0) return;
  of.marked = true;
  marked_.push_back(slot);
  look_later();
}

// Stops what nothing can reach any more: in reverse order of marking (P043), again until no marks are left, so that
// parents go after their children.
void KernelCore::sweep() {
  std::vector<std::uint32_t> later;
  while (!marked_.empty()) {
    auto batch = std::exchange(marked_, {});
    for (auto at = batch.rbegin(); at != batch.rend(); ++at) {
      Slot& slot = slots_[*at];
      slot.marked = false;
      if (slot.id == 0 || slot.stopping || reachable(slot)) continue;
      if (on_stack(*at)) {
        later.push_back(*at);
      } else {
        stop_session(*at);
      }
    }
  }
  for (const std::uint32_t slot : later) {
    if (slots_[slot].marked) continue;
    slots_[slot].marked = true;
    marked_.push_back(slot);
  }
}

// ---- end

void KernelCore::request_stop(SessionId id) {
  if (!alive(id) || slots_[id.slot()].stopping) return;
  slots_[id.slot()].stop_asked = true;
  stop_requests_.push_back(id);
  attention_ = true;
  if (asleep()) request_turn();
}

void KernelCore::stop_session(std::uint32_t slot) {
  if (slots_[slot].stopping) return;  // P053
  slots_[slot].stopping = true;
  if (!stop_sources_.empty()) {
    if (const auto found = stop_sources_.find(slot); found != stop_sources_.end()) found->second.request_stop();
  }
  give_children_away(slot);
  Value result;
  const auto cleanly = [this, slot](auto&& f) {
    bool clean = true;
    try {
      f();
    } catch (const abi::__forced_unwind&) {
      throw;
    } catch (...) {  // P063: not offered as DIE, run() reports it
      clean = false;
      if (!outcome_) {
        outcome_ = Error::from_exception(std::current_exception(), "stop session", describe(id_of(slot)));
      }
    }
    if (!clean) {
      stop_all_ = true;
      attention_ = true;
    }
  };
  if (slots_[slot].object != nullptr) cleanly([&] { call_lifecycle(slot, stop, nullptr, &result); });
  while (cold_[slot].awaits != kNone && slots_[slot].object != nullptr) cleanly([&] { end_awaits(slot); });
  drop_resources(slot);
  bool dropped_work = false;
  if (slots_[slot].last_in != nullptr || slots_[slot].last_out != nullptr || !held_.empty()) {
    dropped_work = purge_queue(slot);
  }
  const SessionId id = id_of(slot);
  const bool told = cold_[slot].started;
  const std::uint32_t parent = cold_[slot].parent;
  slots_[slot].id = 0;  // from here on nothing can be posted to it, nor asked for in its name
  {
    const Entered as(*this, slot, 0, &stop);
    while (cold_[slot].runs != kNone) drop_run(cold_[slot].runs);  // first: frames refer to the object
    if (void* object = std::exchange(slots_[slot].object, nullptr)) slots_[slot].table->destroy(object);
  }
  if (slots_[slot].timers() != 0) drop_timers_of(id);
  std::exception_ptr thrown;
  if (!thrown_.empty()) {
    if (auto found = thrown_.extract(id.bits)) thrown = std::move(found.mapped());
  }
  if (told) tell_child_change(parent, ChildChange::Reason::lose, id, std::move(result), std::move(thrown));
  unlink_child(slot);
  free_slot(slot);
  if (!room_waiters_.empty()) {
    wake_all_waiters(slot);
    if (dropped_work) pass_places_on();
  }
  if (observed()) tell_stopped(id);
}

// The grandparent gains each child before the dying one hears `_stop` (P048); the move in the books comes with it.
void KernelCore::give_children_away(std::uint32_t slot) {
  while (cold_[slot].first_child != kNone) {
    const std::uint32_t child_slot = cold_[slot].first_child;
    const SessionId child_id = id_of(child_slot);
    const std::uint32_t heir = cold_[slot].parent;
    tell_child_change(heir, ChildChange::Reason::gain, child_id);
    if (alive(child_id) && cold_[child_slot].parent == slot) {
      std::tuple<ParentChange> change{ParentChange{id_of(slot), id_of(heir)}};
      guarded(child_slot, parent, [&] { call_lifecycle(child_slot, parent, &change); });
    }
    if (alive(child_id) && cold_[child_slot].parent == slot) {
      unlink_child(child_slot);
      link_child(heir, child_slot);
    }
  }
}

void KernelCore::drop_resources(std::uint32_t slot) {
  Cold& cold = cold_[slot];
  while (cold.detached_timers != kNone) drop_timer(cold.detached_timers);
  while (cold.watches != kNone) drop_watch(cold.watches);
  while (cold.signals != kNone) drop_signal(cold.signals);
  while (cold.children != kNone) drop_child(cold.children);
  while (cold.aliases != kNone) drop_alias(cold.aliases);
  while (cold.extras != kNone) drop_extra(cold.extras);
  postbacks_ -= std::exchange(cold.postbacks, 0);
}

// Events to and from a session that ends by force are dropped (P054). The records stay in the queue, empty. Signals it
// sent go on, from the kernel: its last DIE among them. Whether work of its own was dropped.
bool KernelCore::purge_queue(std::uint32_t slot) {
  const std::uint64_t id = slots_[slot].id;
  bool dropped_work = false;
  const auto drop = [&](Record& record) {
    if (record.key == &kNoEvent || (record.target != id && record.sender != slot)) return;
    if (record.key->id == internal::signal.id) {
      record.sender = 0;
      return;
    }
    const EventKey* key = std::exchange(record.key, &kNoEvent);
    dropped_work = dropped_work || (record.target == id && key->id == internal::deferred.id);
    if (key->ops->destroy != nullptr) key->ops->destroy(record.payload());
  };
  queue_.for_each(drop);
  for (const HeldRecord& held : held_) {
    auto& record = *reinterpret_cast<Record*>(held.get());
    drop(record);
    if (record.sender == slot) record.sender = SessionId{record.target}.slot();  // its reference ends with it
  }
  return dropped_work;
}

// What is still queued when the kernel goes: its arguments may ask for what the kernel is made of.
void KernelCore::drop_queue() noexcept {
  queue_.for_each([](Record& record) {
    const EventKey* key = std::exchange(record.key, &kNoEvent);
    if (key->ops->destroy != nullptr) key->ops->destroy(record.payload());
  });
}

void KernelCore::free_slot(std::uint32_t index) {
  Slot& slot = slots_[index];
  if (slot.owns_table) delete slot.table;
  if (!stop_sources_.empty()) stop_sources_.erase(index);
  slot = Slot{};
  const std::uint32_t generation = (cold_[index].generation + 1) & 0xFFFFFFF;
  if (!own_options_.empty()) own_options_.erase(index);
  cold_[index] = Cold{};
  cold_[index].generation = generation;
  free_slots_.push_back(index);
  --sessions_;
}

// POE's Kernel::stop: deepest first, each with its `_stop`; all events are dropped (P066).
void KernelCore::stop_everything() {
  stop_all_running_ = true;
  const auto all = subtree(0);
  for (auto at = all.rbegin(); at != all.rend(); ++at) {
    if (*at == 0 || slots_[*at].id == 0) continue;
    if (on_stack(*at)) {
      slots_[*at].stop_asked = true;
      stop_requests_.push_back(id_of(*at));
    } else {
      stop_session(*at);
    }
  }
  queue_.for_each([&](Record& record) {
    if (alive(SessionId{record.target}) && SessionId{record.target}.slot() != 0) return;  // made by a `_stop` (P067)
    const EventKey* key = std::exchange(record.key, &kNoEvent);
    if (key->ops->destroy != nullptr) key->ops->destroy(record.payload());
  });
  stop_all_running_ = false;
}

// ---- family

void KernelCore::link_child(std::uint32_t parent_slot, std::uint32_t slot) {
  Cold& mine = cold_[slot];
  Cold& theirs = cold_[parent_slot];
  mine.parent = parent_slot;
  mine.siblings = {kNone, theirs.first_child};
  if (theirs.first_child != kNone) cold_[theirs.first_child].siblings.previous = slot;
  theirs.first_child = slot;
  add_reference(parent_slot);
}

void KernelCore::unlink_child(std::uint32_t slot) {
  const Cold& mine = cold_[slot];
  if (mine.siblings.previous != kNone) {
    cold_[mine.siblings.previous].siblings.next = mine.siblings.next;
  } else {
    cold_[mine.parent].first_child = mine.siblings.next;
  }
  if (mine.siblings.next != kNone) cold_[mine.siblings.next].siblings.previous = mine.siblings.previous;
  drop_reference(mine.parent);
}

Result<void> KernelCore::detach(SessionId id, SessionId asker) {
  if (!alive(id)) return failure(Errc::no_session, "detach session", "", "it has ended, or never was");
  const std::uint32_t slot = id.slot();
  const std::uint32_t former = cold_[slot].parent;
  if (former == 0)
    return failure(Errc::invalid_argument, "detach session", describe(id), "it is a child of the kernel");
  if (id != asker && id_of(former) != asker) {
    return failure(Errc::invalid_argument, "detach session", describe(id), "it is no child of the session that asks");
  }
  std::tuple<ParentChange> change{ParentChange{id_of(former), id_of(0)}};
  unlink_child(slot);  // before anybody hears of it: they may ask for it again
  link_child(0, slot);
  if (cold_[slot].started) tell_child_change(former, ChildChange::Reason::lose, id);
  guarded(slot, parent, [&] { call_lifecycle(slot, parent, &change); });
  return {};
}

void KernelCore::tell_child_change(std::uint32_t parent_slot, ChildChange::Reason reason, SessionId child_id,
                                   Value result, std::exception_ptr exception) {
  if (parent_slot == 0) return;
  std::tuple<ChildChange> change;  // filled in place: g++ 12 warns of a temporary's move under TSan
  ChildChange& told = std::get<0>(change);
  told.reason = reason;
  told.child = child_id;
  told.result = std::move(result);
  told.exception = std::move(exception);
  guarded(parent_slot, child, [&] { call_lifecycle(parent_slot, child, &change); });
}

// Calls a session's handler, or its fallback (P034), directly.
void KernelCore::call_lifecycle(std::uint32_t slot, const EventKey& key, void* payload, Value* result) {
  if (slots_[slot].object == nullptr) return;
  const Entered as(*this, slot, 0, &key);
  call_handler(slot, key, payload, result);
}

// The handler or the fallback of a session that is current already. What the handler returns is kept if it is a Value.
void KernelCore::call_handler(std::uint32_t slot, const EventKey& key, void* payload, Value* result) {
  const HandlerTable& table = *slots_[slot].table;
  void* const object = slots_[slot].object;
  const Hooked hooked(*this, slot, sender_, key);
  if (const Handler* row = table.find(key.id)) {
    std::optional<Value> returned;
    const bool wanted = result != nullptr && row->result == type_id<Value>();
    row->thunk(object, *row, payload, wanted ? &returned : nullptr);
    if (returned) *result = std::move(*returned);
  } else if (table.fallback.thunk != nullptr) {
    std::vector<Value> values;
    key.ops->to_values(payload, values);
    table.fallback.thunk(object, table.fallback.row, key, values);
  }
}

std::vector<std::uint32_t> KernelCore::subtree(std::uint32_t slot) const {
  std::vector<std::uint32_t> found{slot};
  for (std::size_t i = 0; i < found.size(); ++i) {
    const std::size_t begin = found.size();
    for (std::uint32_t c = cold_[found[i]].first_child; c != kNone; c = cold_[c].siblings.next) found.push_back(c);
    std::reverse(found.begin() + static_cast<std::ptrdiff_t>(begin), found.end());  // eldest first
  }
  return found;
}

// ---- names and references

Result<Alias> KernelCore::add_alias(SessionId id, std::string name) {
  if (!alive(id)) return failure(Errc::no_session, "set alias", "\"" + name + "\"", "the session has ended");
  if (const auto found = alias_index_.find(name); found != alias_index_.end()) {
    return failure(Errc::alias_taken, "set alias", "\"" + name + "\"",
                   "it names " + describe(SessionId{aliases_[found->second].session}),
                   "choose another name, or drop that alias first");
  }
  const std::uint32_t index = aliases_.add(AliasNode{id.bits, name, {}});
  alias_index_.emplace(std::move(name), index);
  link(aliases_, &Cold::aliases, index);
  add_reference(id.slot());
  return make_handle<Alias>(Handle::Kind::alias, index, aliases_.generation(index));
}

void KernelCore::drop_alias(std::uint32_t index) noexcept {
  const std::uint32_t slot = SessionId{aliases_[index].session}.slot();
  alias_index_.erase(aliases_[index].name);
  unlink(aliases_, &Cold::aliases, index);
  aliases_.remove(index);
  drop_reference(slot);
}

KeepAlive KernelCore::add_extra(SessionId id, std::string tag) {
  if (!alive(id)) return {};
  const std::uint32_t index = extras_.add(ExtraNode{id.bits, std::move(tag), {}});
  link(extras_, &Cold::extras, index);
  add_reference(id.slot());
  return make_handle<KeepAlive>(Handle::Kind::extra, index, extras_.generation(index));
}

void KernelCore::drop_extra(std::uint32_t index) noexcept {
  const std::uint32_t slot = SessionId{extras_[index].session}.slot();
  unlink(extras_, &Cold::extras, index);
  extras_.remove(index);
  drop_reference(slot);
}

void KernelCore::hold_postback(SessionId id) {
  if (!alive(id)) return;
  ++cold_[id.slot()].postbacks;
  ++postbacks_;
  add_reference(id.slot());
}

void KernelCore::release_postback(SessionId id) {
  if (!alive(id) || cold_[id.slot()].postbacks == 0) return;
  --cold_[id.slot()].postbacks;
  --postbacks_;
  drop_reference(id.slot());
}

}  // namespace poe
