// SPDX-License-Identifier: MIT
#include "poe/stall_watch.hpp"

#include <algorithm>
#include <string>

#include "poe/signals_blocked.hpp"

namespace poe {

namespace {

std::int64_t now_ns() noexcept { return std::chrono::steady_clock::now().time_since_epoch().count(); }

}  // namespace

StallWatch::StallWatch(LogSink& log, Duration limit)
    : log_(log), limit_ns_(std::max<std::int64_t>(limit.count(), 1'000'000)) {
  const SignalsBlocked while_starting;
  thread_ = std::jthread([this](const std::stop_token& stop) { watch(stop); });
}

StallWatch::~StallWatch() {
  thread_.request_stop();
  changed_.notify_all();
}

void StallWatch::before(const Dispatch& dispatch) noexcept {
  try {
    calls_.push_back({now_ns(), dispatch.session, dispatch.event});
  } catch (...) {  // no memory: this call is not watched, its after() finds another one
    return;
  }
  publish();
}

void StallWatch::after(const Dispatch&) noexcept {
  if (calls_.empty()) return;
  const Call call = calls_.back();
  calls_.pop_back();
  publish();
  const std::int64_t took = now_ns() - call.began;
  if (took < limit_ns_) return;
  stalls_.fetch_add(1, std::memory_order_relaxed);
  say(call, took, true);
}

void StallWatch::publish() noexcept {
  version_.fetch_add(1, std::memory_order_acq_rel);
  const Call call = calls_.empty() ? Call{0, {}, nullptr} : calls_.back();
  began_.store(call.began, std::memory_order_relaxed);
  session_.store(call.session.bits, std::memory_order_relaxed);
  event_.store(call.event, std::memory_order_relaxed);
  version_.fetch_add(1, std::memory_order_release);
}

void StallWatch::watch(const std::stop_token& stop) {
  std::int64_t told = 0;  // when the call began that was reported last
  std::unique_lock lock(mutex_);
  while (!changed_.wait_for(lock, stop, std::chrono::nanoseconds(limit_ns_ / 4), [] { return false; }) &&
         !stop.stop_requested()) {
    const std::uint64_t version = version_.load(std::memory_order_acquire);
    // Acquire, so that the version is read again after them. Why no fence: TSan does not know fences.
    const Call call{began_.load(std::memory_order_acquire), SessionId{session_.load(std::memory_order_acquire)},
                    event_.load(std::memory_order_acquire)};
    if (version % 2 != 0 || version != version_.load(std::memory_order_relaxed)) continue;  // it is moving
    const std::int64_t held = now_ns() - call.began;
    if (call.began == 0 || call.began == told || held < limit_ns_) continue;
    told = call.began;
    say(call, held, false);
  }
}

void StallWatch::say(const Call& call, std::int64_t ns, bool over) noexcept {
  try {
    log_.write(LogLevel::warning, "session " + std::to_string(call.session.slot()) + (over ? " held" : " holds") +
                                      " the loop for " + std::to_string(ns / 1'000'000) + " ms in its handler of \"" +
                                      (call.event != nullptr ? call.event : "") + "\"" +
                                      (over ? "" : ", which has not returned yet"));
  } catch (...) {
  }
}

}  // namespace poe
