// SPDX-License-Identifier: MIT
#include "poe/awaits.hpp"

#include <tuple>
#include <utility>

#include "internal_events.hpp"
#include "kernel_core.hpp"

namespace poe {

bool Await::suspend(TaskRun& run, void* frame) {
  run_ = &run;
  frame_ = frame;
  if (!run.cancelled && !core().is_stopping(run.session)) return begin();
  ending_ = Ending::cancelled;
  return core().refuse_await(run);
}

void Await::pend() {
  KernelCore& kernel = core();
  index_ = kernel.awaits_.add(AwaitNode{run_->session, this});
  kernel.link(kernel.awaits_, &Cold::awaits, index_);
  kernel.add_reference(session().slot());
  run_->await = index_;
  if (limit_ == INT64_MAX && !limit_is_time_) return;
  if (!kernel.seat_.is_open()) kernel.try_loop();
  const std::int64_t now = limit_is_time_ ? 0 : kernel.clock();
  const std::int64_t due = saturating_add(TimePoint(Duration(now)), Duration(limit_)).time_since_epoch().count();
  std::tuple<std::uint32_t, std::uint32_t> payload{index_, generation()};
  const bool at_once = !limit_is_time_ && limit_ == 0;
  timer_ = at_once ? kernel.start_fifo_timer(session(), internal::await_due, &payload)
                   : kernel.start_timer(session(), due, internal::await_due, &payload);
}

std::uint32_t Await::generation() const noexcept { return core().awaits_.generation(index_); }

// Withdraws what could end it. False: it has ended already.
bool Await::conclude(Ending how) noexcept {
  if (!pending()) return false;
  ending_ = how;
  end();
  timer_.cancel();
  return true;
}

void Await::finish(Ending how) noexcept {
  if (!conclude(how)) return;
  KernelCore& kernel = core();
  const std::uint64_t to = run_->session;
  kernel.sent(*kernel.queue_.push(internal::go_on, to, SessionId{to}.slot(), [&](void* at) {
    Payload<std::uint32_t, std::uint32_t>::construct(at, index_, generation());
  }));
}

void Await::finish_now(Ending how) {
  if (!conclude(how)) return;
  KernelCore& kernel = core();
  const std::uint64_t session = run_->session;
  if (auto thrown = kernel.resume_await(*this)) kernel.raise_from_task(std::move(thrown), session);
}

void Await::due() { finish_now(at_limit_); }

bool Await::refuse(Error error) noexcept {
  if (index_ != kNowhere) leave();
  error_ = std::move(error);
  return ended(Ending::failed);
}

// Its frame goes, or it was refused.
void Await::leave() noexcept {
  conclude(Ending::cancelled);
  unregister();
}

void Await::unregister() noexcept {
  KernelCore& kernel = core();
  kernel.unlink(kernel.awaits_, &Cold::awaits, index_);
  kernel.awaits_.remove(std::exchange(index_, kNowhere));
  run_->await = kNowhere;
  if (kernel.alive(session())) kernel.drop_reference(session().slot());
}

Error Await::error() const {
  if (ending_ == Ending::failed) return *error_;
  if (ending_ == Ending::timed_out) return Error(Errc::timed_out, "wait for", describe(), "nothing came of it in time");
  return Error(Errc::cancelled, "wait for", describe(),
               run_ != nullptr && run_->cancelled ? "the scope was cancelled" : "the session stops");
}

// ---- Sleep

bool Sleep::begin() {
  const bool at_once = limit_ == 0 && !limit_is_time_;
  if (at_once) limit_ = INT64_MAX;  // an event, not a timer
  pend();
  if (at_once) finish(Ending::done);
  return true;
}

std::string Sleep::describe() const {
  const auto due = timer_.due();
  if (!due) return "sleep";
  const std::int64_t left = due->time_since_epoch().count() - core().clock();
  return "sleep for " + std::to_string(left / 1'000'000) + " ms more";
}

// ---- ChildExit

bool ChildExit::begin() {
  pend();
  auto watch = core().add_child(session(), pid_, [this](const ExitStatus& status) {
    value_ = status;
    finish_now(Ending::done);
  });
  if (!watch) return refuse(watch.error());
  watch_ = std::move(*watch);
  return true;
}

void ChildExit::forked() noexcept {
  fail(Error(Errc::forked, "wait for", describe(), "it is a child of the process that has forked"));
}

std::string ChildExit::describe() const { return "exit of child process " + std::to_string(pid_); }

// ---- NextSignal

bool NextSignal::begin() {
  pend();
  const auto told = [kernel = &core(), at = index(), generation = generation()](const Signal& signal) {
    kernel->signal_awaited(at, generation, signal);
  };
  auto watch = core().add_signal(session(), name_, told, true);
  if (!watch) return refuse(watch.error());
  watch_ = std::move(*watch);
  return true;
}

std::string NextSignal::describe() const { return "signal \"" + name_ + "\""; }

// It goes on from the queue, not within the signal's round: others shall hear of the signal first, and what the Task
// does next is no part of handling it.
void KernelCore::signal_awaited(std::uint32_t index, std::uint32_t generation, const Signal& signal) {
  if (!awaits_.holds(index, generation)) return;
  auto& await = static_cast<NextSignal&>(*awaits_[index].await);
  if (!await.pending()) return;
  signal.handled();
  await.value_.emplace(signal);
  await.finish(Await::Ending::done);
}

// ---- Readiness

bool Readiness::begin() {
  pend();
  const auto told = [this](std::uint32_t ready) {
    value_ = ready;
    finish_now(Ending::done);
  };
  auto watch = core().add_watch(session(), fd_, interest_, told, false);
  if (!watch) return refuse(watch.error());
  watch_ = std::move(*watch);
  return true;
}

std::string Readiness::describe() const {
  return "descriptor " + std::to_string(fd_) + (interest_ == POE_READ ? " to read" : " to write");
}

}  // namespace poe
