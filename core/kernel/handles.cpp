// SPDX-License-Identifier: MIT
#include "poe/handles.hpp"

#include "kernel_core.hpp"

namespace poe {

Handle& Handle::operator=(Handle&& other) noexcept {
  if (this != &other) {
    const Handle former(std::move(*this));  // goes last: what it stands for may hold this one
    core_ = std::exchange(other.core_, nullptr);
    what_ = other.what_;
  }
  return *this;
}

Handle::operator bool() const noexcept { return core_ != nullptr && core_->handle_holds(*this); }

void Handle::cancel() noexcept {
  if (core_ == nullptr) return;
  if (kind() == Kind::timer) [[likely]]
    return core_->cancel_timer(*this);  // without a switch
  core_->cancel_handle(*this);
}

void Handle::detach() && noexcept {
  if (core_ == nullptr) return;
  if (kind() == Kind::timer && *this) core_->detach_timer(index());
  std::exchange(core_, nullptr)->handle_released();
}

Result<void> Timer::move_to(TimePoint due) {
  if (core_ == nullptr) return failure(Errc::cancelled, "move timer", "", "it has fired, or was cancelled");
  return core_->move_timer(*this, due.time_since_epoch().count());
}

Result<void> Timer::move_to(WallTime due) {
  if (core_ == nullptr) return failure(Errc::cancelled, "move timer", "", "it has fired, or was cancelled");
  return core_->move_to_wall(*this, due.time_since_epoch().count());
}

Result<void> Timer::restart(Duration delay) {
  if (core_ == nullptr) return failure(Errc::cancelled, "restart timer", "", "it has fired, or was cancelled");
  return move_to(saturating_add(TimePoint(Duration(core_->clock())), delay));
}

std::optional<TimePoint> Timer::due() const noexcept {
  if (!*this) return std::nullopt;
  return TimePoint(Duration(core_->timer_due(index())));
}

void Watch::pause(std::uint32_t events) noexcept {
  if (*this) core_->pause_watch(index(), events);
}

void Watch::resume(std::uint32_t events) noexcept {
  if (*this) core_->resume_watch(index(), events);
}

void ChildWatch::reap_always() noexcept {
  if (*this && core_->is_unreaped(core_->children_[index()].pid)) core_->reap_always(index());
}

bool ChildWatch::is_unreaped(std::int64_t pid) const noexcept { return core_ != nullptr && core_->is_unreaped(pid); }

// ---- the kernel's side

bool KernelCore::handle_holds(const Handle& handle) const noexcept {
  const std::uint32_t index = handle.index();
  const std::uint32_t generation = handle.generation();
  switch (handle.kind()) {
    case Handle::Kind::timer:
      return timers_.holds(index, generation) && timers_.tag(index).is_to_fire();
    case Handle::Kind::watch:
      return watches_.holds(index, generation) && !watches_[index].dead;
    case Handle::Kind::signal:
      return signals_.holds(index, generation);
    case Handle::Kind::child:
      return children_.holds(index, generation);
    case Handle::Kind::alias:
      return aliases_.holds(index, generation);
    case Handle::Kind::extra:
      return extras_.holds(index, generation);
  }
  return false;
}

void KernelCore::cancel_handle(Handle& handle) noexcept {
  const bool holds = handle_holds(handle);
  const Handle::Kind kind = handle.kind();
  const std::uint32_t index = handle.index();
  handle.core_ = nullptr;  // first: what is dropped may be what holds the handle
  if (holds) drop_resource(kind, index);
  handle_released();
}

void KernelCore::drop_resource(Handle::Kind kind, std::uint32_t index) noexcept {
  switch (kind) {
    case Handle::Kind::timer:
      drop_timer(index);
      break;
    case Handle::Kind::watch:
      drop_watch(index);
      break;
    case Handle::Kind::signal:
      drop_signal(index);
      break;
    case Handle::Kind::child:
      drop_child(index);
      break;
    case Handle::Kind::alias:
      drop_alias(index);
      break;
    case Handle::Kind::extra:
      drop_extra(index);
      break;
  }
}

void KernelCore::handle_released() noexcept {
  if (--handles_ == 0 && retired_) delete this;
}

}  // namespace poe
