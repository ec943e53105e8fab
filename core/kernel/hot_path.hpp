// SPDX-License-Identifier: MIT
//
// The way of one event from the queue to its handler, inline in the loop that drives it, and the lists of resources.
// Only for kernel_core.hpp.
#pragma once

namespace poe {

// Destroys the arguments while the receiver still is current (P031), and gives up what the record kept alive.
inline void KernelCore::finish(Record& record, std::uint32_t receiver) noexcept {
  if (record.key->ops->destroy != nullptr) record.key->ops->destroy(record.payload());
  Slot& to = slots_[receiver];
  if (to.last_in == &record) {
    to.last_in = nullptr;
    if (!reachable(to)) mark(receiver);
  }
  if (record.sender == receiver) return;
  Slot& from = slots_[record.sender];
  if (from.last_out == &record) {
    from.last_out = nullptr;
    if (!reachable(from)) mark(record.sender);
  }
}

// Calls the handler of the session that has been made current. Inline, as finish() and deliver(): they are the hot
// path.
inline void KernelCore::handle(Record& record) {
  const SessionId target{record.target};
  const Slot& slot = slots_[target.slot()];
  try {
    if (const Handler* row = slot.table->find(record.key->id)) [[likely]] {
      row->thunk(slot.object, *row, record.payload(), nullptr);
    } else {
      unhandled(record);
    }
  } catch (const abi::__forced_unwind&) {
    throw;
  } catch (...) {
    raise_die(std::current_exception(), target.slot(), *record.key);
  }
}

// Hands one event to its session.
inline void KernelCore::deliver(Record& record) {
  const std::uint32_t receiver = SessionId{record.target}.slot();
  const Slot& slot = slots_[receiver];
  if (slot.id == record.target) [[likely]] {
    current_ = receiver;
    sender_ = record.sender;
    event_ = record.key;
    if (slot.hooks != 0) [[unlikely]] {
      deliver_hooked(record);
    } else {
      handle(record);
    }
  }
  finish(record, receiver);
  current_ = 0;
}

template <class F>
bool KernelCore::guarded(std::uint32_t slot, std::uint32_t sender, const EventKey& key, F&& f) {
  const Entered as(*this, slot, sender, &key);
  try {
    f();
    return true;
  } catch (const abi::__forced_unwind&) {
    throw;
  } catch (...) {
    raise_die(std::current_exception(), slot, key);
    return false;
  }
}

template <class Table>
void KernelCore::link(Table& table, std::uint32_t Cold::*head, std::uint32_t index) {
  std::uint32_t& first = cold_[slot_in(table, index)].*head;
  links_in(table, index) = {kNone, first};
  if (first != kNone) links_in(table, first).previous = index;
  first = index;
}

template <class Table>
void KernelCore::unlink(Table& table, std::uint32_t Cold::*head, std::uint32_t index) noexcept {
  const Links links = links_in(table, index);
  if (links.previous != kNone) {
    links_in(table, links.previous).next = links.next;
  } else {
    cold_[slot_in(table, index)].*head = links.next;
  }
  if (links.next != kNone) links_in(table, links.next).previous = links.previous;
}

// What servers do all day, so in few instructions and without the timer's other parts: a processor that waits for the
// memory of one has then begun with the next. Its entry in the queue is stale because the timer is not used. A kernel
// that is retired has no timers left.
inline void KernelCore::cancel_timer(Handle& handle) noexcept {
  TimerTag& tag = timers_.tag(handle.index());
  if (!tag.is_plain(handle.marked_generation())) [[unlikely]]
    return cancel_handle(handle);
  handle.core_ = nullptr;
  Slot& of = slots_[tag.slot];
  timers_.remove_plain(handle.index(), tag);
  timer_queue_.forget();
  --handles_;
  of.kept_by -= Slot::kTimer;
  if (of.kept_by == 0 || alert_ != 0) [[unlikely]] {
    if (of.id != 0) dropped_reference(static_cast<std::uint32_t>(&of - slots_.data()));
  }
}

}  // namespace poe
