// SPDX-License-Identifier: MIT
//
// libev used directly, for timers: its 4-ary heap keeps the deadline beside the pointer, and the time is the loop's.
#include <ev.h>

#include <memory>
#include <stdexcept>
#include <vector>

#include "../work.hpp"
#include "peers.hpp"

namespace poe::bench {

namespace {

constexpr double kMs = 1e-3;

class Timers {
 public:
  explicit Timers(std::size_t count) : timers_(count) {
    if (!loop_) throw std::runtime_error("ev_loop_new failed");
    for (ev_timer& timer : timers_) {
      ev_init(&timer, on_due);
      timer.data = this;
    }
  }
  void add(const std::vector<std::uint32_t>& delays) {
    ev_now_update(loop_.get());
    for (std::size_t i = 0; i < delays.size(); ++i) {
      ev_timer_set(&timers_[i], delays[i] * kMs, 0.0);
      ev_timer_start(loop_.get(), &timers_[i]);
    }
  }
  /// libev's way to move a timer.
  void move(std::size_t i, std::uint32_t ms) {
    timers_[i].repeat = ms * kMs;
    ev_timer_again(loop_.get(), &timers_[i]);
  }
  void cancel(std::size_t i) { ev_timer_stop(loop_.get(), &timers_[i]); }
  void run() { ev_run(loop_.get(), 0); }
  std::uint64_t fired() const { return fired_; }

 private:
  struct Destroy {
    void operator()(struct ev_loop* loop) const { ev_loop_destroy(loop); }
  };
  static void on_due(struct ev_loop*, ev_timer* timer, int) { ++static_cast<Timers*>(timer->data)->fired_; }
  std::unique_ptr<struct ev_loop, Destroy> loop_{ev_loop_new(EVBACKEND_EPOLL)};
  std::vector<ev_timer> timers_;
  std::uint64_t fired_ = 0;
};

void ev_timer_set_all(Run& run) {
  const auto delays = far_delays(run.operations);
  Timers timers(delays.size());
  timers.add(delays);
  for (std::size_t i = 0; i < delays.size(); ++i) timers.cancel(i);
  run.begin();
  timers.add(delays);
  run.end();
}

void ev_timer_cancel(Run& run) {
  const auto order = random_order(run.operations);
  Timers timers(order.size());
  timers.add(far_delays(run.operations));
  run.begin();
  for (const std::uint32_t i : order) timers.cancel(i);
  run.end();
}

void ev_timer_fire(Run& run) {
  Timers timers(run.operations);
  timers.add(near_delays(run.operations));
  sleep_past_near();
  run.begin();
  timers.run();
  run.end();
  if (timers.fired() != run.operations) throw std::runtime_error("libev: not all timers were due");
}

void ev_timer_move(Run& run) {
  const auto delays = far_delays(run.size);
  const auto picks = random_picks(run.operations, run.size);
  Timers timers(delays.size());
  timers.add(delays);
  const auto move = [&] {
    std::size_t next = 0;
    for (const std::uint32_t i : picks) {
      timers.move(i, delays[next]);
      next = next + 1 == delays.size() ? 0 : next + 1;
    }
  };
  move();
  run.begin();
  move();
  run.end();
}

}  // namespace

Subject ev_subject() {
  Subject subject{"libev", std::to_string(ev_version_major()) + "." + std::to_string(ev_version_minor()), {}};
  subject.can(Kind::timer_set, ev_timer_set_all);
  subject.can(Kind::timer_cancel, ev_timer_cancel);
  subject.can(Kind::timer_fire, ev_timer_fire);
  subject.can(Kind::timer_move, ev_timer_move);
  return subject;
}

}  // namespace poe::bench
