// SPDX-License-Identifier: MIT
//
// Loops written by hand on epoll, poll and select, without a library: what the system allows. Messages lie in a ring
// of a power of two and the descriptors are looked at after every 128 of them, as often as our kernel does.
#include <sys/eventfd.h>

#include <algorithm>
#include <bit>
#include <chrono>
#include <cstdlib>
#include <memory>
#include <mutex>
#include <stdexcept>
#include <thread>
#include <vector>

#include "../hello.hpp"
#include "handlers.hpp"
#include "http_scan.hpp"
#include "line_scan.hpp"
#include "peers.hpp"
#include "poe/fd.hpp"
#include "poller_cases.hpp"
#include "pollers.hpp"
#include "timer_heap.hpp"

namespace poe::bench {

namespace {

constexpr unsigned kLookEvery = 128;

/// Fixed room, which a program that knows its load can choose; a full ring would overwrite.
template <class Message>
class MessageRing {
 public:
  explicit MessageRing(std::size_t at_most) : slots_(std::bit_ceil(std::max<std::size_t>(at_most, 4096))) {}
  bool empty() const noexcept { return pushed_ == taken_; }
  Message& next_free() noexcept { return slots_[pushed_++ & (slots_.size() - 1)]; }
  Message& take() noexcept { return slots_[taken_++ & (slots_.size() - 1)]; }

 private:
  std::vector<Message> slots_;
  std::uint64_t pushed_ = 0;
  std::uint64_t taken_ = 0;
};

struct RawHop {
  Receiver* to = nullptr;
  std::uint64_t left = 0;
};

template <class Poller>
class RawSender {
 public:
  using Address = Receiver*;
  explicit RawSender(std::size_t at_most) : ring_(at_most) {}
  Address enroll(Receiver* receiver) { return receiver; }
  void send(Address to, std::uint64_t left) { ring_.next_free() = RawHop{to, left}; }
  void run() {
    while (!ring_.empty()) {
      for (unsigned i = 0; i < kLookEvery && !ring_.empty(); ++i) {
        const RawHop hop = ring_.take();
        hop.to->receive(hop.left);
      }
      poller_.wait(0, [](std::uint32_t, bool) {});
    }
  }

