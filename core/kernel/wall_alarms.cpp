// SPDX-License-Identifier: MIT
#include "wall_alarms.hpp"

#ifndef POE_PORTABLE
#include <sys/timerfd.h>
#endif
#include <unistd.h>

#include <algorithm>
#include <cstdlib>

#include "kernel_core.hpp"
#include "poe/system.hpp"

namespace poe {

namespace {

constexpr std::int64_t kSecond = 1'000'000'000;

// A descriptor that becomes readable when the wall clock is set, or none.
Fd clock_changes() {
#ifdef POE_PORTABLE
  return Fd();
#else
  Fd fd(::timerfd_create(CLOCK_REALTIME, TFD_NONBLOCK | TFD_CLOEXEC));
  itimerspec never{};
  never.it_value.tv_sec = INT64_MAX;  // it is there for the cancellation alone
  if (fd && ::timerfd_settime(fd.get(), TFD_TIMER_ABSTIME | TFD_TIMER_CANCEL_ON_SET, &never, nullptr) != 0) fd.reset();
  return fd;
#endif
}

}  // namespace

std::vector<std::pair<std::uint32_t, std::int64_t>> WallAlarms::in_order() const {
  std::vector<std::pair<std::uint64_t, std::pair<std::uint32_t, std::int64_t>>> by_age;
  by_age.reserve(alarms_.size());
  for (const auto& [timer, alarm] : alarms_) by_age.push_back({alarm.first, {timer, alarm.second}});
  std::sort(by_age.begin(), by_age.end());
  std::vector<std::pair<std::uint32_t, std::int64_t>> all;
  all.reserve(by_age.size());
  for (const auto& [age, alarm] : by_age) all.push_back(alarm);
  return all;
}

std::int64_t WallAlarms::by_kernel_clock(std::int64_t wall, std::int64_t wall_now, std::int64_t kernel_now) noexcept {
  const std::int64_t measured = kernel_now - wall_now;
  if (difference_ == INT64_MIN || std::abs(measured - difference_) > kSecond / 1000) difference_ = measured;
  return saturating_add(TimePoint(Duration(wall)), Duration(difference_)).time_since_epoch().count();
}

// ---- the kernel's side

Timer KernelCore::start_wall_alarm(SessionId id, std::int64_t wall, const EventKey& key, void* payload) {
  Timer timer = start_timer(id, INT64_MAX, key, payload);
  if (timer) follow_wall_clock(timer.index(), wall);
  return timer;
}

Result<void> KernelCore::move_to_wall(Handle& timer, std::int64_t wall) {
  if (auto moved = move_timer(timer, INT64_MAX); !moved) return moved;
  follow_wall_clock(timer.index(), wall);
  return {};
}

// Sets the timer to the time that is `wall` by the kernel's clock, as things stand.
void KernelCore::follow_wall_clock(std::uint32_t index, std::int64_t wall) {
  if (wall_alarms_.empty() && system_ != nullptr && is_real(*system_)) {
    wall_alarms_.changes = clock_changes();
    if (wall_alarms_.changes) {
      auto watch = add_watch(
          id_of(0), wall_alarms_.changes.get(), POE_READ, [this](std::uint32_t) { wall_clock_was_set(); }, true);
      if (watch) {
        wall_alarms_.changes_watch = std::move(*watch);
      } else {
        wall_alarms_.changes.reset();
      }
    }
  }
  timer_queue_.make_room();  // what may fail comes first
  wall_alarms_.set(index, wall);
  timers_.tag(index).clear(TimerTag::kQueued);  // a record that stands for it is too late
  timers_.tag(index).set(TimerTag::kWall);
  const std::int64_t wall_now = system_ != nullptr ? system_->clock(system_->ctx, POE_CLOCK_REALTIME) : 0;
  const std::int64_t now = clock();  // read after the other: the alarm is late by that moment, not early
  std::int64_t due = wall_alarms_.by_kernel_clock(wall, wall_now, now);
  if (!wall_alarms_.changes) due = std::min(due, now + kSecond);
  timer_queue_.move(index, due);
  end_pass_for(due);
  if (asleep()) schedule();
}

// An alarm came due by the kernel's clock: whether the wall clock is there yet. If not, it waits on.
bool KernelCore::wall_alarm_is_early(std::uint32_t index) {
  const std::int64_t wall = wall_alarms_.due(index);
  const std::int64_t wall_now = system_->clock(system_->ctx, POE_CLOCK_REALTIME);
  if (wall_now >= wall) {
    forget_wall_alarm(index);
    return false;
  }
  timer_queue_.add(index, INT64_MAX);
  follow_wall_clock(index, wall);
  // A step back that by_kernel_clock() takes for noise: at the same time as before it would be early again.
  const std::int64_t now = clock();
  if (timers_.when(index).due <= now) timer_queue_.move(index, now + (wall - wall_now));
  return true;
}

void KernelCore::forget_wall_alarm(std::uint32_t index) noexcept {
  timers_.tag(index).clear(TimerTag::kWall);
  wall_alarms_.remove(index);
  if (!wall_alarms_.empty()) return;
  wall_alarms_.changes_watch.cancel();
  wall_alarms_.changes.reset();
}

void KernelCore::wall_clock_was_set() {
  std::uint64_t unused = 0;
  static_cast<void>(!::read(wall_alarms_.changes.get(), &unused, sizeof unused));  // ECANCELED: armed again
  for (const auto& [timer, wall] : wall_alarms_.in_order()) follow_wall_clock(timer, wall);
}

}  // namespace poe
