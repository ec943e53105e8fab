// SPDX-License-Identifier: MIT
#include "socket_slot.hpp"

namespace poe {

SocketSlot::~SocketSlot() {
  if (reader_ != nullptr) end(Error(Errc::closed, "wait for a socket from", wheel_, "the wheel is gone"));
}

void SocketSlot::put(Accepted socket) {
  if (reader_ != nullptr) {
    reader_->give(std::move(socket));
  } else {
    ready_ = std::move(socket);
  }
}

void SocketSlot::fault(const Error& error) {
  if (reader_ != nullptr) {
    reader_->fail(error);
  } else if (asking_) {
    fault_ = error;
  }
}

void SocketSlot::end(Error why) {
  if (ended_) return;
  ended_ = std::move(why);
  if (reader_ != nullptr) reader_->fail(*ended_);
}

std::optional<Error> SocketSlot::why_not() const {
  if (reader_ == nullptr) return std::nullopt;
  return Error(Errc::invalid_argument, "wait for a socket from", wheel_, "another Task waits already",
               "wait in one Task, and share what it gets");
}

void SocketSlot::ask() {
  if (ready_ || ended_) return;
  asking_ = true;
  ask_();
  asking_ = false;
}

// ---- the Task's side

bool SocketAwait::begin() {
  if (slot_ == nullptr) {
    return refuse(Error(Errc::invalid_argument, "wait for a socket", "a wheel",
                        "there is none, or its sockets go to callbacks", "make it without to wait in a coroutine"));
  }
  if (auto reason = slot_->why_not()) return refuse(std::move(*reason));
  slot_->ask();
  if (auto fault = std::exchange(slot_->fault_, std::nullopt)) return refuse(std::move(*fault));
  if (slot_->ready_) {
    value_ = std::move(slot_->ready_);
    slot_->ready_.reset();
    return ended(Ending::done);
  }
  if (slot_->ended_) return refuse(*slot_->ended_);
  pend();
  slot_->reader_ = this;
  return true;
}

void SocketAwait::end() noexcept { slot_->reader_ = nullptr; }
std::string SocketAwait::describe() const { return std::string("a socket from a ") + slot_->wheel_; }

void SocketAwait::give(Accepted socket) noexcept {
  value_ = std::move(socket);
  finish(Ending::done);
}

}  // namespace poe
