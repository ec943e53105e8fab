// SPDX-License-Identifier: MIT
// One direction of a byte stream: a bounded buffer between a writer and a reader. Bytes, the end and a reset travel
// in order, at once on one machine (pipes, Unix sockets) or with a seeded delay over the network (TCP).
#pragma once

#include <cstddef>
#include <deque>
#include <memory>
#include <string>

#include "byte_queue.hpp"
#include "environment.hpp"
#include "parts.hpp"

namespace poe::sim {

enum class Travel { kAtOnce, kDelayed };

class Channel : public std::enable_shared_from_this<Channel> {
 public:
  Channel(Environment& environment, Travel travel, size_t capacity)
      : environment_(environment), travel_(travel), capacity_(capacity) {}

  // The writer's side.
  size_t room() const;
  void set_capacity(size_t bytes) { capacity_ = bytes; }
  /// Sends the first `size` bytes of `from`; `size` is at most room().
  void send(const Parts& from, size_t size);
  /// No more bytes will come.
  void finish();
  /// The writer broke the connection off.
  void reset();
  /// The writer knows that nobody will read what it sends; over the network it learns so only by a reset.
  bool reader_gone() const { return reader_gone_ && travel_ == Travel::kAtOnce; }
  /// Room enough to be worth reporting as writable.
  bool roomy() const { return room() * 4 >= capacity_; }

  // The reader's side.
  size_t available() const { return arrived_.size(); }
  size_t take(const Parts& into, size_t limit, bool peek) { return arrived_.take(into, limit, peek); }
  bool ended() const { return ended_; }
  /// 0, or the errno by which the other end's breaking off shows.
  int reset_error() const { return reset_error_; }
  /// The reader takes no more than what has arrived.
  void refuse() { reader_gone_ = true; }
  /// The reader goes away: what is here and what still comes is lost.
  void abandon();

  /// The other direction of the same connection: bytes that reach a reader who is gone are answered with a reset on
  /// it. Without one they just vanish.
  void answer_on(const std::shared_ptr<Channel>& reverse) { reverse_ = reverse; }
  /// Nothing sent from now on arrives before `time`.
  void not_before(int64_t time) { last_arrival_ = time; }

 private:
  enum class What { kBytes, kEnd, kReset };
  struct Item {
    What what;
    std::string bytes;
  };
  void dispatch(What what, std::string bytes);
  void arrive(const Item& item);
  void arrive_bytes(const std::string& bytes);

  Environment& environment_;
  Travel travel_;
  size_t capacity_;
  size_t travelling_ = 0;  // bytes
  int64_t last_arrival_ = 0;
  std::deque<Item> on_the_way_;
  ByteQueue arrived_;
  std::weak_ptr<Channel> reverse_;
  int reset_error_ = 0;
  bool finished_ = false;
  bool reset_sent_ = false;
  bool ended_ = false;
  bool reader_gone_ = false;
};

}  // namespace poe::sim
