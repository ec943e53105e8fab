// SPDX-License-Identifier: MIT
#include <chrono>
#include <vector>

#include "ours.hpp"
#include "work.hpp"

namespace poe::bench {

namespace {

using std::chrono::milliseconds;

inline constexpr Event<> kDue{"due"};

/// Holds many timers; how they are used, and what of it is measured, is up to the case.
class Holder : public Session {
 public:
  explicit Holder(Birth birth) : Session(std::move(birth)) {}
  static void handlers(Handlers<Holder>& h) { h.on(kDue, &Holder::due); }

  void add(const std::vector<std::uint32_t>& delays) {
    fill(delays, [this](std::uint32_t ms) { return after(milliseconds(ms), kDue); });
  }
  /// Reckons from one reading of the clock.
  void set(const std::vector<std::uint32_t>& delays) {
    fill(delays, [this, base = now()](std::uint32_t ms) { return at(base + milliseconds(ms), kDue); });
  }
  void cancel(const std::vector<std::uint32_t>& order) {
    for (const std::uint32_t i : order) timers_[i].cancel();
  }
  void rearm(const std::vector<std::uint32_t>& picks, const std::vector<std::uint32_t>& delays) {
    each(picks, delays, [](Timer& timer, std::uint32_t ms) { return timer.restart(milliseconds(ms)); });
  }
  /// Reckons from one reading of the clock.
  void move(const std::vector<std::uint32_t>& picks, const std::vector<std::uint32_t>& delays) {
    each(picks, delays,
         [base = now()](Timer& timer, std::uint32_t ms) { return timer.move_to(base + milliseconds(ms)); });
  }
  void clear() { timers_.clear(); }

 private:
  void due() { ++fired_; }
  template <class Start>
  void fill(const std::vector<std::uint32_t>& delays, Start start_one) {
    timers_.reserve(delays.size());
    for (const std::uint32_t ms : delays) timers_.push_back(start_one(ms));
  }
  template <class Change>
  void each(const std::vector<std::uint32_t>& picks, const std::vector<std::uint32_t>& delays, Change change) {
    std::size_t next = 0;
    for (const std::uint32_t i : picks) {
      static_cast<void>(change(timers_[i], delays[next]));
      next = next + 1 == delays.size() ? 0 : next + 1;
    }
  }

  std::vector<Timer> timers_;
  std::uint64_t fired_ = 0;
};

/// Calls use(Holder&) inside a session of a kernel whose loop is open.
template <class F>
void with_holder(Kernel& kernel, F&& use) {
  const SessionId id = kernel.spawn<Holder>();
  if (auto done = kernel.with<Holder>(id, use); !done) throw std::runtime_error(done.error().message());
}

}  // namespace

namespace {

using Fill = void (Holder::*)(const std::vector<std::uint32_t>& delays);
using Change = void (Holder::*)(const std::vector<std::uint32_t>& picks, const std::vector<std::uint32_t>& delays);

void measure_fill(Run& run, Fill fill) {
  Kernel kernel = open_for(run);
  with_holder(kernel, [&](Holder& holder) {
    const auto delays = far_delays(run.operations);
    (holder.*fill)(delays);  // warm
    holder.clear();
    run.begin();
    (holder.*fill)(delays);
    run.end();
    holder.clear();
  });
}

void measure_change(Run& run, Change change) {
  Kernel kernel = open_for(run);
  with_holder(kernel, [&](Holder& holder) {
    const auto delays = far_delays(run.size);
    const auto picks = random_picks(run.operations, run.size);
    holder.set(delays);
    (holder.*change)(picks, delays);  // warm
    run.begin();
    (holder.*change)(picks, delays);
    run.end();
  });
}

}  // namespace

void our_timer_add(Run& run) { measure_fill(run, &Holder::add); }
void our_timer_set(Run& run) { measure_fill(run, &Holder::set); }
void our_timer_rearm(Run& run) { measure_change(run, &Holder::rearm); }
void our_timer_move(Run& run) { measure_change(run, &Holder::move); }

void our_timer_cancel(Run& run) {
  Kernel kernel = open_for(run);
  with_holder(kernel, [&](Holder& holder) {
    const auto order = random_order(run.operations);
    holder.add(far_delays(run.operations));
    run.begin();
    holder.cancel(order);
    run.end();
  });
}

void our_timer_fire(Run& run) {
  Kernel kernel = open_for(run);
  with_holder(kernel, [&](Holder& holder) { holder.add(near_delays(run.operations)); });
  sleep_past_near();
  run.begin();
  run_to_end(kernel);
  run.end();
}

}  // namespace poe::bench
