// SPDX-License-Identifier: MIT
//
// The handlers that messages go to on the peers' side. Each takes a sender, which the library provides: enroll(handler)
// gives its address, send(address, value) reaches it. Calls are virtual, because a program has many kinds of handlers.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "../work.hpp"

namespace poe::bench {

class Receiver {
 public:
  virtual ~Receiver() = default;
  virtual void receive(std::uint64_t left) = 0;
};

/// Passes each message on, to itself or to the next of a ring, until it has made its hops.
template <class Sender>
class Hopper final : public Receiver {
 public:
  using Address = typename Sender::Address;
  explicit Hopper(Sender& sender) : sender_(sender), address_(sender.enroll(this)), next_(address_) {}
  Address address() const { return address_; }
  void set_next(Address next) { next_ = next; }
  void receive(std::uint64_t left) override {
    if (left > 1) sender_.send(next_, left - 1);
  }

 private:
  Sender& sender_;
  Address address_;
  Address next_;
};

/// `size` hoppers in a ring; one alone sends to itself.
template <class Sender>
class Hoppers {
 public:
  Hoppers(Sender& sender, unsigned size) {
    for (unsigned i = 0; i < size; ++i) all_.push_back(std::make_unique<Hopper<Sender>>(sender));
    for (unsigned i = 0; i < size; ++i) all_[i]->set_next(all_[(i + 1) % size]->address());
  }
  /// One message to each.
  void start(Sender& sender, std::uint64_t hops_each) {
    for (auto& one : all_) sender.send(one->address(), hops_each);
  }

 private:
  std::vector<std::unique_ptr<Hopper<Sender>>> all_;
};

/// Takes a message's text and says whether to send the next.
class Reader {
 public:
  explicit Reader(std::uint64_t count) : left_(count) {}
  bool receive(const std::string& text) {
    octets_ += text.size();
    return --left_ != 0;
  }

 private:
  std::uint64_t left_;
  std::size_t octets_ = 0;
};

/// An int and a string that owns memory, and who is to get them.
struct Letter {
  Letter() = default;
  Letter(Reader* reader, int n) : to(reader), number(n), text(kText) {}
  Reader* to = nullptr;
  int number = 0;
  std::string text{};
};

/// Sends a letter over a queue that takes callables, and the next one when it has come.
template <class Queue>
void send_letter(Queue& queue, Reader* to, int number) {
  queue.push([&queue, letter = Letter(to, number)] {
    if (letter.to->receive(letter.text)) send_letter(queue, letter.to, letter.number + 1);
  });
}

/// A sender of Hopper over such a queue, to receivers that live as long as the program.
template <class Queue>
class QueueSender {
 public:
  using Address = Receiver*;
  explicit QueueSender(Queue& queue) : queue_(queue) {}
  Address enroll(Receiver* receiver) { return receiver; }
  void send(Address to, std::uint64_t left) {
    queue_.push([to, left] { to->receive(left); });
  }

 private:
  Queue& queue_;
};

/// The same to receivers that may end before the message comes: it is dropped then. Addresses are checked by
/// generation, which costs less than a shared_ptr.
template <class Queue>
class CheckedSender {
 public:
  struct Address {
    std::uint32_t place;
    std::uint32_t generation;
  };
  explicit CheckedSender(Queue& queue) : queue_(queue) {}
  Address enroll(Receiver* receiver) {
    places_.push_back({receiver, 1});
    return {static_cast<std::uint32_t>(places_.size() - 1), 1};
  }
  void send(Address to, std::uint64_t left) {
    queue_.push([this, to, left] {
      const Place& place = places_[to.place];
      if (place.generation == to.generation) place.receiver->receive(left);
    });
  }

 private:
  struct Place {
    Receiver* receiver;
    std::uint32_t generation;
  };
  Queue& queue_;
  std::vector<Place> places_;
};

}  // namespace poe::bench
