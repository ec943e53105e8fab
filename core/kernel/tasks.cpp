// SPDX-License-Identifier: MIT
//
// Tasks as part of sessions: how a run is started, resumed and ended. A run goes on in a loop of its own, never by
// one coroutine resuming another, so the stack does not grow with what is awaited.
#include "poe/task.hpp"

#include <cxxabi.h>

#include <utility>

#include "internal_events.hpp"
#include "kernel_core.hpp"
#include "poe/scope.hpp"

namespace poe {

void TaskPromise::unhandled_exception() {
  try {
    throw;
  } catch (const abi::__forced_unwind&) {  // the thread is being cancelled
    throw;
  } catch (...) {
    thrown_ = std::current_exception();
  }
}

// ---- starting

void Self::launch(Task<> task) { start_task(core(), id_, std::move(task)); }

void Self::launch_body(Task<> body) {
  const auto frame = std::move(body).release();
  const std::uint32_t index = core().add_run(id_, frame.address(), frame.promise());
  core().runs_[index].body = true;
  if (auto thrown = core().begin_run(index)) std::rethrow_exception(thrown);  // as from a `_start` (P062)
}

void start_task(KernelCore& core, SessionId session, Task<> task) {
  if (!task || !core.alive(session)) return;
  const auto frame = std::move(task).release();
  const std::uint32_t index = core.add_run(session, frame.address(), frame.promise());
  if (auto thrown = core.begin_run(index)) core.raise_from_task(std::move(thrown), session.bits);
}

const void* Self::stop_source() const {
  const auto [found, fresh] = core().stop_sources_.try_emplace(id_.slot());
  if (fresh && core().is_stopping(id_.bits)) found->second.request_stop();
  return &found->second;
}

std::uint32_t KernelCore::add_run(SessionId id, void* frame, TaskPromise& promise) {
  const std::uint32_t index = runs_.add();
  RunNode& run = runs_[index];
  run.core = this;
  run.session = id.bits;
  run.frame = frame;
  run.promise = &promise;
  run.index = index;
  promise.set_run(run);
  link(runs_, &Cold::runs, index);
  return index;
}

std::exception_ptr KernelCore::begin_run(std::uint32_t index) {
  RunNode& run = runs_[index];
  const std::uint32_t slot = SessionId{run.session}.slot();
  if (slot == current_) return resume_run(index, run.frame);
  const Entered as(*this, slot, slot, &internal::task);
  return resume_run(index, run.frame);
}

// ---- running

// Returns what its end has thrown, if that is nobody else's to report.
std::exception_ptr KernelCore::resume_run(std::uint32_t index, void* frame) {
  RunNode& run = runs_[index];
  run.next = frame;
  run.running = true;
  while (void* const at = std::exchange(run.next, nullptr)) std::coroutine_handle<>::from_address(at).resume();
  run.running = false;
  return run.finished || run.doomed ? settle_run(index) : nullptr;
}

std::exception_ptr KernelCore::settle_run(std::uint32_t index) {
  const RunNode& run = runs_[index];
  const SessionId id{run.session};
  const std::uint32_t number = run.number;
  const bool body = run.body;
  Scope* const scope = run.scope;
  std::exception_ptr thrown = run.promise->take_exception();
  drop_run(index);
  if (scope != nullptr) {
    scope->ended(number, std::move(thrown));
    return nullptr;
  }
  // Behind what the body has posted, which a session's forced end would drop.
  if (body && alive(id)) sent(*queue_.push(internal::body_ended, id.bits, id.slot(), [](void*) {}));
  return thrown;
}

void KernelCore::drop_run(std::uint32_t index) noexcept {
  RunNode& run = runs_[index];
  if (run.scope != nullptr) std::exchange(run.scope, nullptr)->forget(index);
  if (run.running) {
    run.doomed = true;  // destroyed when it has suspended
    return;
  }
  // While the await is whole: in its base's destructor end() would no longer be the derived one's.
  if (run.await != kNone) awaits_[run.await].await->conclude(Await::Ending::cancelled);
  unlink(runs_, &Cold::runs, index);
  std::coroutine_handle<>::from_address(run.frame).destroy();
  runs_.remove(index);
}

void KernelCore::cancel_run(RunNode& run) noexcept {
  run.cancelled = true;
  if (run.await != kNone) awaits_[run.await].await->finish(Await::Ending::cancelled);
}

void KernelCore::raise_from_task(std::exception_ptr thrown, std::uint64_t session) noexcept {
  raise_die(std::move(thrown), SessionId{session}.slot(), internal::task);
}

// ---- awaits

std::exception_ptr KernelCore::resume_await(Await& await) {
  const auto& run = static_cast<const RunNode&>(*await.run_);
  void* const frame = await.frame_;
  await.unregister();
  return resume_run(run.index, frame);
}

void KernelCore::go_on(std::uint32_t index, std::uint32_t generation) {
  if (!awaits_.holds(index, generation)) return;
  const std::uint64_t session = awaits_[index].session;
  if (auto thrown = resume_await(*awaits_[index].await)) raise_from_task(std::move(thrown), session);
}

void KernelCore::await_due(std::uint32_t index, std::uint32_t generation) {
  if (awaits_.holds(index, generation)) awaits_[index].await->due();
}

// True: it shall suspend after all. A body that takes no notice and awaits for ever is not heard for ever.
bool KernelCore::refuse_await(TaskRun& run) {
  constexpr std::uint16_t kPatience = 1000;
  if (++run.refused < kPatience) return false;
  run.doomed = true;
  log(LogLevel::warning, "a task of " + describe(SessionId{run.session}) +
                             " was destroyed where it stood: it went on awaiting after 1000 times `cancelled`");
  return true;
}

// The session stops: each await ends now, in the order they began; those that have ended go on with what they got.
void KernelCore::end_awaits(std::uint32_t slot) {
  std::vector<std::pair<std::uint32_t, std::uint32_t>> all;
  for (std::uint32_t a = cold_[slot].awaits; a != kNone; a = awaits_[a].links.next) {
    all.emplace_back(a, awaits_.generation(a));
  }
  const Entered as(*this, slot, 0, &stop);
  for (auto at = all.rbegin(); at != all.rend(); ++at) {
    if (!awaits_.holds(at->first, at->second)) continue;
    Await& await = *awaits_[at->first].await;
    await.conclude(Await::Ending::cancelled);
    if (auto thrown = resume_await(await)) std::rethrow_exception(thrown);
  }
}

}  // namespace poe
