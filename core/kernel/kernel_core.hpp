// SPDX-License-Identifier: MIT
//
// KernelCore: everything behind Kernel, Self and the handles. The parts with an idea of their own are classes of their
// own (RecordQueue, TimerQueue, LoopSeat, LoopFds, Mailbox, the signal broker); what is left is how they act together,
// in one file for each subject: dispatch.cpp (passes and turns), lifecycle.cpp (birth, references, end), watches.cpp,
// timers.cpp, signals.cpp, children.cpp, running.cpp (loops), inspect.cpp.
#pragma once

#include <cxxabi.h>

#include <cstdint>
#include <cstring>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <stop_token>
#include <string>
#include <unordered_map>
#include <vector>

#include "call_scopes.hpp"
#include "fork_guard.hpp"
#include "loop_fds.hpp"
#include "loop_seat.hpp"
#include "mailbox.hpp"
#include "poe/awaits.hpp"
#include "poe/fd.hpp"
#include "poe/kernel.hpp"
#include "poe/observer.hpp"
#include "poe/send.hpp"
#include "poe/snapshot.hpp"
#include "resources.hpp"
#include "signal_broker.hpp"
#include "slab.hpp"
#include "timer_queue.hpp"
#include "wall_alarms.hpp"

namespace poe {

/// A record taken out of the queue because its session is on the stack of a nested slice.
using HeldRecord = std::unique_ptr<std::byte[]>;

/// An event posted by name.
struct DynamicCall {
  std::string name;
  std::vector<Value> arguments;
};

struct SignalRequest {
  Signal signal;
  SessionId to;
};

class AskAwait;
class AskTicket;

class KernelCore final : public Dispatcher, public LoopEvents {
 public:
  KernelCore(std::unique_ptr<LoopProvider> loops, KernelOptions options);
  ~KernelCore();
  /// Stops all sessions and closes the loop; the memory stays until the last handle is gone.
  static void retire(KernelCore* core) noexcept;

  Kernel& face() noexcept { return face_; }

  // ---- dispatch.cpp
  enum class Purse : std::uint8_t { fresh, shared };  // a budget of its own, or what is left of the former turn's
  void turn(std::uint32_t reasons, Purse purse = Purse::fresh);
  void run_pass();
  void deliver(Record& record);
  void handle(Record& record);
  void finish(Record& record, std::uint32_t receiver) noexcept;
  void unhandled(Record& record);
  bool run_internal(Record& record);
  void run_dynamic(const Slot& slot, Record& record);
  void drain_mailbox();
  Result<void> post_letter(Letter& letter);
  Result<void> admit_letter(const Letter& letter) {
    const bool special = slots_[letter.to().slot()].hooks != 0 || queue_.full();
    return special ? admit(letter.to(), current_, *letter.event()) : Result<void>();
  }
  void attend();
  void count_event() {
    if (--until_clock_ == 0) [[unlikely]]
      check_budget();
  }
  void check_budget();
  void open_budget() noexcept;
  void settle_budget(std::size_t reports) noexcept;
  void resume_budget(std::uint32_t left, std::int64_t since) noexcept;
  bool on_stack(std::uint32_t slot) const noexcept;
  void hold(Record& record);
  void release_held();
  /// Runs f with a session current; a throw becomes its DIE. False if it threw.
  template <class F>
  bool guarded(std::uint32_t slot, const EventKey& key, F&& f) {
    return guarded(slot, slot, key, std::forward<F>(f));
  }
  template <class F>
  bool guarded(std::uint32_t slot, std::uint32_t sender, const EventKey& key, F&& f);
  void look_after_leaving() noexcept;
  /// For what is looked at when a turn ends: one under way will do so, asleep or not.
  void look_later() noexcept {
    if (!asleep() || depth_ != 0) return;
    attention_ = true;
    request_turn();
  }
  std::int64_t clock() const noexcept { return seat_.now(); }

  // ---- observers.cpp
  void observe_as_asked();
  void assert_books() const;
  void observe(Observer& observer);
  void unobserve(Observer& observer) noexcept;
  void deliver_hooked(Record& record);
  template <class Tell>
  void tell_observers(Tell&& tell) noexcept;
  void tell_posted(std::uint32_t to, std::uint32_t sender, const EventKey& key) noexcept;
  void tell_started(std::uint32_t slot, std::uint32_t parent_slot) noexcept;
  void tell_stopped(SessionId id) noexcept;
  void tell_references(std::uint32_t slot) noexcept;
  void tell_signalled(SessionId to, const std::string& name) noexcept;
  void tell_turn(bool began) noexcept;
  bool observed() const noexcept { return (alert_ & kObserved) != 0; }

