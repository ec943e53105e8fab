// SPDX-License-Identifier: MIT
//
// How a kernel and a loop come together and part: own loops, hosts, slices, forks, the end.
#include <algorithm>
#include <cerrno>
#include <utility>

#include "internal_events.hpp"
#include "kernel_core.hpp"
#include "poe/system.hpp"

namespace poe {

Result<void> KernelCore::check_usable(const char* what) {
  if (fork_guard_.forked()) {
    return failure(Errc::forked, what, "", "this process is a fork of the one that made the kernel",
                   "call Kernel::has_forked() first");
  }
  if (seat_.is_open() && !seat_.on_own_thread()) {
    return failure(Errc::wrong_thread, what, "", "the kernel's loop lives on another thread",
                   "post through an Address, or make a kernel on this thread");
  }
  return {};
}

Result<void> KernelCore::ensure_loop() {
  if (seat_.is_open()) return {};
  auto choice = loops_->choose();
  if (!choice) return failure(choice.error());
  return open_seat(*choice);
}

void KernelCore::try_loop() { static_cast<void>(ensure_loop()); }

Result<void> KernelCore::open_seat(const LoopChoice& choice) {
  if (auto opened = seat_.open(*this, choice); !opened) return opened;
  const auto* own_system = static_cast<const poe_sys*>(seat_.extension(POE_SYS_NAME));
  const poe_sys* system = own_system != nullptr ? own_system : &real_system();
  if (system_ != nullptr && system_ != system) {
    seat_.close();
    return failure(Errc::not_supported, "change the loop", std::string("to \"") + choice.plugin->name + "\"",
                   "its descriptors belong to another world than those already in use",
                   "make a kernel of its own for it");
  }
  system_ = system;
  loop_why_ = choice.why;
  log(LogLevel::debug, std::string("loop ") + choice.plugin->name + ": " + choice.why);
  mailbox_->adopt_thread();
  mailbox_->open(seat_.waker());
  look_ = former_look_ = clock();
  fds_.enter_loop(*system_);
  schedule();
  return {};
}

void KernelCore::close_seat(Fn<void()> done) {
  if (!seat_.is_open()) return;
  reap_left();
  fds_.leave_loop();
  mailbox_->shut();
  seat_.close(std::move(done));
  set_asleep(true);
  events_left_ = 0;  // inside a turn: it was the last of this loop
  pass_end_ = 0;
  if (on_finished_) on_finished_ = nullptr;
}

// ---- turns

// A slow host's round costs more than a look into the inner set: until the budget is used up, by events or by what was
// taken here, the kernel looks by itself. Not in a slice, which is one look, nor inside a handler.
void KernelCore::on_turn(std::uint32_t reasons) {
  turn(reasons);
  while (fds_.can_look() && !single_ && depth_ == 0 && current_ == 0 && !stop_loop_ && !fork_guard_.forked() &&
         events_left_ != 0 && clock() - budget_since_ < options_.budget.time.count()) {
    const std::uint64_t before = counts_.reports;
    if (!fds_.look()) return;
    const auto reports = static_cast<std::size_t>(counts_.reports - before);
    turn(POE_TURN_READY, Purse::shared);
    settle_budget(reports);  // afterwards: what the callbacks post runs in their turn
  }
}

// Tells the loop when we want to be called next.
void KernelCore::schedule() {
  if (!seat_.is_open() || fork_guard_.forked()) return;
  // Marks and requests wait for the handlers below us, which a slice inside one of them must not spin for.
  const bool outermost = frames_ == nullptr && current_ == 0;
  const bool soon =
      !queue_.empty() || !fds_.files().empty() || fds_.pending() || (outermost && (attention_ || !marked_.empty()));
  arm_loop(soon);
  if (wake_bridge_ && !single_ && depth_ == 0) wake_bridge_();  // the host's own doing, between slices
}

// A turn soon, or when the first timer is due. Where it is not soon we are asleep: what is posted or started must ask.
void KernelCore::arm_loop(bool soon) noexcept {
  if (fork_guard_.forked()) return;  // where only abandon() is legal
  set_asleep(!soon);
  seat_.arm(soon ? POE_NOW_NS : timer_queue_.empty() ? POE_NEVER_NS : timer_queue_.first_due());
}

bool KernelCore::has_work() const noexcept {
  const std::size_t own_timers = drain_limit_ ? 1 : 0;
  return !queue_.empty() || timer_queue_.size() > own_timers || user_watches_ != 0 || extras_.live() != 0 ||
         postbacks_ != 0 || children_.live() != 0 || awaited_signals_ != 0 || mailbox_->waiting() || !held_.empty() ||
         !marked_.empty() || fds_.pending() || attention_;
}

// The end of the outermost turn: is there anything left to run for? First IDLE, and if nothing came of it, ZOMBIE
// (P080).
void KernelCore::check_idle() {
  if (sessions_ == 0 && !queue_.empty()) {
    // the last sessions have left signals behind, a DIE perhaps, which somebody must hear of
  } else if (sessions_ == 0) {
    drain_limit_.cancel();
    if (!std::exchange(finished_told_, true) && on_finished_) {
      Fn<void()> finished = std::move(on_finished_);
      on_finished_ = nullptr;
      finished();
    }
    if (sessions_ == 0) stop_loop_ = true;
  } else if (has_work()) {
    idle_stage_ = 0;
  } else {
    const char* name = idle_stage_ == 0 ? "IDLE" : "ZOMBIE";
    idle_stage_ = 1;
    static_cast<void>(send_signal(id_of(0), Signal{name}));
  }
  if (running_) {
    if (stop_loop_ && seat_.is_open()) seat_.stop();
    return;
  }
  stop_loop_ = false;
  if (outcome_ && seat_.is_open() && seat_.is_guest()) {  // no run() of ours will report it
    log(LogLevel::error, std::exchange(outcome_, std::nullopt)->report());
  }
}

// ---- driving

Result<void> KernelCore::run() {
  if (auto usable = check_usable("run the kernel"); !usable) return usable;
  if (running_ || depth_ > 0) {
    return failure(Errc::already_running, "run the kernel", "", "it is running: this is one of its handlers",
                   "use run_one_timeslice() to let others go on inside a handler");
  }
  if (seat_.is_open() && (seat_.is_guest() || bridged_)) {
    return failure(Errc::already_running, "run the kernel", "", "it is attached to a host, whose loop drives it",
                   "run the host's loop, or detach the Guest or end the Bridge first");
  }
  if (sessions_ != 0 || !queue_.empty()) {
    if (auto loop = ensure_loop(); !loop) return loop;
    running_ = true;
    stop_loop_ = false;
    guard_interrupts(true);
    schedule();
    int code = 0;
    while (!stop_loop_ && code >= 0 && seat_.is_open()) {
      if (!seat_.can(POE_CAP_RUN)) {
        code = seat_.step(POE_NEVER_NS);
        continue;
      }
      code = seat_.run();
      break;  // we asked it to stop, or the host's own quit ended it
    }
    guard_interrupts(false);
    running_ = false;
    reap_left();
    if (code < 0) return failure(seat_.explain(code, "run loop", "\"" + std::string(face_.loop_name()) + "\""));
  }
  if (auto left = outcome(); !left) return failure(left.error());
  return {};
}

// What a handler threw and nobody handled is reported once; the kernel can go on afterwards with a clean slate (P094).
Result<bool> KernelCore::outcome() {
  if (outcome_) return failure(*std::exchange(outcome_, std::nullopt));
  return sessions_ != 0;
}

Result<bool> KernelCore::run_one_timeslice(Duration max_wait) {
  if (auto usable = check_usable("run a time slice"); !usable) return failure(usable.error());
  if (current_ != 0 || depth_ > 0) return nested_slice(max_wait);
  if (sessions_ == 0 && queue_.empty()) {
    reap_left();
    return outcome();
  }
  if (auto loop = ensure_loop(); !loop) return failure(loop.error());
  stop_loop_ = false;
  schedule();
  single_ = true;
  const int code = seat_.step(std::max<std::int64_t>(max_wait.count(), 0));
  single_ = false;
  if (code < 0) return failure(seat_.explain(code, "step loop", "\"" + std::string(face_.loop_name()) + "\""));
  return outcome();
}

// A slice inside a handler (P039). A loop that cannot be stepped there is left alone: events and timers that are due
// run, and one poll(2) looks at the descriptors.
Result<bool> KernelCore::nested_slice(Duration max_wait) {
  if (auto loop = ensure_loop(); !loop) return failure(loop.error());
  const bool former = std::exchange(single_, true);
  int code = 0;
  if (seat_.can(POE_CAP_NESTED_STEP)) {
    schedule();
    code = seat_.step(std::max<std::int64_t>(max_wait.count(), 0));
  } else {
    std::int64_t wait = queue_.empty() ? std::max<std::int64_t>(max_wait.count(), 0) : 0;
    if (!timer_queue_.empty()) wait = std::clamp<std::int64_t>(timer_queue_.first_due() - clock(), 0, wait);
    fds_.poll(wait);
    turn(POE_TURN_NESTED);
  }
  single_ = former;
  if (code < 0) return failure(seat_.explain(code, "step loop", "\"" + std::string(face_.loop_name()) + "\""));
  return sessions_ != 0;
}

// ---- guests

Result<Guest> KernelCore::attach(const Host& host) {
  if (auto usable = check_usable("attach to a host"); !usable) return failure(usable.error());
  if (seat_.is_open() && (seat_.is_guest() || bridged_ || running_ || depth_ > 0)) {
    const bool hosted = seat_.is_guest() || bridged_;
    return failure(Errc::already_running, "attach to a host", "",
                   hosted ? "the kernel is a guest already" : "the kernel runs a loop of its own",
                   "detach it, or let run() return first");
  }
  auto choice = loops_->join(host);
  if (!choice) return failure(choice.error());
  close_seat();
  if (auto opened = open_seat(*choice); !opened) return failure(opened.error());
  ++seat_number_;
  finished_told_ = sessions_ == 0;
  stop_loop_ = false;
  return Guest(*this);
}

void KernelCore::on_host_gone() noexcept {
  log(LogLevel::warning, "the host's loop ended under us: sessions stay, nothing drives them; attach again or run()");
  forget_loop();
}

// The loop is dead, or another process's: nothing is said to it any more.
void KernelCore::forget_loop() noexcept {
  mailbox_->shut();
  fds_.forget_loop();
  seat_.abandon();
  set_asleep(true);
}

Result<void> KernelCore::has_forked() {
  if (!fork_guard_.forked()) return {};
  if (depth_ > 0 || running_) {
    return failure(Errc::already_running, "go on after a fork", "", "this is a handler: the parent's loop is below it",
                   "fork outside of run(), or exec or _exit in this child");
  }
  fork_guard_.reset();
  forget_loop();
  for (std::uint32_t i = 0; i < children_.size(); ++i) {  // they are the parent's children (P095)
    if (children_.used(i)) drop_child(i);
  }
  while (!pids_.empty()) forget_pid(pids_.begin()->first);
  for (std::uint32_t i = 0; i < awaits_.size(); ++i) {
    if (awaits_.used(i)) awaits_[i].await->forked();
  }
  broker::adopt_process();
  if (broker_seat_ >= 0) {  // the pipe is shared with the parent: make a new one
    const auto watched = os_signals_;
    leave_broker();
    for (const auto& [number, count] : watched) {
      for (int i = 0; i < count; ++i) {
        if (auto again = watch_os_signal(number); !again) return failure(again.error());
      }
    }
  }
  return {};
}

// ---- log

void KernelCore::on_log(int level, const char* text) noexcept {
  log(static_cast<LogLevel>(std::clamp(level, 0, 3)), text != nullptr ? text : "");
}

void KernelCore::log(LogLevel level, std::string_view line) noexcept {
  if (level >= options_.log->threshold()) options_.log->write(level, line);
}

}  // namespace poe
