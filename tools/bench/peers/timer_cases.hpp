// SPDX-License-Identifier: MIT
//
// The timer cases, for every library whose timers can be written as
//
//     class Timers {
//       explicit Timers(std::size_t count);
//       void add(const std::vector<std::uint32_t>& delays);  // all, in milliseconds from now
//       void set(std::size_t i, std::uint32_t ms);           // one that runs is moved
//       void cancel(std::size_t i);
//       void run();                                          // until all have fired
//       std::uint64_t fired() const;
//       void settle();                                       // only where a cancelled timer is told so: do that
//     };
#pragma once

#include <cstddef>
#include <cstdint>
#include <stdexcept>
#include <vector>

#include "../work.hpp"

namespace poe::bench {

template <class Timers>
void settle(Timers& timers) {
  if constexpr (requires { timers.settle(); }) timers.settle();
}

template <class Timers>
void peer_timer_add(Run& run) {
  const auto delays = far_delays(run.operations);
  Timers timers(delays.size());
  timers.add(delays);  // warm
  for (std::size_t i = 0; i < delays.size(); ++i) timers.cancel(i);
  settle(timers);
  run.begin();
  timers.add(delays);
  run.end();
}

template <class Timers>
void peer_timer_cancel(Run& run) {
  const auto order = random_order(run.operations);
  Timers timers(order.size());
  timers.add(far_delays(run.operations));
  run.begin();
  for (const std::uint32_t i : order) timers.cancel(i);
  settle(timers);
  run.end();
}

template <class Timers>
void peer_timer_fire(Run& run) {
  Timers timers(run.operations);
  timers.add(near_delays(run.operations));
  sleep_past_near();
  run.begin();
  timers.run();
  run.end();
  if (timers.fired() != run.operations) throw std::runtime_error("the peer: not all timers were due");
}

template <class Timers>
void peer_timer_move(Run& run) {
  const auto delays = far_delays(run.size);
  const auto picks = random_picks(run.operations, run.size);
  Timers timers(delays.size());
  timers.add(delays);
  const auto move_all = [&] {
    std::size_t next = 0;
    for (const std::uint32_t i : picks) {
      timers.set(i, delays[next]);
      next = next + 1 == delays.size() ? 0 : next + 1;
      if (next % 128 == 0) settle(timers);
    }
  };
  move_all();  // warm
  run.begin();
  move_all();
  run.end();
}

}  // namespace poe::bench