  // ---- mailbox_limit.cpp
  static bool counts_in_mailbox(const EventKey& key) noexcept;
  std::uint32_t count_queued(std::uint32_t slot);
  Record* oldest_queued(std::uint32_t slot);
  Result<void> enter_mailbox(std::uint32_t slot, const EventKey& key);
  void leave_mailbox(std::uint32_t slot);
  bool is_full(SessionId id) const noexcept;
  void when_room(SessionId to, SessionId who, Fn<void()> work);
  void wake_waiter(std::uint32_t slot);
  void wake_all_waiters(std::uint32_t slot);
  void pass_places_on();
  void defer_to(SessionId who, Fn<void()> work);

  // ---- send.cpp
  /// Takes the payload over if it succeeds.
  Result<void> post_payload(SessionId to, std::uint32_t sender, const EventKey& event, void* payload);
  void wait_to_send(SessionId to, SessionId who, const SendAwait& await, bool first);
  void send_again(SessionId to, std::uint32_t index, std::uint32_t generation);
  void forget_sender(SessionId to, std::uint32_t await) noexcept;

  // ---- lifecycle.cpp
  HandlerTable& class_table(std::uint64_t type, void (*fill)(HandlerTable&));
  SessionId give_birth(HandlerTable& table, std::unique_ptr<HandlerTable> owned, void* (*make)(void*, Birth),
                       void* maker);
  std::uint32_t new_slot(HandlerTable& table, bool owns_table);
  void add_reference(std::uint32_t slot, std::uint64_t what = Slot::kReference) noexcept {
    slots_[slot].kept_by += what;
    if (observed()) [[unlikely]]
      tell_references(slot);
  }
  void drop_reference(std::uint32_t slot, std::uint64_t what = Slot::kReference) noexcept {
    Slot& of = slots_[slot];
    of.kept_by -= what;
    if (of.kept_by == 0 || observed()) [[unlikely]] {
      dropped_reference(slot);
    } else {
      look_later();  // what is left may be nothing to run for (P055)
    }
  }
  void dropped_reference(std::uint32_t slot) noexcept;
  void mark(std::uint32_t slot);
  void sweep();
  bool reachable(const Slot& slot) const noexcept {
    return slot.kept_by != 0 || slot.last_in != nullptr || slot.last_out != nullptr;
  }
  void request_stop(SessionId id);
  void stop_session(std::uint32_t slot);
  void give_children_away(std::uint32_t slot);
  void drop_resources(std::uint32_t slot);
  bool purge_queue(std::uint32_t slot);
  void drop_queue() noexcept;
  void free_slot(std::uint32_t slot);
  void stop_everything();
  void forget_loop() noexcept;
  void link_child(std::uint32_t parent, std::uint32_t slot);
  void unlink_child(std::uint32_t slot);
  Result<void> detach(SessionId id, SessionId asker);
  void tell_child_change(std::uint32_t parent, ChildChange::Reason reason, SessionId child_id, Value result = {},
                         std::exception_ptr exception = nullptr);
  void call_lifecycle(std::uint32_t slot, const EventKey& key, void* payload, Value* result = nullptr);
  void call_handler(std::uint32_t slot, const EventKey& key, void* payload, Value* result);
  std::vector<std::uint32_t> subtree(std::uint32_t slot) const;  // breadth first, itself first

  // ---- options.cpp
  const SessionOptions& options_of(std::uint32_t slot) const noexcept;
  SessionOptions session_options(SessionId id) const noexcept;
  void set_session_options(SessionId id, const SessionOptions& options);
  void apply_options(std::uint32_t slot, const SessionOptions& options);
  void set_handler(SessionId id, const Handler& row, std::shared_ptr<void> owner);
  void remove_handler(SessionId id, const EventKey& event);
  HandlerTable& own_table(std::uint32_t slot);
  void trace(std::uint32_t slot, std::uint32_t sender, const EventKey& key) noexcept;
  void report_unhandled(std::uint32_t slot, const EventKey& key) noexcept;

  // ---- wall_alarms.cpp
  Timer start_wall_alarm(SessionId id, std::int64_t wall, const EventKey& key, void* payload);
  Result<void> move_to_wall(Handle& timer, std::int64_t wall);
  bool wall_alarm_is_early(std::uint32_t index);
  void follow_wall_clock(std::uint32_t index, std::int64_t wall);
  void forget_wall_alarm(std::uint32_t index) noexcept;
  void wall_clock_was_set();

