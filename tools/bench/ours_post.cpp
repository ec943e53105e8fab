// SPDX-License-Identifier: MIT
//
// Posting: one session to itself, a thousand sessions in a ring, and a message that owns memory.
#include <string>
#include <vector>

#include "ours.hpp"
#include "work.hpp"

namespace poe::bench {

namespace {

inline constexpr Event<std::uint64_t> kHop{"hop"};  // how many are left
inline constexpr Event<int, std::string> kMessage{"message"};

class SelfPoster : public Session {
 public:
  SelfPoster(Birth birth, std::uint64_t count) : Session(std::move(birth)), count_(count) {}
  static void handlers(Handlers<SelfPoster>& h) { h.on(start, &SelfPoster::begin).on(kHop, &SelfPoster::hop); }

 private:
  void begin() { yield(kHop, count_); }
  void hop(std::uint64_t left) {
    if (left > 1) yield(kHop, left - 1);
  }
  std::uint64_t count_;
};

class RingMember : public Session {
 public:
  RingMember(Birth birth, std::uint64_t hops) : Session(std::move(birth)), hops_(hops) {}
  static void handlers(Handlers<RingMember>& h) { h.on(start, &RingMember::begin).on(kHop, &RingMember::hop); }
  void set_next(SessionId next) { next_ = next; }

 private:
  void begin() { yield(kHop, hops_); }
  void hop(std::uint64_t left) {
    if (left > 1) static_cast<void>(post(next_, kHop, left - 1));
  }
  std::uint64_t hops_;
  SessionId next_;
};

class PayloadPoster : public Session {
 public:
  PayloadPoster(Birth birth, std::uint64_t count) : Session(std::move(birth)), left_(count) {}
  static void handlers(Handlers<PayloadPoster>& h) {
    h.on(start, &PayloadPoster::begin).on(kMessage, &PayloadPoster::receive);
  }

 private:
  void begin() { yield(kMessage, 1, kText); }
  void receive(int number, std::string text) {
    octets_ += text.size();
    if (--left_ != 0) yield(kMessage, number + 1, kText);
  }
  std::uint64_t left_;
  std::size_t octets_ = 0;
};

/// Measured from when all members are there; that they end is a small part of many laps.
void ring(Kernel& kernel, Run& run, std::uint64_t hops_each) {
  const unsigned size = run.size;
  std::vector<SessionId> members;
  for (unsigned i = 0; i < size; ++i) members.push_back(kernel.spawn<RingMember>(hops_each));
  for (unsigned i = 0; i < size; ++i)
    static_cast<void>(kernel.with<RingMember>(members[i], [&](RingMember& m) { m.set_next(members[(i + 1) % size]); }));
  run.begin();
  run_to_end(kernel);
}

/// Sends itself `depth` messages at once, again and again.
class Hoarder : public Session {
 public:
  Hoarder(Birth birth, std::uint64_t depth, std::uint64_t count)
      : Session(std::move(birth)), depth_(depth), left_(count) {}
  static void handlers(Handlers<Hoarder>& h) { h.on(start, &Hoarder::fill).on(kHop, &Hoarder::hop); }

 private:
  void fill() {
    for (std::uint64_t i = 0; i < depth_; ++i) yield(kHop, i);
  }
  void hop(std::uint64_t number) {
    --left_;
    if (number + 1 == depth_ && left_ != 0) fill();
  }
  std::uint64_t depth_;
  std::uint64_t left_;
};

}  // namespace

void our_post(Run& run) {
  Kernel kernel = open_for(run);
  run.twice([&](std::uint64_t count) {
    kernel.spawn<SelfPoster>(count);
    run_to_end(kernel);
  });
}

void our_ring(Run& run) {
  Kernel kernel = open_for(run);
  run.twice([&](std::uint64_t count) { ring(kernel, run, count / run.size); });
}

void our_payload(Run& run) {
  Kernel kernel = open_for(run);
  run.twice([&](std::uint64_t count) {
    kernel.spawn<PayloadPoster>(count);
    run_to_end(kernel);
  });
}

void our_backlog(Run& run) {
  Kernel kernel = open_for(run);
  run.begin();
  kernel.spawn<Hoarder>(run.size, run.operations / run.size * run.size);
  run_to_end(kernel);
  run.end();
}

}  // namespace poe::bench