 private:
  Poller poller_;
  MessageRing<RawHop> ring_;
};

template <class Poller>
void raw_hops(Run& run) {
  RawSender<Poller> sender(run.size);
  Hoppers<RawSender<Poller>> hoppers(sender, run.size);
  run.twice([&](std::uint64_t count) {
    hoppers.start(sender, count / run.size);
    sender.run();
  });
}

/// All of `depth` messages queued before the first is taken.
template <class Poller>
void raw_backlog(Run& run) {
  struct Hoarder final : Receiver {
    Hoarder(RawSender<Poller>& s, std::uint64_t d, std::uint64_t count) : sender(s), depth(d), left(count) {}
    void fill() {
      for (std::uint64_t i = 0; i < depth; ++i) sender.send(this, i);
    }
    void receive(std::uint64_t number) override {
      --left;
      if (number + 1 == depth && left != 0) fill();
    }
    RawSender<Poller>& sender;
    std::uint64_t depth;
    std::uint64_t left;
  };
  RawSender<Poller> sender(2 * std::size_t{run.size});
  Hoarder hoarder(sender, run.size, run.operations / run.size * run.size);
  run.begin();
  hoarder.fill();
  sender.run();
  run.end();
}

template <class Poller>
void raw_payload(Run& run) {
  Poller poller;
  MessageRing<Letter> ring(1);
  const auto send = [&](Reader* to, int number) { ring.next_free() = Letter(to, number); };
  run.twice([&](std::uint64_t count) {
    Reader reader(count);
    send(&reader, 1);
    while (!ring.empty()) {
      for (unsigned i = 0; i < kLookEvery && !ring.empty(); ++i) {
        const Letter letter = std::move(ring.take());
        if (letter.to->receive(letter.text)) send(letter.to, letter.number + 1);
      }
      poller.wait(0, [](std::uint32_t, bool) {});
    }
  });
}

// ---- timers

std::int64_t now_ns() {
  return std::chrono::duration_cast<std::chrono::nanoseconds>(std::chrono::steady_clock::now().time_since_epoch())
      .count();
}
std::int64_t due_in(std::uint32_t ms) { return now_ns() + std::int64_t{ms} * 1'000'000; }

void add_all(TimerHeap& heap, const std::vector<std::uint32_t>& delays) {
  for (std::uint32_t i = 0; i < delays.size(); ++i) heap.add(i, due_in(delays[i]));
}

void raw_timer_add(Run& run) {
  const auto delays = far_delays(run.operations);
  TimerHeap heap(delays.size());
  add_all(heap, delays);
  while (!heap.empty()) heap.remove(heap.first());
  run.begin();
  add_all(heap, delays);
  run.end();
}

void raw_timer_cancel(Run& run) {
  const auto order = random_order(run.operations);
  TimerHeap heap(order.size());
  add_all(heap, far_delays(run.operations));
  run.begin();
  for (const std::uint32_t i : order) heap.remove(i);
  run.end();
}

struct Counter {
  void due() { ++fired; }
  std::uint64_t fired = 0;
};

void raw_timer_fire(Run& run) {
  TimerHeap heap(run.operations);
  Counter counter;
  using Callback = void (*)(Counter*);
  const std::vector<Callback> callbacks(run.operations, [](Counter* c) { c->due(); });
  add_all(heap, near_delays(run.operations));
  sleep_past_near();
  run.begin();
  const std::int64_t now = now_ns();
  while (!heap.empty() && heap.first_due() <= now) {
    const std::uint32_t timer = heap.first();
    heap.remove(timer);
    callbacks[timer](&counter);
  }
  run.end();
  if (counter.fired != run.operations) throw std::runtime_error("not all timers were due");
}

void raw_timer_rearm(Run& run) {
  const auto delays = far_delays(run.size);
  const auto picks = random_picks(run.operations, run.size);
  TimerHeap heap(delays.size());
  add_all(heap, delays);
  const auto rearm = [&] {
    std::size_t next = 0;
    for (const std::uint32_t i : picks) {
      heap.move(i, due_in(delays[next]));
      next = next + 1 == delays.size() ? 0 : next + 1;
    }
  };
  rearm();
  run.begin();
  rearm();
  run.end();
}

// ---- another thread

/// A vector under a mutex, taken whole by the receiving thread, which is woken only if it was empty.
void raw_cross_thread(Run& run) {
  std::mutex mutex;
  std::vector<RawHop> shared;
  const Fd wake(eventfd(0, EFD_CLOEXEC));
  const std::uint64_t last = run.operations;
  struct Counter final : Receiver {
    void receive(std::uint64_t number) override { newest = number; }
    std::uint64_t newest = 0;
  } counter;
  const double began = wall_now();
  std::jthread producer([&] {
    for (std::uint64_t i = 1; i <= last; ++i) {
      const std::lock_guard lock(mutex);
      const bool was_empty = shared.empty();
      shared.push_back(RawHop{&counter, i});
      if (was_empty && eventfd_write(wake.get(), 1) < 0) std::abort();
    }
  });
  std::vector<RawHop> mine;
  while (counter.newest != last) {
    eventfd_t woken = 0;
    if (eventfd_read(wake.get(), &woken) < 0) throw std::runtime_error("eventfd_read failed");
    {
      const std::lock_guard lock(mutex);
      mine.swap(shared);
    }
    for (const RawHop& hop : mine) hop.to->receive(hop.left);
    mine.clear();
  }
  run.report(wall_now() - began);
}

void raw_hello(Run& run) { run.report(run_programs("poe-bench-hello-raw", run.operations)); }

template <class Poller>
Subject raw_subject() {
  Subject subject{Poller::kName,
                  "by hand",
                  {raw_hops<Poller>, raw_hops<Poller>, raw_payload<Poller>, raw_timer_add, raw_timer_cancel,
                   raw_timer_fire, raw_timer_rearm, poller_pipes<Poller>, poller_serve<Poller>}};
  subject.can(Kind::backlog, raw_backlog<Poller>);
  subject.can(Kind::cross_thread, raw_cross_thread);
  subject.can(Kind::hello, raw_hello);
  return subject;
}

}  // namespace

Subject raw_epoll_subject() {
  Subject subject = raw_subject<EpollPoller>();
  subject.can(Kind::line_views, poller_serve<EpollPoller, Scanned<LineEcho>>);
  subject.can(Kind::http, poller_serve<EpollPoller, Scanned<HttpScan>>);
  return subject;
}
Subject raw_poll_subject() { return raw_subject<PollPoller>(); }
Subject raw_select_subject() { return raw_subject<SelectPoller>(); }

}  // namespace poe::bench
