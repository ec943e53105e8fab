// SPDX-License-Identifier: MIT
//
// Acceptor: takes connections from a listening socket: what SocketFactory and ListenAccept share. Held by a shared_ptr;
// whoever calls back holds another one, so that the wheel may be dropped in its own callback.
#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>

#include "poe/error.hpp"
#include "poe/fd.hpp"
#include "poe/fn.hpp"
#include "poe/session.hpp"
#include "poe/time.hpp"
#include "poe/wheels/socket_address.hpp"
#include "replaceable.hpp"

namespace poe {

/// Loop thread.
class Acceptor : public std::enable_shared_from_this<Acceptor> {
 public:
  using OnAccept = Fn<void(Fd, SocketAddress)>;
  using OnError = Fn<void(const Error&)>;

  /// Connections taken in one go; the others wait for the next turn, so that nobody else starves.
  static constexpr int kBatch = 16;
  /// How long accepting rests after an error: the loop would report the same connection at once, for ever (R53).
  static constexpr Duration kRest = std::chrono::milliseconds(100);
  /// Errors are reported at most once in this time.
  static constexpr Duration kReportInterval = std::chrono::seconds(1);

  /// @param wanted  asked before each connection is taken, and until ask() whenever there are some; empty: always
  Acceptor(Self& self, Fd listener, OnAccept on_accept, OnError on_error, Fn<bool()> wanted = {});
  Acceptor(const Acceptor&) = delete;
  Acceptor& operator=(const Acceptor&) = delete;

  /// Begins to watch. Errors: what the loop says.
  Result<void> start();
  /// Ends for good and closes the socket; nothing is called any more.
  void close() noexcept;

  /// A connection is wanted: takes one now, if there is one and kBatch were not taken this way since the loop was last
  /// asked; else when it comes.
  void ask();

  void pause() noexcept;
  void resume() noexcept;

  /// Calls on_error, unless closed.
  void report(const Error& error) const {
    if (listener_) on_error_(error);
  }

  void set_on_accept(OnAccept callback) { on_accept_.set(std::move(callback)); }
  void set_on_error(OnError callback) { on_error_.set(std::move(callback)); }
  const Fd& listener() const noexcept { return listener_; }
  Result<SocketAddress> local_address() const;

 private:
  enum class Step : std::uint8_t { taken, aborted, over };
  void accept_batch();
  Step accept_one();
  bool deliver(int fd, const SocketAddress& peer);
  void failed(int number);
  void rest();
  void update() noexcept;
  std::string where() const;

  Self& self_;
  Fd listener_;  // before watch_: closed after it (P102)
  Watch watch_{};
  Timer rest_{};
  Replaceable<Fd, SocketAddress> on_accept_;
  Replaceable<const Error&> on_error_;
  Fn<bool()> wanted_;
  std::optional<TimePoint> reported_{};
  int asked_ = 0;         // connections taken by ask() since the loop told of some
  bool paused_ = false;   // by the user
  bool resting_ = false;  // after an error
};

/// What a bound socket is bound to; `subject` for the error.
Result<SocketAddress> bound_address(const Fd& socket, const std::string& subject);

}  // namespace poe
