// SPDX-License-Identifier: MIT
//
// Requests between sessions. The queue carries a ticket to the asker's await, where the arguments are; whoever holds
// the ticket last, a record, a Task that replies later, or nobody any more, settles it.
#include <cxxabi.h>

#include <utility>

#include "internal_events.hpp"
#include "kernel_core.hpp"

namespace poe {

bool AskAwait::begin() {
  KernelCore& kernel = core();
  if (!kernel.alive(to_)) return refuse(kernel.no_session(to_, *event_).error());
  pend();
  kernel.post_ask(*this, to_);
  return true;
}

std::string AskAwait::describe() const {
  return "reply to \"" + std::string(event_->name) + "\" from session " + std::to_string(to_.slot());
}

void KernelCore::post_ask(AskAwait& ask, SessionId to) {
  sent(*queue_.push(internal::ask, to.bits, ask.session().slot(), [&](void* at) {
    Payload<AskTicket>::construct(at, AskTicket(*this, ask.index(), ask.generation()));
  }));
}

void KernelCore::serve(SessionId target, AskTicket& ticket) {
  AskAwait* const ask = ticket.asker();
  if (ask == nullptr) return;  // it was given up before its turn came
  const EventKey& event = *ask->event_;
  const Slot& slot = slots_[target.slot()];
  const Handler* const found = slot.table->find(event.id);
  if (found == nullptr) {
    ticket.fail(Error(Errc::no_handler, "ask", "event \"" + std::string(event.name) + "\"",
                      "the session has no handler for it"));
    return;
  }
  const Handler row = *found;  // the handler may change the table
  try {
    ask->serve(slot.object, row, target, ticket);
  } catch (const abi::__forced_unwind&) {
    throw;
  } catch (...) {
    ticket.fail_with_current();
    raise_die(std::current_exception(), target.slot(), event);
  }
}

// ---- AskTicket

AskAwait* AskTicket::asker() const noexcept {
  if (!core_->awaits_.holds(index_, generation_)) return nullptr;
  auto& ask = static_cast<AskAwait&>(*core_->awaits_[index_].await);
  return ask.pending() ? &ask : nullptr;
}

AskTicket::~AskTicket() {
  AskAwait* const ask = take();
  if (ask == nullptr) return;
  ask->fail(Error(Errc::no_session, "ask", "event \"" + std::string(ask->event_->name) + "\"",
                  "the session has ended before it replied"));
}

void AskTicket::fail_with_current() noexcept {
  fail(Error::from_exception(std::current_exception(), "ask", "session"));
}

}  // namespace poe