  // ---- timers.cpp
  // Nothing if the session has ended; they take the payload over.
  Timer start_timer(SessionId id, std::int64_t due, const EventKey& key, void* payload);
  Timer start_fifo_timer(SessionId id, const EventKey& key, void* payload);
  Timer start_repeating_timer(SessionId id, std::int64_t first, std::int64_t period, Missed missed, const EventKey& key,
                              void* payload);
  static Timer refuse_timer(const EventKey& key, void* payload) noexcept;
  TimerTable::Added make_timer(SessionId id, const EventKey& key, void* payload, std::int64_t period);
  Timer set_timer(const TimerTable::Added& made, std::int64_t due);
  /// A timer in the past comes before what is posted after it (P004).
  void end_pass_for(std::int64_t due) {
    if (due <= look_) pass_end_ = std::min(pass_end_, queue_.pushed());
  }
  std::vector<CancelledTimer> cancel_timers(SessionId id);
  void run_timers(std::int64_t until);
  void box_arguments(std::uint32_t timer, std::int64_t period);
  void queue_fifo_timer(std::uint32_t index);
  void fire(std::uint32_t index);
  void fire_periodic(std::uint32_t index);
  void call_timer(std::uint32_t slot, const EventKey& key, void* payload);
  void free_timer(std::uint32_t index) noexcept;
  void unlist_timer(std::uint32_t index) noexcept;
  void cancel_timer(Handle& handle) noexcept;
  void drop_timer(std::uint32_t index) noexcept;
  void detach_timer(std::uint32_t index) noexcept;
  void drop_timers_of(SessionId id) noexcept;
  Result<void> move_timer(Handle& timer, std::int64_t due);
  /// One that stands in the queue of events is due now.
  std::int64_t timer_due(std::uint32_t index) const noexcept {
    return timer_queue_.contains(index) ? timers_.when(index).due : look_;
  }

  // ---- watches.cpp
  Result<Watch> add_watch(SessionId id, int fd, std::uint32_t interest, Fn<void(std::uint32_t)> ready, bool internal);
  void drop_watch(std::uint32_t index) noexcept;
  int update_entry(std::uint32_t entry) noexcept;
  void update_or_refuse(std::uint32_t entry) noexcept;
  std::uint32_t wanted(const FdEntry& entry) const noexcept;
  void dispatch_ready();
  void dispatch_files();
  void report(std::uint32_t entry, std::uint32_t ready, std::uint32_t mode);
  void call_watch(std::uint32_t index, std::uint32_t ready);
  void unblock_watches() noexcept;
  void pause_watch(std::uint32_t index, std::uint32_t events) noexcept;
  void resume_watch(std::uint32_t index, std::uint32_t events) noexcept;

  // ---- signals.cpp
  /// `beside`: told in addition to the session's handler of that signal.
  Result<SignalWatch> add_signal(SessionId id, std::string_view name, Fn<void(const Signal&)> handler,
                                 bool beside = false);
  void drop_signal(std::uint32_t index) noexcept;
  Result<void> send_signal(SessionId to, Signal signal);
  void dispatch_signal(SignalRequest& request);
  void tell_signal(SessionId id, const Signal& signal);
  void raise_die(std::exception_ptr thrown, std::uint32_t slot, const EventKey& key) noexcept;
  bool join_broker();
  void leave_broker() noexcept;
  void read_signals();
  Result<bool> watch_os_signal(int number);  ///< false: this world has no operating system
  void unwatch_os_signal(int number) noexcept;
  void guard_interrupts(bool on) noexcept;

  // ---- drain.cpp
  Result<void> drain_then_stop(Duration limit);
  void stop_what_is_left();

  // ---- children.cpp
  Result<ChildWatch> add_child(SessionId id, std::int64_t pid, Fn<void(const ExitStatus&)> handler);
  void drop_child(std::uint32_t index) noexcept;
  Result<void> await_pid(std::int64_t pid);
  void reap(std::int64_t pid);
  void reap_polled();
  void reap_left() noexcept;
  void reap_always(std::uint32_t index) noexcept { pids_.at(children_[index].pid).reap_always = true; }
  void forget_pid(std::int64_t pid) noexcept;
  bool is_awaited(std::int64_t pid) const noexcept;
  bool is_unreaped(std::int64_t pid) const noexcept { return pids_.contains(pid); }

