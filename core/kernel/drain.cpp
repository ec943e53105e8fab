// SPDX-License-Identifier: MIT
//
// The orderly end of a whole kernel: everybody is told, and has so long.
#include <algorithm>
#include <string>

#include "internal_events.hpp"
#include "kernel_core.hpp"

namespace poe {

Result<void> KernelCore::drain_then_stop(Duration limit) {
  if (auto usable = check_usable("drain the kernel"); !usable) return usable;
  if (auto loop = ensure_loop(); !loop) return loop;
  const TimePoint due = saturating_add(TimePoint(Duration(clock())), std::max(limit, Duration(0)));
  if (drain_limit_) return drain_limit_.move_to(due);
  using End = Payload<Fn<void()>>;
  alignas(8) std::byte end[End::kSize];
  End::construct(end, [this] { stop_what_is_left(); });
  auto sent = send_signal(id_of(0), Signal{"DRAIN"});
  const bool at_once = limit.count() <= 0;  // but behind the signal
  drain_limit_ = at_once ? start_fifo_timer(id_of(0), internal::deferred, end)
                         : start_timer(id_of(0), due.time_since_epoch().count(), internal::deferred, end);
  return sent;
}

void KernelCore::stop_what_is_left() {
  constexpr std::size_t kNamed = 8;  // so many say enough
  std::string names;
  std::size_t count = 0;
  for (std::uint32_t slot = 1; slot < slots_.size(); ++slot) {
    if (slots_[slot].id == 0) continue;
    if (++count <= kNamed) names += (names.empty() ? "" : ", ") + describe(id_of(slot));
  }
  if (count > kNamed) names += ", ...";
  log(LogLevel::warning, "drain: " + std::to_string(count) + " sessions did not end in time and are stopped: " + names);
  stop_all_ = attention_ = true;
}

}  // namespace poe
