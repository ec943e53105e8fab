// SPDX-License-Identifier: MIT
#include "poe/machine.hpp"

#include <algorithm>
#include <array>
#include <stdexcept>

#include "kernel_core.hpp"

namespace poe {

// Transitions exchange the table by which the kernel finds this session's handlers. The kernel changes only tables that
// a session owns, so those of a plan stay as they are.
void Self::use_table(const HandlerTable& table) {
  KernelCore& core = this->core();
  if (!core.alive(id_)) return;
  Slot& slot = core.slots_[id_.slot()];
  if (slot.owns_table) delete slot.table;  // handlers added at run time belonged to the state that is left
  slot.table = const_cast<HandlerTable*>(&table);
  slot.owns_table = false;
}

MachineSession::MachineSession(Birth&& birth, const MachinePlan& plan)
    : Session(std::move(birth)), plan_(&plan), immediate_(plan.immediate) {}

MachineSession::~MachineSession() = default;

State MachineSession::state() const noexcept {
  return state_ == MachinePlan::kNowhere ? State("(none)") : plan_->state(state_);
}

std::string MachineSession::to_dot(std::string_view title) const { return plan_->to_dot(title, state_, seen_); }

void MachineSession::go_to_first() {
  if (plan_->entry()) {
    plan_->entry()(*this);
  } else {
    goto_state(plan_->state(plan_->first()));
  }
}

void MachineSession::refuse(const EventKey& event) const {
  static constexpr std::array<std::uint64_t, 4> kOptional = {start.id, stop.id, child.id, parent.id};
  if (std::find(kOptional.begin(), kOptional.end(), event.id) != kOptional.end()) return;
  throw std::logic_error(std::string("poe: cannot handle event \"") + event.name + "\" in state \"" + state().name +
                         "\": that state has no handler for it, and no otherwise(); add one to it, or to anywhere()");
}

std::size_t MachineSession::checked(State to, const EventKey* entry) const {
  const std::string what = std::string("poe: cannot go from state \"") + state().name + "\" to \"" + to.name + "\": ";
  const std::size_t index = plan_->find(to);
  if (index == MachinePlan::kNowhere) {
    throw std::logic_error(what + "the machine has no such state; it has " + plan_->states());
  }
  if (entry != nullptr && plan_->table(index).find(entry->id) == nullptr) {
    throw std::logic_error(what + "that state has no handler for its entry event \"" + entry->name + "\"");
  }
  return index;
}

MachineSession::Transition MachineSession::go(std::size_t to, Fn<void()> entry) {
  Transition step;
  step.to = to;
  step.entry = std::move(entry);
  return step;
}

MachineSession::Transition MachineSession::back(std::uint64_t types, std::shared_ptr<void> arguments) {
  if (planned_depth_ == 0) {
    throw std::logic_error(std::string("poe: cannot return from state \"") + state().name +
                           "\": no call_state() led to it");
  }
  --planned_depth_;
  Transition step;
  step.kind = Transition::Kind::back;
  step.types = types;
  step.arguments = std::move(arguments);
  return step;
}

// The first transition of all, and those of an immediate machine, take place now; others behind what is queued (P165).
void MachineSession::take(Transition step) {
  if (state_ == MachinePlan::kNowhere || immediate_) return perform(step);
  defer([this, later = std::move(step)]() mutable { perform(later); });
}

void MachineSession::perform(Transition& step) {
  if (step.kind == Transition::Kind::back) {
    const Caller caller = pop_caller(step.types);
    move_to(caller.state);
    caller.fire(*this, *caller.answer, step.arguments.get());
    return;
  }
  if (step.kind == Transition::Kind::call) push_caller(step.caller);
  move_to(step.to);
  if (step.entry) {
    step.entry();
  } else if (table().find(enter.id) != nullptr) {
    tell(enter);
  }
}

void MachineSession::push_caller(const Caller& caller) {
  if (state_ == MachinePlan::kNowhere || table().find(caller.answer->id) == nullptr) {
    if (planned_depth_ > 0) --planned_depth_;  // a return may have been asked for already
    throw std::logic_error(std::string("poe: cannot call from state \"") + state().name +
                           "\": it has no handler for \"" + caller.answer->name + "\", the answer it asks for");
  }
  callers_.push_back(caller);
  callers_.back().state = state_;
}

MachineSession::Caller MachineSession::pop_caller(std::uint64_t types) {
  if (callers_.empty()) {
    throw std::logic_error(std::string("poe: cannot return from state \"") + state().name +
                           "\": the call that should have led to it failed");
  }
  const Caller caller = callers_.back();
  if (caller.types != types) {
    ++planned_depth_;
    throw std::logic_error(std::string("poe: cannot return from state \"") + state().name + "\" to \"" +
                           plan_->state(caller.state).name + "\": its answer \"" + caller.answer->name +
                           "\" takes arguments of other types");
  }
  callers_.pop_back();
  return caller;
}

void MachineSession::move_to(std::size_t to) {
  if (state_ != MachinePlan::kNowhere) {
    if (table().find(leave.id) != nullptr) tell(leave);
    const MachinePlan::Step step{state_, to};
    if (!plan_->declares(step) && std::find(seen_.begin(), seen_.end(), step) == seen_.end()) seen_.push_back(step);
  }
  state_ = to;
  use_table(table());
}

}  // namespace poe
