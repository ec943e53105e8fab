// SPDX-License-Identifier: MIT
//
// libev used directly, for timers: its 4-ary heap keeps the deadline beside the pointer, and the time is the loop's.
//
// Opened by hand and for itself: libev.so also has libevent's functions, and linked it would take the place of
// libevent.
#include <dlfcn.h>
#include <ev.h>

#include <stdexcept>
#include <string>
#include <vector>

#include "../work.hpp"
#include "peers.hpp"
#include "timer_cases.hpp"

namespace poe::bench {

namespace {

constexpr double kMs = 1e-3;

/// A function of libev by name.
template <class F>
F* function(const char* name) {
  static void* const library = dlopen("libev.so.4", RTLD_NOW | RTLD_LOCAL);
  void* const found = library != nullptr ? dlsym(library, name) : nullptr;
  if (found == nullptr) throw std::runtime_error(std::string("libev: no ") + name);
  return reinterpret_cast<F*>(found);
}

struct Libev {
  decltype(ev_loop_new)* loop_new = function<decltype(ev_loop_new)>("ev_loop_new");
  decltype(ev_loop_destroy)* loop_destroy = function<decltype(ev_loop_destroy)>("ev_loop_destroy");
  decltype(ev_now_update)* now_update = function<decltype(ev_now_update)>("ev_now_update");
  decltype(ev_timer_start)* timer_start = function<decltype(ev_timer_start)>("ev_timer_start");
  decltype(ev_timer_again)* timer_again = function<decltype(ev_timer_again)>("ev_timer_again");
  decltype(ev_timer_stop)* timer_stop = function<decltype(ev_timer_stop)>("ev_timer_stop");
  decltype(ev_run)* run = function<decltype(ev_run)>("ev_run");
};

class Timers {
 public:
  explicit Timers(std::size_t count) : timers_(count) {
    if (loop_ == nullptr) throw std::runtime_error("ev_loop_new failed");
    for (ev_timer& timer : timers_) {
      ev_init(&timer, on_due);
      timer.data = this;
    }
  }
  Timers(const Timers&) = delete;
  Timers& operator=(const Timers&) = delete;
  ~Timers() { ev_.loop_destroy(loop_); }
  void add(const std::vector<std::uint32_t>& delays) {
    ev_.now_update(loop_);
    for (std::size_t i = 0; i < delays.size(); ++i) {
      ev_timer_set(&timers_[i], delays[i] * kMs, 0.0);
      ev_.timer_start(loop_, &timers_[i]);
    }
  }
  /// libev's way to move a timer.
  void set(std::size_t i, std::uint32_t ms) {
    timers_[i].repeat = ms * kMs;
    ev_.timer_again(loop_, &timers_[i]);
  }
  void cancel(std::size_t i) { ev_.timer_stop(loop_, &timers_[i]); }
  void run() { ev_.run(loop_, 0); }
  std::uint64_t fired() const { return fired_; }

 private:
  static void on_due(struct ev_loop*, ev_timer* timer, int) { ++static_cast<Timers*>(timer->data)->fired_; }
  Libev ev_;
  struct ev_loop* loop_ = ev_.loop_new(EVBACKEND_EPOLL);
  std::vector<ev_timer> timers_;
  std::uint64_t fired_ = 0;
};

}  // namespace

Subject ev_subject() {
  Subject subject{"libev", std::to_string(EV_VERSION_MAJOR) + "." + std::to_string(EV_VERSION_MINOR), {}};
  subject.can(Kind::timer_set, peer_timer_add<Timers>);
  subject.can(Kind::timer_cancel, peer_timer_cancel<Timers>);
  subject.can(Kind::timer_fire, peer_timer_fire<Timers>);
  subject.can(Kind::timer_move, peer_timer_move<Timers>);
  return subject;
}

}  // namespace poe::bench
