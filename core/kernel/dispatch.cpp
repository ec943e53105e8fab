// SPDX-License-Identifier: MIT
//
// Turns and passes: what happens each time the loop calls. A pass runs what was queued when it began; a look asks the
// loop. Several passes may go by without a look, within the budget.
#include <cxxabi.h>

#include <algorithm>
#include <cstring>
#include <utility>

#include "internal_events.hpp"
#include "kernel_core.hpp"

namespace poe {

Entered::Entered(KernelCore& core, std::uint32_t slot, std::uint32_t sender, const EventKey* event) noexcept
    : core_(core),
      current_(core.current_),
      sender_(core.sender_),
      event_(core.event_),
      frame_{core.current_, core.frames_} {
  if (current_ != 0) core.frames_ = &frame_;
  core.current_ = slot;
  core.sender_ = sender;
  core.event_ = event;
}

Entered::~Entered() {
  if (current_ != 0) core_.frames_ = frame_.outer;
  core_.current_ = current_;
  core_.sender_ = sender_;
  core_.event_ = event_;
  // What had to wait for the session we leave may go on now.
  if (!core_.held_.empty() || !core_.blocked_.empty() || !core_.stop_requests_.empty()) core_.attention_ = true;
  core_.look_after_leaving();
}

// A session that was entered from outside a turn has been left: what waited for it gets a turn of its own.
void KernelCore::look_after_leaving() noexcept {
  if (current_ == 0 && (attention_ || !marked_.empty())) look_later();
}

bool KernelCore::on_stack(std::uint32_t slot) const noexcept {
  if (slot == 0) return false;
  if (slot == current_) return true;
  for (const Frame* frame = frames_; frame != nullptr; frame = frame->outer) {
    if (frame->slot == slot) return true;
  }
  return false;
}

void KernelCore::turn(std::uint32_t reasons, Purse purse) {
  ++counts_.turns;
  if ((reasons & POE_TURN_DEADLINE) != 0) seat_.deadline_spent();
  {
    const Entered root(*this, 0, 0, nullptr);
    ++depth_;
    queue_.enter();
    set_asleep(false);
    if (seat_.can(POE_CAP_FOREIGN) && seat_.can(POE_CAP_NESTED_STEP)) {
      // A handler may run the host's loop, for a dialog, and nobody tells us: what others wait for must be armed
      // already.
      arm_loop(!queue_.empty() || !fds_.files().empty());
    }
    if (observed()) tell_turn(true);
    former_look_ = std::exchange(look_, clock());
    if (depth_ > 1) settle_budget(0);
    const std::uint32_t outer_left = events_left_;
    const std::int64_t outer_since = budget_since_;
    if (purse == Purse::fresh) open_budget();
    const std::uint64_t outer_pass_end = pass_end_;
    if (mailbox_->waiting()) drain_mailbox();
    if (attention_ || !held_.empty())
      attend();  // held ones also for a slice inside a `_stop` that attend() itself calls
    if (fds_.pending()) dispatch_ready();
    if (!fds_.files().empty()) dispatch_files();
    do {
      run_pass();
    } while (!single_ && events_left_ != 0 && !queue_.empty() && !stop_loop_);
    sweep();
    if (observed()) tell_turn(false);
    pass_end_ = outer_pass_end;
    queue_.leave();
    if (--depth_ > 0) resume_budget(outer_left, outer_since);
  }
  if (depth_ == 0 && current_ == 0) {
    check_idle();
    if (has(options_.asserts, Assert::data)) assert_books();
  }
  schedule();
}

// A timer due before the former look runs before the pass's events, any other after them: so events and timers keep the
// order of their due times (P002-P005) without a time stamp on each event. Where no timer is due and no slice asked
// for, passes cannot be told apart: one goes on until the queue is empty, and start_timer() ends it for a timer in the
// past.
void KernelCore::run_pass() {
  if (!timer_queue_.empty() && timer_queue_.first_due() <= former_look_) run_timers(former_look_);
  const bool timers_due = !timer_queue_.empty() && timer_queue_.first_due() <= look_;
  pass_end_ = single_ || timers_due ? queue_.pushed() : UINT64_MAX;
  if (events_left_ == 0) pass_end_ = 0;  // the timers have used it up
  while (!queue_.empty() && queue_.taken() < pass_end_) {
    Record& record = *queue_.take();
    if (frames_ != nullptr && on_stack(SessionId{record.target}.slot()) &&
        !slots_[SessionId{record.target}.slot()].reentrant) {
      hold(record);
      continue;
    }
    deliver(record);
    count_event();
    if (attention_) [[unlikely]] {
      attend();
      if (stop_loop_) break;
    }
  }
  if (!timer_queue_.empty() && timer_queue_.first_due() <= look_) run_timers(look_);
  former_look_ = look_;
}

void KernelCore::open_budget() noexcept {
  budget_since_ = look_;
  events_left_ = options_.budget.events;
  stride_ = granted_ = until_clock_ = 1;
}

// Takes off the events since the last time, and the reports that the kernel took by itself.
void KernelCore::settle_budget(std::size_t reports) noexcept {
  events_left_ -= static_cast<std::uint32_t>(std::min<std::size_t>(events_left_, granted_ - until_clock_ + reports));
  granted_ = until_clock_ = std::max<std::uint32_t>(1, std::min(stride_, events_left_));
}

// After a turn inside a handler: that of the turn below goes on, unless its loop has been closed meanwhile.
void KernelCore::resume_budget(std::uint32_t left, std::int64_t since) noexcept {
  budget_since_ = since;
  events_left_ = std::min(events_left_, left);
  settle_budget(0);
}

// Reads the clock: after every event at first, then less and less often while they prove to be short.
void KernelCore::check_budget() {
  const std::int64_t elapsed = clock() - budget_since_;
  const std::int64_t limit = options_.budget.time.count();
  constexpr std::uint32_t kLongestStride = 64;
  if (elapsed < limit / 16) {
    stride_ = std::min(stride_ * 4, kLongestStride);
  } else {
    stride_ = elapsed < limit / 2 ? std::min(stride_ * 2, kLongestStride) : 1;
  }
  settle_budget(0);
  if (elapsed >= limit) events_left_ = 0;
  if (events_left_ == 0) pass_end_ = 0;
}

void KernelCore::unhandled(Record& record) {
  if (record.key == &kNoEvent || run_internal(record)) return;
  const Slot& slot = slots_[SessionId{record.target}.slot()];
  if (slot.table->fallback.thunk == nullptr) {
    if (options_.log->threshold() <= LogLevel::debug) {
      log(LogLevel::debug, "no handler for event \"" + std::string(record.key->name) + "\" in " +
                               describe(SessionId{record.target}) + ": dropped");
    }
    report_unhandled(SessionId{record.target}.slot(), *record.key);
    return;
  }
  std::vector<Value> values;
  record.key->ops->to_values(record.payload(), values);
  slot.table->fallback.thunk(slot.object, slot.table->fallback.row, *record.key, values);
}

bool KernelCore::run_internal(Record& record) {
  const std::uint64_t id = record.key->id;
  if (id == internal::go_on.id) {
    const auto [index, generation] = Payload<std::uint32_t, std::uint32_t>::get(record.payload());
    go_on(index, generation);
    return true;
  }
  if (id == internal::look_again.id) return true;
  if (id == internal::body_ended.id) {
    request_stop(SessionId{record.target});
    return true;
  }
  if (id == internal::deferred.id) {
    Fn<void()> work = std::move(std::get<0>(Payload<Fn<void()>>::get(record.payload())));
    work();
    return true;
  }
  if (id == internal::fifo_timer.id) {
    const auto [index, ticket] = Payload<std::uint32_t, std::uint32_t>::get(record.payload());
    if (timers_.used(index) && timers_.tag(index).is(TimerTag::kQueued) && timers_.when(index).order == ticket) {
      timers_.tag(index).clear(TimerTag::kQueued);
      fire(index);
    }
    return true;
  }
  if (id == internal::child_ended.id) {
    const auto [index, generation] = Payload<std::uint32_t, std::uint32_t>::get(record.payload());
    if (children_.holds(index, generation)) {
      auto handler = std::move(children_[index].handler);
      const ExitStatus status = *children_[index].status;
      drop_child(index);  // watch and reference are gone before the handler runs (P083)
      handler(status);
    }
    return true;
  }
  if (id == internal::ask.id) {
    serve(SessionId{record.target}, std::get<0>(Payload<AskTicket>::get(record.payload())));
    return true;
  }
  if (id == internal::signal.id) {
    dispatch_signal(std::get<0>(Payload<SignalRequest>::get(record.payload())));
    return true;
  }
  if (id == internal::dynamic.id) {
    run_dynamic(slots_[SessionId{record.target}.slot()], record);
    return true;
  }
  return false;
}

// An event that came by name: finds the typed event of that name and checks the arguments against it.
void KernelCore::run_dynamic(const Slot& slot, Record& record) {
  auto& call = std::get<0>(Payload<DynamicCall>::get(record.payload()));
  const Handler* row = slot.table->find(std::string_view(call.name));
  if (row == nullptr) {
    const EventKey key{hash_text(call.name), call.name.c_str(), &kEventOps<>};
    if (slot.table->fallback.thunk == nullptr) {
      report_unhandled(SessionId{record.target}.slot(), key);
      return;
    }
    slot.table->fallback.thunk(slot.object, slot.table->fallback.row, key, call.arguments);
    return;
  }
  const EventOps& ops = *row->key->ops;
  const auto payload = std::make_unique<std::byte[]>(ops.size + std::size_t{1});
  if (ops.from_values == nullptr || !ops.from_values(call.arguments, payload.get())) {
    std::string given;
    for (const Value& value : call.arguments) given += (given.empty() ? "" : ", ") + std::string(value.kind());
    const Error error(Errc::bad_arguments, "deliver event", "\"" + call.name + "\"",
                      ops.from_values == nullptr ? "one of its argument types has no dynamic form"
                                                 : "its arguments do not fit (" + given + ")",
                      "post what the event's declaration asks for");
    if (const Handler* complain = slot.table->find(bad_arguments.id)) {
      std::tuple<Error> argument{error};
      complain->thunk(slot.object, *complain, &argument, nullptr);
    } else {
      log(LogLevel::warning, error.message());
    }
    return;
  }
  struct Guard {
    const EventOps& ops;
    void* payload;
    ~Guard() {
      if (ops.destroy != nullptr) ops.destroy(payload);
    }
  } guard{ops, payload.get()};
  row->thunk(slot.object, *row, payload.get(), nullptr);
}

// Events to a session whose handler is suspended below us wait, in order (unless it is reentrant): the record moves out
// of the queue and goes first as soon as that handler has returned.
void KernelCore::hold(Record& record) {
  if (record.key == &kNoEvent)
    return finish(record, SessionId{record.target}.slot());  // withdrawn; its sender's place may be another's by now
  HeldRecord held(new std::byte[sizeof(Record) + record.size + 1]);
  auto* copy = ::new (held.get()) Record(record);
  record.key->ops->relocate(record.payload(), copy->payload());
  record.key = &kNoEvent;
  Slot& to = slots_[SessionId{record.target}.slot()];
  if (to.last_in == &record) to.last_in = copy;
  if (record.sender != SessionId{record.target}.slot()) {  // newer events of its may be done before this one: counted
    if (slots_[record.sender].last_out == &record) slots_[record.sender].last_out = nullptr;
    add_reference(record.sender);
  }
  held_.push_back(std::move(held));
}

void KernelCore::release_held() {
  for (std::size_t i = 0; i < held_.size();) {
    auto& record = *reinterpret_cast<Record*>(held_[i].get());
    if (on_stack(SessionId{record.target}.slot())) {
      ++i;
      continue;
    }
    const HeldRecord held = std::move(held_[i]);
    held_.erase(held_.begin() + static_cast<std::ptrdiff_t>(i));
    const SessionId sender = id_of(record.sender);
    const bool counted = record.sender != SessionId{record.target}.slot();
    deliver(record);
    if (counted && alive(sender)) drop_reference(sender.slot());
    i = 0;  // the handler may have added or released others
  }
}

// What cannot wait for the end of the pass; called between two events, when their session is off the stack.
void KernelCore::attend() {
  const Entered root(*this, 0, 0, nullptr);
  attention_ = false;
  if (std::exchange(stop_all_, false)) {
    stop_everything();
    stop_loop_ = true;
  }
  for (const SessionId id : std::exchange(stop_requests_, {})) {
    if (!alive(id)) continue;
    if (on_stack(id.slot())) {
      stop_requests_.push_back(id);
    } else {
      stop_session(id.slot());
    }
  }
  if (!held_.empty()) release_held();  // after the stops: what waited for a session that ends is dropped with it
  if (!blocked_.empty()) unblock_watches();
}

void KernelCore::drain_mailbox() {
  constexpr std::size_t kMostKept = 1024;
  std::vector<Letter> letters = std::exchange(letters_, {});
  mailbox_->take(letters);
  for (Letter& letter : letters) {
    if (letter.event() == nullptr) {
      release_postback(letter.to());
    } else if (alive(letter.to())) {
      if (auto let_in = admit_letter(letter); !let_in) {
        log(LogLevel::warning, let_in.error().message());
        continue;
      }
      const Record* record = queue_.push(*letter.event(), letter.to().bits, 0, [&](void* at) { letter.unpack(at); });
      sent(*record);
    }
  }
  letters.clear();
  if (letters.capacity() <= kMostKept) letters_ = std::move(letters);
}

// ---- Dispatcher: what posting needs out of line

Dispatcher::Dispatcher() = default;
Dispatcher::~Dispatcher() = default;

void Dispatcher::request_turn() {
  set_asleep(false);
  static_cast<KernelCore*>(this)->schedule();
}

Result<void> Dispatcher::no_session(SessionId to, const EventKey& event) const {
  const auto& core = static_cast<const KernelCore&>(*this);
  const std::string what = "event \"" + std::string(event.name) + "\"";
  if (has(core.options_.asserts, Assert::usage)) {
    core.options_.log->write(LogLevel::error, "assertion failed: " + core.describe(core.id_of(core.current_)) +
                                                  " posts " + what + " to a session that has ended, or never was");
  }
  if (to.bits != 0 && to.kernel() != core.number_) {
    return failure(Errc::wrong_kernel, "post", what, "the session lives in another kernel of this process",
                   "post through an Address of that session");
  }
  return failure(Errc::no_session, "post", what, "the session has ended, or never was");
}

Result<void> Dispatcher::call_now(SessionId to, const EventKey& event, void* payload, void* ret, std::uint64_t result) {
  struct Guard {
    const EventKey& event;
    void* payload;
    void end() {
      if (void* at = std::exchange(payload, nullptr); at != nullptr && event.ops->destroy != nullptr)
        event.ops->destroy(at);
    }
    ~Guard() { end(); }
  } guard{event, payload};
  auto& core = static_cast<KernelCore&>(*this);
  if (!alive(to)) return no_session(to, event);
  const Slot& slot = slots_[to.slot()];
  if (slot.object == nullptr && to.slot() != 0) {
    return failure(Errc::no_session, "call", "event \"" + std::string(event.name) + "\"",
                   "the session is being constructed", "post it: posts wait until it has started");
  }
  const std::string_view name = event.name;
  const Handler* row = slot.table->find(event.id);
  if (row == nullptr && slot.table->fallback.thunk == nullptr) {
    return failure(Errc::no_handler, "call", "event \"" + std::string(name) + "\"",
                   "the session has no handler for it");
  }
  if (result != 0 && (row == nullptr || row->result != result)) {
    return failure(Errc::bad_arguments, "call", "event \"" + std::string(name) + "\"",
                   "its handler returns another type", "name the type the handler returns: call<T>(...)");
  }
  const auto invoke = [&] {
    if (row != nullptr) {
      row->thunk(slot.object, *row, payload, ret);
    } else {
      std::vector<Value> values;
      event.ops->to_values(payload, values);
      slot.table->fallback.thunk(slot.object, slot.table->fallback.row, event, values);
    }
  };
  if (to.slot() == core.current_) {  // to oneself: no dispatch in between, a throw comes straight through (P027)
    struct Sender {
      std::uint32_t& place;
      std::uint32_t former;
      ~Sender() { place = former; }
    } const own{core.sender_, std::exchange(core.sender_, core.current_)};
    invoke();
    return {};
  }
  const Entered as(core, to.slot(), core.current_, &event);
  const Hooked hooked(core, to.slot(), core.sender_, event);
  try {
    invoke();
    guard.end();  // while the receiver still is current (P031)
  } catch (const abi::__forced_unwind&) {
    throw;
  } catch (...) {
    core.raise_die(std::current_exception(), to.slot(), event);
    guard.end();
    return failure(Error::from_exception(std::current_exception(), "call", "event \"" + std::string(name) + "\""));
  }
  return {};
}

}  // namespace poe
