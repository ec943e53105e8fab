// SPDX-License-Identifier: MIT
#include "mailbox.hpp"

#include <utility>

namespace poe {

Letter::Letter(SessionId to, const EventKey& event, void* payload) : to_(to), event_(&event) {
  if (event.ops->size > kRoom) box_ = std::make_unique_for_overwrite<std::byte[]>(event.ops->size);
  event.ops->relocate(payload, this->payload());
}

Letter::Letter(Letter&& other) noexcept
    : to_(other.to_), event_(std::exchange(other.event_, nullptr)), box_(std::move(other.box_)) {
  if (event_ != nullptr && !box_) event_->ops->relocate(other.small_, small_);
}

Letter::~Letter() {
  if (event_ != nullptr && event_->ops->destroy != nullptr) event_->ops->destroy(payload());
}

void Letter::unpack(void* at) noexcept { std::exchange(event_, nullptr)->ops->relocate(payload(), at); }

Result<void> Mailbox::put(Letter letter) {
  const std::lock_guard lock(mutex_);
  if (core_.load(std::memory_order_relaxed) == nullptr) {
    return failure(Errc::closed, "post", letter.event() != nullptr ? letter.event()->name : "",
                   "the kernel of that address is gone");
  }
  const bool first = letters_.empty();
  letters_.push_back(std::move(letter));
  waiting_.store(true, std::memory_order_release);
  if (first && wake_) wake_();
  return {};
}

KernelCore* Mailbox::here() const noexcept {
  KernelCore* core = core_.load(std::memory_order_acquire);
  return core != nullptr && thread_.load(std::memory_order_acquire) == std::this_thread::get_id() ? core : nullptr;
}

void Mailbox::take(std::vector<Letter>& into) {
  into.clear();
  const std::lock_guard lock(mutex_);
  waiting_.store(false, std::memory_order_relaxed);
  letters_.swap(into);
}

void Mailbox::open(std::function<void()> wake) {
  const std::lock_guard lock(mutex_);
  wake_ = std::move(wake);
  if (!letters_.empty()) wake_();
}

void Mailbox::shut() {
  const std::lock_guard lock(mutex_);
  wake_ = nullptr;
}

void Mailbox::end() {
  std::vector<Letter> rest;
  {
    const std::lock_guard lock(mutex_);
    core_.store(nullptr, std::memory_order_release);
    wake_ = nullptr;
    rest = std::exchange(letters_, {});
  }
  // Destroyed here, outside the lock: an argument may be a Postback, whose destructor comes back to us.
}

}  // namespace poe
