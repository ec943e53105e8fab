// SPDX-License-Identifier: MIT
#include "poe/scope.hpp"

#include <stdexcept>
#include <utility>

#include "kernel_core.hpp"

namespace poe {

Scope::Scope(Self& self) noexcept : core_(&self.core()), session_(self.id()) {}

Scope::~Scope() {
  if (waiting_ != nullptr) waiting_->scope_gone();
  while (first_run_ != kNone) core_->drop_run(first_run_);
  if (thrown_) core_->raise_from_task(std::move(thrown_), session_.bits);
}

void Scope::start(Task<> task) {
  if (!task || !core_->alive(session_)) return;
  const auto frame = std::move(task).release();
  const std::uint32_t index = core_->add_run(session_, frame.address(), frame.promise());
  RunNode& run = core_->runs_[index];
  run.scope = this;
  run.number = launched_++;
  run.cancelled = cancelled_;
  run.in_scope = {kNone, first_run_};
  if (first_run_ != kNone) core_->runs_[first_run_].in_scope.previous = index;
  first_run_ = index;
  ++running_;
  if (auto thrown = core_->begin_run(index)) core_->raise_from_task(std::move(thrown), session_.bits);
}

void Scope::cancel() noexcept {
  cancelled_ = true;
  for (std::uint32_t run = first_run_; run != kNone; run = core_->runs_[run].in_scope.next) {
    core_->cancel_run(core_->runs_[run]);
  }
}

void Scope::forget(std::uint32_t run) noexcept {
  const Links links = core_->runs_[run].in_scope;
  (links.previous != kNone ? core_->runs_[links.previous].in_scope.next : first_run_) = links.next;
  if (links.next != kNone) core_->runs_[links.next].in_scope.previous = links.previous;
  --running_;
}

void Scope::ended(std::uint32_t number, std::exception_ptr thrown) noexcept {
  if (!winner_) winner_ = number;
  const bool failed = thrown != nullptr;
  if (failed && !thrown_) thrown_ = std::move(thrown);
  if (failed || racing_) cancel();
  if (running_ != 0 || waiting_ == nullptr) return;
  // A session that stops ends its awaits itself.
  if (!core_->is_stopping(session_.bits)) waiting_->finish(ScopeAwait::Ending::done);
}

// ---- ScopeAwait

bool ScopeAwait::begin() {
  if (scope_->waiting_ != nullptr) throw std::logic_error("poe: two Tasks wait for one scope");
  if (scope_->running_ == 0) return ended(Ending::done);
  pend();
  scope_->waiting_ = this;
  return true;
}

void ScopeAwait::end() noexcept {
  if (scope_ != nullptr) scope_->waiting_ = nullptr;
}

std::string ScopeAwait::describe() const {
  return scope_ == nullptr ? "a scope" : std::to_string(scope_->running_) + " tasks of a scope";
}

void ScopeAwait::scope_gone() noexcept {
  fail(Error(Errc::closed, "wait for", "a scope", "it is gone"));
  scope_ = nullptr;
}

}  // namespace poe
