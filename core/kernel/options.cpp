// SPDX-License-Identifier: MIT
//
// What one session has of its own: options, handlers added at run time, and the lines its options ask for.
#include <utility>

#include "kernel_core.hpp"

namespace poe {

const SessionOptions& KernelCore::options_of(std::uint32_t slot) const noexcept {
  const auto own = own_options_.find(slot);
  return own != own_options_.end() ? own->second.options : options_.sessions;
}

SessionOptions KernelCore::session_options(SessionId id) const noexcept {
  return alive(id) ? options_of(id.slot()) : SessionOptions{};
}

void KernelCore::set_session_options(SessionId id, const SessionOptions& options) {
  if (!alive(id)) return;
  own_options_[id.slot()].options = options;
  apply_options(id.slot(), options);
}

void KernelCore::apply_options(std::uint32_t slot, const SessionOptions& options) {
  std::uint8_t hooks = slots_[slot].hooks & Slot::kObserved;
  if (options.trace) hooks |= Slot::kTraced;
  if (options.mailbox != 0) {
    hooks |= Slot::kLimited;
    own_options_[slot] = {options, count_queued(slot)};
  }
  slots_[slot].hooks = hooks;
  slots_[slot].reentrant = options.reentrant;
}

// Sessions of a class share one table; the first change gives a session its own.
HandlerTable& KernelCore::own_table(std::uint32_t slot) {
  if (!slots_[slot].owns_table) {
    slots_[slot].table = slots_[slot].table->clone().release();
    slots_[slot].owns_table = true;
  }
  return *slots_[slot].table;
}

void KernelCore::set_handler(SessionId id, const Handler& row, std::shared_ptr<void> owner) {
  if (!alive(id)) return;
  HandlerTable& table = own_table(id.slot());
  if (options_of(id.slot()).debug && table.find(row.event) != nullptr) {
    log(LogLevel::warning, "event \"" + std::string(row.key->name) + "\" of " + describe(id) + " gets another handler");
  }
  if (!replace_behind_tap(id.slot(), *row.key, &row)) table.add(row);  // throws before anything is changed
  table.own(std::move(owner), row.event);
}

void KernelCore::remove_handler(SessionId id, const EventKey& event) {
  if (!alive(id) || slots_[id.slot()].table->find(event.id) == nullptr) return;
  HandlerTable& table = own_table(id.slot());
  if (!replace_behind_tap(id.slot(), event, nullptr)) table.remove(event.id);
}

void KernelCore::trace(std::uint32_t slot, std::uint32_t sender, const EventKey& key) noexcept {
  try {
    options_.log->write(LogLevel::info, "trace: " + describe(id_of(slot)) + " handles \"" + key.name + "\" from " +
                                            (sender == slot ? "itself" : describe(id_of(sender))));
  } catch (...) {  // no memory for the line: the event matters more
  }
}

void KernelCore::report_unhandled(std::uint32_t slot, const EventKey& key) noexcept {
  if (!options_of(slot).report_unhandled && !has(options_.asserts, Assert::usage)) return;
  try {
    log(LogLevel::warning, "no handler for event \"" + std::string(key.name) + "\" in " + describe(id_of(slot)));
  } catch (...) {
  }
}

}  // namespace poe
