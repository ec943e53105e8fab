// SPDX-License-Identifier: MIT
//
// How an event finds the Task that waits for it: its row in the session's own handler table is one of ours, which asks
// those who wait first and then the handler that stood there before.
#include <memory>
#include <stdexcept>
#include <utility>

#include "kernel_core.hpp"

namespace poe {

class EventTap {
 public:
  EventTap(KernelCore& core, SessionId session, const Handler* former) : core_(core), session_(session) {
    if (former != nullptr) former_ = *former;
  }
  EventTap(const EventTap&) = delete;
  EventTap& operator=(const EventTap&) = delete;
  ~EventTap() {
    for (EventAwait* list : {first_, keepers_}) {
      for (; list != nullptr; list = list->next_) list->tap_ = nullptr;
    }
  }

  void add(EventAwait& waiter) {
    EventAwait** end = waiter.keeps_ ? &keepers_ : &first_;
    EventAwait* before = nullptr;
    if (!waiter.keeps_ && last_ != nullptr) {
      before = last_;
      end = &last_->next_;
    }
    while (*end != nullptr) {
      before = *end;
      end = &before->next_;
    }
    *end = &waiter;
    waiter.previous_ = before;
    waiter.next_ = nullptr;
    if (!waiter.keeps_) last_ = &waiter;
  }
  void remove(EventAwait& waiter) noexcept {
    (waiter.previous_ != nullptr ? waiter.previous_->next_ : waiter.keeps_ ? keepers_ : first_) = waiter.next_;
    if (waiter.next_ != nullptr) {
      waiter.next_->previous_ = waiter.previous_;
    } else if (!waiter.keeps_) {
      last_ = waiter.previous_;
    }
  }

  static EventTap* of(const Handler* row) noexcept {
    return row != nullptr && row->thunk == &EventTap::deliver ? row->target_as<EventTap*>() : nullptr;
  }
  void set_former(const Handler* row) noexcept { former_ = row != nullptr ? *row : Handler{}; }

  // Who wants a result, by call() or ask(), means the handler.
  static void deliver(void* object, const Handler& row, void* payload, void* ret) {
    EventTap& tap = *row.target_as<EventTap*>();
    EventAwait* const waiter = tap.first_ != nullptr ? tap.first_ : tap.keepers_;
    if (waiter != nullptr && ret == nullptr) {
      waiter->take(payload);
    } else if (const Handler former = tap.former_; former.thunk != nullptr) {
      former.thunk(object, former, payload, ret);
    } else {
      tap.deliver_to_fallback(object, *row.key, payload);
    }
  }

 private:
  void deliver_to_fallback(void* object, const EventKey& key, void* payload) const {
    const Fallback fallback = core_.slots_[session_.slot()].table->fallback;
    if (fallback.thunk == nullptr) return;
    std::vector<Value> values;
    key.ops->to_values(payload, values);
    fallback.thunk(object, fallback.row, key, values);
  }

  KernelCore& core_;
  SessionId session_;
  Handler former_{};
  EventAwait* first_ = nullptr;  // who waits for one event
  EventAwait* last_ = nullptr;
  EventAwait* keepers_ = nullptr;  // who takes what the others leave; the first of them gets it
};

void EventAwait::tap(KernelCore& core, SessionId session, const EventKey& event, bool keeps) {
  if (!core.alive(session)) return;
  HandlerTable& table = core.own_table(session.slot());
  const Handler* row = table.find(event.id);
  if (row == nullptr || row->thunk != &EventTap::deliver) {
    auto fresh = std::make_shared<EventTap>(core, session, row);
    Handler mine = row != nullptr ? *row : Handler{};
    mine.event = event.id;
    mine.key = &event;
    mine.thunk = &EventTap::deliver;
    mine.set_target(fresh.get());
    table.own(std::move(fresh));
    table.add(mine);
    row = table.find(event.id);
  }
  keeps_ = keeps;
  tap_ = row->target_as<EventTap*>();
  tap_->add(*this);
}

bool KernelCore::replace_behind_tap(std::uint32_t slot, const EventKey& event, const Handler* row) {
  EventTap* const tap = EventTap::of(slots_[slot].table->find(event.id));
  if (tap != nullptr) tap->set_former(row);
  return tap != nullptr;
}

void EventAwait::tap(Self& self, const EventKey& event, bool keeps) { tap(self.core(), self.id(), event, keeps); }

void EventAwait::untap() noexcept {
  if (EventTap* const tap = std::exchange(tap_, nullptr)) tap->remove(*this);
}

}  // namespace poe
