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
    timers_.reserve(delays.size());
    for (const std::uint32_t ms : delays) timers_.push_back(after(milliseconds(ms), kDue));
  }
  void cancel(const std::vector<std::uint32_t>& order) {
    for (const std::uint32_t i : order) timers_[i].cancel();
  }
  void rearm(const std::vector<std::uint32_t>& picks, const std::vector<std::uint32_t>& delays) {
    std::size_t next = 0;
    for (const std::uint32_t i : picks) {
      static_cast<void>(timers_[i].restart(milliseconds(delays[next])));
      next = next + 1 == delays.size() ? 0 : next + 1;
    }
  }
  /// Reckons from one reading of the clock.
  void set(const std::vector<std::uint32_t>& delays) {
    const TimePoint base = now();
    timers_.reserve(delays.size());
    for (const std::uint32_t ms : delays) timers_.push_back(at(base + milliseconds(ms), kDue));
  }
  void move(const std::vector<std::uint32_t>& picks, const std::vector<std::uint32_t>& delays) {
    const TimePoint base = now();
    std::size_t next = 0;
    for (const std::uint32_t i : picks) {
      static_cast<void>(timers_[i].move_to(base + milliseconds(delays[next])));
      next = next + 1 == delays.size() ? 0 : next + 1;
    }
  }
  void clear() { timers_.clear(); }

 private:
  void due() { ++fired_; }

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

void our_timer_add(Run& run) {
  Kernel kernel = open_for(run);
  with_holder(kernel, [&](Holder& holder) {
    const auto delays = far_delays(run.operations);
    holder.add(delays);  // warm
    holder.clear();
    run.begin();
    holder.add(delays);
    run.end();
    holder.clear();
  });
}

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

void our_timer_rearm(Run& run) {
  Kernel kernel = open_for(run);
  with_holder(kernel, [&](Holder& holder) {
    const auto delays = far_delays(run.size);
    const auto picks = random_picks(run.operations, run.size);
    holder.add(delays);
    holder.rearm(picks, delays);  // warm
    run.begin();
    holder.rearm(picks, delays);
    run.end();
  });
}

void our_timer_set(Run& run) {
  Kernel kernel = open_for(run);
  with_holder(kernel, [&](Holder& holder) {
    const auto delays = far_delays(run.operations);
    holder.set(delays);  // warm
    holder.clear();
    run.begin();
    holder.set(delays);
    run.end();
    holder.clear();
  });
}

void our_timer_move(Run& run) {
  Kernel kernel = open_for(run);
  with_holder(kernel, [&](Holder& holder) {
    const auto delays = far_delays(run.size);
    const auto picks = random_picks(run.operations, run.size);
    holder.set(delays);
    holder.move(picks, delays);  // warm
    run.begin();
    holder.move(picks, delays);
    run.end();
  });
}

}  // namespace poe::bench
