// SPDX-License-Identifier: MIT
//
// The pinned part of a DatagramSocket. The handle points here and may move; whatever calls back keeps this alive until
// it returns.
#pragma once

#include <cstdint>
#include <deque>
#include <list>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "poe/wheels/datagram.hpp"
#include "poe/wheels/datagram_awaits.hpp"
#include "replaceable.hpp"
#include "wait_list.hpp"

namespace poe {

/// What is said to who uses a handle that holds no socket.
inline Error no_datagram_socket(const char* operation) {
  return {Errc::closed, operation, "a DatagramSocket", "it is empty: moved from or never made"};
}

class DatagramSocket::State : public std::enable_shared_from_this<State> {
 public:
  /// Takes the callbacks out of `options`.
  State(Self& self, DatagramOptions& options);
  State(const State&) = delete;
  State& operator=(const State&) = delete;

  /// Second half of the making, which needs shared_from_this().
  void begin(DatagramOptions& options);
  /// The handle is gone: nothing is delivered from here on, the socket is closed.
  void close();

  Result<Sent> put(std::string_view bytes, const SocketAddress& peer);
  void pause() noexcept;
  void resume() noexcept;
  void take_datagrams(Fn<void(std::string_view, const SocketAddress&)> callback);

  Result<void> join(const SocketAddress& group, std::string_view interface, const SocketAddress& source);
  Result<void> leave(const SocketAddress& group, std::string_view interface, const SocketAddress& source);
  Result<void> set_multicast_ttl(int hops);
  Result<void> set_multicast_loopback(bool on);
  Result<void> set_multicast_interface(std::string_view interface);
  Result<void> set_broadcast(bool on);

  const Fd& socket() const noexcept { return socket_; }
  const SocketAddress& remote() const noexcept { return remote_; }
  std::size_t queued() const noexcept { return queue_.size(); }
  std::size_t queued_octets() const noexcept { return queued_octets_; }
  std::uint64_t dropped() const noexcept { return dropped_; }
  /// Why there is no socket.
  Error why_closed(const char* operation) const;

  // ---- for those who wait in coroutines, datagram_awaits.cpp
  std::optional<Error> why_no_receive() const;
  /// One, or why there is none; nothing: wait for it. After why_no_receive().
  std::optional<Result<Datagram>> take_now();
  void await_datagram(DatagramAwait& reader);
  void forget_reader() noexcept { reader_ = nullptr; }
  const std::optional<Error>& why_no_output() const noexcept { return dead_; }
  void await_sent(DatagramsSent& waiter) { senders_.add(waiter); }
  void forget_sent(DatagramsSent& waiter) noexcept { senders_.remove(waiter); }

  Replaceable<std::string_view, const SocketAddress&> on_datagram;
  Replaceable<const Error&> on_error;
  Replaceable<> on_flushed;

 private:
  struct Waiting {
    Waiting(std::string_view what, const SocketAddress& to) : bytes(what), peer(to) {}
    std::string bytes;
    SocketAddress peer;
  };
  /// One that was received; the view lies in the room it was received into.
  struct Received {
    std::string_view bytes{};
    SocketAddress peer{};
  };
  using Arrival = std::optional<Result<Received>>;  // none: nothing is there

  bool is_heard() const noexcept { return !closed_ && !self_.stop_requested(); }
  void on_ready(std::uint32_t ready);
  /// There is no socket, or nothing can come of it any more. Whoever waits hears why; if nobody does, and `tell`,
  /// on_error.
  void end(Error error, bool tell = true);
  std::string own_name() const;

  // ---- input, datagram_input.cpp
  bool wants() const noexcept { return !paused_ && !resting_ && socket_ && (on_datagram || reader_ != nullptr); }
  void update() noexcept;
  void read_turn();
  void read_batch(std::span<char> room);
  template <class F>
  void with_room(F f) const;
  Arrival take(std::span<char> room);
  Result<Received> received(std::span<char> room, std::size_t size, const poe_message& message) const;
  Error receive_failed(int number);
  void deliver(const Result<Received>& arrival);
  void rest();
  SocketAddress refused_peer();
  void forget_refusals();

  // ---- output, datagram_output.cpp
  std::optional<Error> wrong_peer(const SocketAddress& peer) const;
  bool must_wait(const SocketAddress& peer) const;
  bool has_room(std::size_t octets) const noexcept;
  /// Whether the loop cannot tell when to try again, because each peer has a queue of its own (unix(7)).
  bool waits_by_peer() const noexcept;
  std::int64_t send_once(std::string_view bytes, const SocketAddress& peer) const;
  std::int64_t send(std::string_view bytes, const SocketAddress& peer);
  Error send_error(int number, std::size_t octets, const SocketAddress& peer) const;
  Result<Sent> enqueue(std::string_view bytes, const SocketAddress& peer);
  void make_room(std::size_t octets);
  void drop_front();
  void wait_for_system();
  void send_waiting(bool ready);
  void send_pass();
  void note_late(Error error);
  void report_later();
  void report();

  Self& self_;
  Fd socket_{};  // before watch_: closed after it (P102)
  Watch watch_{};
  Timer rest_{};
  Timer retry_{};
  SocketAddress remote_{};
  std::list<Waiting> queue_{};
  std::deque<Error> late_{};  // to be told
  std::optional<Error> dead_{};
  DatagramAwait* reader_ = nullptr;
  WaitList<DatagramsSent> senders_{};

  std::size_t max_size_;
  std::size_t max_queued_;
  std::size_t max_octets_;
  std::size_t queued_octets_ = 0;
  std::uint64_t dropped_ = 0;
  std::uint32_t per_turn_;
  std::uint32_t left_;  // of per_turn_, for receiving
  int family_ = 0;
  WhenFull when_full_;
  bool peer_errors_;
  bool closed_ = false;
  bool paused_ = false;      // by the user
  bool resting_ = false;     // after an error of the system's own
  bool delivering_ = false;  // a batch is on the stack
  bool nested_ = false;      // a nested timeslice found us readable while delivering
  bool writable_wanted_ = false;
  bool stalled_ = false;    // the loop's readiness to write led to nothing
  bool unflushed_ = false;  // something has waited since the last on_flushed
  bool reporting_ = false;  // a report is queued
};

}  // namespace poe
