// SPDX-License-Identifier: MIT
//
// The side of co_await in wheels that give sockets: one place for a socket that waits for its Task, one for the Task
// that waits for a socket.
#pragma once

#include <optional>
#include <utility>

#include "poe/error.hpp"
#include "poe/fn.hpp"
#include "poe/wheels/socket_awaits.hpp"

namespace poe {

/// Loop thread. Dropping it ends the wait of its Task with error `closed`.
class SocketSlot {
 public:
  /// @param wheel  "SocketFactory", for messages; static storage
  /// @param ask    called when a Task wants a socket; may put() one, or a fault, before it returns
  SocketSlot(const char* wheel, Fn<void()> ask) : wheel_(wheel), ask_(std::move(ask)) {}
  SocketSlot(const SocketSlot&) = delete;
  SocketSlot& operator=(const SocketSlot&) = delete;
  ~SocketSlot();

  /// Whether a socket would be taken now.
  bool wanted() const noexcept { return asking_ || reader_ != nullptr; }
  void put(Accepted socket);
  /// One wait ends with it; more sockets may come.
  void fault(const Error& error);
  /// No more will come: every wait ends with `why`, once what is here was taken. The first reason stays.
  void end(Error why);

 private:
  friend class SocketAwait;
  std::optional<Error> why_not() const;
  void ask();

  const char* wheel_;
  Fn<void()> ask_;
  SocketAwait* reader_ = nullptr;
  std::optional<Accepted> ready_{};
  std::optional<Error> fault_{};  // of the call of ask_
  std::optional<Error> ended_{};
  bool asking_ = false;
};

}  // namespace poe