  // ---- tasks.cpp
  std::uint32_t add_run(SessionId id, void* frame, TaskPromise& promise);
  /// Runs it up to its first await. What it throws is returned.
  std::exception_ptr begin_run(std::uint32_t index);
  std::exception_ptr resume_run(std::uint32_t index, void* frame);
  std::exception_ptr settle_run(std::uint32_t index);
  void drop_run(std::uint32_t index) noexcept;
  void cancel_run(RunNode& run) noexcept;
  std::exception_ptr resume_await(Await& await);
  void raise_from_task(std::exception_ptr thrown, std::uint64_t session) noexcept;
  void go_on(std::uint32_t index, std::uint32_t generation);
  void await_due(std::uint32_t index, std::uint32_t generation);
  bool is_stopping(std::uint64_t session) const noexcept { return slots_[SessionId{session}.slot()].stopping; }
  bool refuse_await(TaskRun& run);
  void end_awaits(std::uint32_t slot);
  void post_ask(AskAwait& ask, SessionId to);
  /// Whether a Task waits for the event; its former handler is then the row's, or nobody, and the row stays.
  bool replace_behind_tap(std::uint32_t slot, const EventKey& event, const Handler* row);
  void serve(SessionId target, AskTicket& ticket);
  void signal_awaited(std::uint32_t index, std::uint32_t generation, const Signal& signal);

  // ---- names, references
  Result<Alias> add_alias(SessionId id, std::string name);
  void drop_alias(std::uint32_t index) noexcept;
  KeepAlive add_extra(SessionId id, std::string tag);
  void drop_extra(std::uint32_t index) noexcept;
  void hold_postback(SessionId id);
  void release_postback(SessionId id);

  // ---- running.cpp
  Result<void> check_usable(const char* what);
  Result<void> ensure_loop();
  /// For its clock; run() reports why there is none.
  void try_loop();
  Result<void> open_seat(const LoopChoice& choice);
  void close_seat(Fn<void()> done = {});
  Result<void> run();
  Result<bool> run_one_timeslice(Duration max_wait);
  Result<bool> nested_slice(Duration max_wait);
  Result<Guest> attach(const Host& host);
  void schedule();
  void arm_loop(bool soon) noexcept;
  void check_idle();
  bool has_work() const noexcept;
  Result<bool> outcome();
  Result<void> has_forked();

  // LoopEvents
  void on_ready(std::uint64_t token, std::uint32_t events) noexcept override;
  void on_turn(std::uint32_t reasons) override;
  void on_host_gone() noexcept override;
  void on_watch_error(std::uint64_t token, int os_error, const char* text) noexcept override;
  void on_log(int level, const char* text) noexcept override;
  void log(LogLevel level, std::string_view line) noexcept;

  // ---- inspect.cpp
  std::string why_alive(SessionId id) const;
  std::string describe(SessionId id) const;
  std::vector<SessionInfo> sessions() const;
  std::vector<std::string> check_books() const;

  // ---- snapshot.cpp
  Snapshot snapshot() const;
  Snapshot::Session picture(std::uint32_t slot) const;

  // ---- handles
  bool handle_holds(const Handle& handle) const noexcept;
  [[gnu::noinline]] void cancel_handle(Handle& handle) noexcept;  // leaves its registers out of cancel_timer()
  void drop_resource(Handle::Kind kind, std::uint32_t index) noexcept;
  void handle_released() noexcept;
  template <class H>
  H make_handle(Handle::Kind kind, std::uint32_t index, std::uint32_t generation) {
    ++handles_;
    return H(this, kind, index, generation);
  }

  /// Links a resource into its session's list and back out.
  template <class Table>
  void link(Table& table, std::uint32_t Cold::*head, std::uint32_t index);
  template <class Table>
  void unlink(Table& table, std::uint32_t Cold::*head, std::uint32_t index) noexcept;

  SessionId id_of(std::uint32_t slot) const noexcept { return SessionId{slots_[slot].id}; }
  std::size_t session_count() const noexcept { return sessions_; }

  friend class Dispatcher;
  friend class Entered;
  friend class Hooked;
  friend class Kernel;
  friend class Guest;
  friend class Bridge;
  friend class Self;
  friend class Timer;
  friend class Watch;
  friend class Address;
  friend class PostbackBase;
  friend class Await;
  friend class EventTap;
  friend class EventAwait;
  friend class AskAwait;
  friend class AskTicket;
  friend class SendAwait;
  friend class Scope;
  friend class ScopeAwait;
  friend class Sleep;
  friend class ChildExit;
  friend class ChildWatch;
  friend class NextSignal;
  friend class Readiness;
  friend void start_task(KernelCore& core, SessionId session, Task<> task);

 private:
  Kernel face_;
  std::unique_ptr<LoopProvider> loops_;
  KernelOptions options_;
  std::uint32_t number_;  // of this kernel, in its sessions' ids
  std::size_t sessions_ = 0;
  std::vector<Cold> cold_;  // beside slots_
  std::vector<std::uint32_t> free_slots_;
  std::unordered_map<std::uint64_t, std::unique_ptr<HandlerTable>> class_tables_;
  HandlerTable root_table_;

