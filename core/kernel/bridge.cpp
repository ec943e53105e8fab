// SPDX-License-Identifier: MIT
//
// The two sides of a bridge take turns: the helper waits and asks the host for a slice; the host runs it, says what to
// wait for next, and lets the helper go on. So what they share needs no lock but the semaphore.
#include "poe/bridge.hpp"

#include <poll.h>

#include <atomic>
#include <chrono>
#include <semaphore>
#include <system_error>
#include <thread>
#include <utility>

#include "kernel_core.hpp"
#include "poe/signals_blocked.hpp"

namespace poe {

class Bridge::State : public std::enable_shared_from_this<State> {
 public:
  State(KernelCore& core, RunOnHost run_on_host, const Pollable& at)
      : core_(core), run_on_host_(std::move(run_on_host)), at_(at), wake_(core.seat_.waker()) {}

  /// Not in the constructor: the work that is sent to the host names us weakly.
  Result<void> begin() {
    auto wake = wake_;
    try {
      const SignalsBlocked while_starting;
      helper_ = std::jthread([this] { wait(); });
    } catch (const std::system_error& problem) {
      return system_failure(problem.code().value(), "start the helper of a bridge", "a thread",
                            "too many threads, or too little memory: end some, or raise ulimit -u");
    }
    core_.bridged_ = true;  // the kernel is bridged only now that somebody waits for it
    core_.wake_bridge_ = std::move(wake);
    return {};
  }
  void end() {
    over_ = true;
    core_.bridged_ = false;
    core_.wake_bridge_ = nullptr;
    core_.on_finished_ = nullptr;
    wake_();
    sliced_.release();
    helper_.join();
  }
  KernelCore& core() noexcept { return core_; }

 private:
  void wait() {  // the helper's thread
    while (!over_) {
      pollfd fd{at_.fd, at_.poll_events(), 0};
      static_cast<void>(::poll(&fd, 1, at_.poll_ms(std::chrono::steady_clock::now())));
      if (over_) return;
      run_on_host_([weak = weak_from_this()] {
        if (const auto state = weak.lock()) state->slice();
      });
      sliced_.acquire();
    }
  }

  void slice() {  // the host's
    if (over_) return;
    core_.wake_bridge_ = nullptr;  // the helper is asleep, and what it waits for next is not known before the end
    Kernel& kernel = core_.face();
    if (auto ran = kernel.run_one_timeslice(Duration(0)); !ran) core_.log(LogLevel::error, ran.error().report());
    if (over_) return;  // a handler has ended the bridge
    if (auto next = kernel.pollable()) at_ = *next;
    core_.wake_bridge_ = wake_;
    sliced_.release();
  }

  KernelCore& core_;
  RunOnHost run_on_host_;
  Pollable at_;  // the side's that has the turn
  std::function<void()> wake_;
  std::atomic<bool> over_ = false;
  std::counting_semaphore<> sliced_{0};
  std::jthread helper_;
};

Bridge::Bridge(std::shared_ptr<State> state) noexcept : state_(std::move(state)) {}
Bridge::Bridge(Bridge&&) noexcept = default;
Bridge& Bridge::operator=(Bridge&& other) noexcept {
  if (this != &other) {
    Bridge former(std::move(*this));
    state_ = std::move(other.state_);
  }
  return *this;
}
Bridge::~Bridge() {
  if (state_) state_->end();
}

void Bridge::on_finished(Fn<void()> finished) {
  if (!state_) return;
  KernelCore& core = state_->core();
  if (core.session_count() == 0) return finished();
  core.finished_told_ = false;
  core.on_finished_ = std::move(finished);
}

Result<Bridge> Kernel::bridge(Bridge::RunOnHost run_on_host) {
  if (auto usable = core_->check_usable("bridge to a host"); !usable) return failure(usable.error());
  if (core_->bridged_ || core_->running_ || core_->depth_ > 0 || (core_->seat_.is_open() && core_->seat_.is_guest())) {
    return failure(Errc::already_running, "bridge to a host", "", "a loop drives the kernel already",
                   "end that bridge, detach the Guest, or let run() return first");
  }
  auto at = pollable();
  if (!at) return failure(at.error());
  auto state = std::make_shared<Bridge::State>(*core_, std::move(run_on_host), *at);
  if (auto begun = state->begin(); !begun) return failure(begun.error());
  return Bridge(std::move(state));
}

}  // namespace poe