  // dispatch
  std::uint32_t current_ = 0;  // slot of the session being run
  std::uint32_t sender_ = 0;
  const EventKey* event_ = nullptr;
  const Frame* frames_ = nullptr;
  int depth_ = 0;           // turns on the stack
  bool attention_ = false;  // attend() has something to do
  bool single_ = false;     // run_one_timeslice: one pass
  std::int64_t look_ = 0;   // when the loop was asked last
  std::int64_t former_look_ = 0;
  std::int64_t budget_since_ = 0;  // when the loop handed over: the budget's time runs from here
  std::uint32_t events_left_ = 0;  // of the budget, but for those since until_clock_ was set
  std::uint32_t stride_ = 1;       // events until the clock is read again
  std::uint32_t granted_ = 1;      // what until_clock_ counts down from
  std::uint32_t until_clock_ = 1;
  std::uint64_t pass_end_ = 0;  // the pass under way ends before this record
  std::deque<HeldRecord> held_;
  std::vector<SessionId> stop_requests_;
  std::vector<std::uint32_t> marked_;
  std::unordered_map<std::uint32_t, OwnOptions> own_options_;  // by slot
  std::vector<Observer*> observers_;
  std::vector<std::unique_ptr<Observer>> own_observers_;                    // what the options ask for
  std::unordered_map<std::uint32_t, std::deque<RoomWaiter>> room_waiters_;  // by slot of the session that is full
  bool stop_all_running_ = false;
  std::optional<Error> outcome_;  // what run() has to report
  bool handling_die_ = false;
  std::unordered_map<std::uint64_t, std::exception_ptr> thrown_;  // by sessions that end for it: OnThrow::stop
  Timer drain_limit_;                                             // holds while the kernel is being drained
  int idle_stage_ = 0;                                            // 1: IDLE was sent, 2: ZOMBIE
  std::deque<std::pair<EventKey, std::string>> dynamic_keys_;

  // resources
  TimerTable timers_;
  TimerQueue timer_queue_{timers_};
  std::uint32_t next_ticket_ = 1;
  WallAlarms wall_alarms_;
  Slab<WatchNode> watches_;
  LoopFds fds_{seat_, fork_guard_, options_, counts_};  // before what holds a Watch, which goes first
  std::vector<std::uint32_t> blocked_;                  // watches taken off by nested slices
  std::uint32_t user_watches_ = 0;
  Slab<SignalNode> signals_;
  Slab<ChildNode> children_;
  struct Pid {
    Fd exit_fd;
    Watch exit_watch;          // on it; declared after it, for a watch is forgotten before its descriptor is closed
    bool polled = false;       // no such descriptor here: asked on SIGCHLD
    bool reap_always = false;  // also if nobody awaits it any more
  };
  std::map<std::int64_t, Pid> pids_;
  Slab<AliasNode> aliases_;
  std::unordered_map<std::string, std::uint32_t> alias_index_;
  Slab<ExtraNode> extras_;
  std::uint32_t postbacks_ = 0;
  Slab<AwaitNode> awaits_;
  Slab<RunNode> runs_;
  std::unordered_map<std::uint32_t, std::stop_source> stop_sources_;  // of sessions that were asked for a token
  std::uint32_t awaited_signals_ = 0;                                 // of the system

  // OS signals
  int broker_seat_ = -1;
  Fd signal_reader_, signal_writer_;
  Watch signal_watch_;
  std::map<int, int> os_signals_;  // number -> watches of this kernel
  bool interrupts_guarded_ = false;
  std::uint32_t guarded_interrupts_ = 0;  // bit n: signal n

  // loop
  LoopSeat seat_;
  std::string loop_why_;
  std::uint64_t seat_number_ = 0;  // counts attaches, so that an old Guest is told apart
  bool running_ = false;           // inside run()
  bool stop_loop_ = false;
  bool finished_told_ = true;
  Fn<void()> on_finished_{};
  bool bridged_ = false;                 // a Bridge drives us
  std::function<void()> wake_bridge_{};  // while its helper waits: makes it look again
  const poe_sys* system_ = nullptr;      // once chosen
  std::shared_ptr<Mailbox> mailbox_;
  std::vector<Letter> letters_;  // an empty one with memory
  ForkGuard fork_guard_;
  Kernel::Counts counts_{};
  std::uint32_t handles_ = 0;
  bool ending_ = false;  // no session is born any more
  bool retired_ = false;
};

}  // namespace poe

#include "hot_path.hpp"
