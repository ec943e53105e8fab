// SPDX-License-Identifier: MIT
//
// How a loop sleeps, wakes, joins and leaves, in each mode.
#include <malloc.h>
#include <sched.h>
#include <sys/resource.h>

#include <algorithm>
#include <chrono>
#include <filesystem>
#include <thread>
#include <vector>

#include "drive.hpp"
#include "pipe_set.hpp"

namespace poe::bench {

namespace {

using namespace std::chrono_literals;

inline constexpr Event<> mark{"mark"};
inline constexpr Event<double> stamp{"stamp"};

// ---- idle

struct Seen {
  double steps;
  double switches;  // voluntary, of all threads: what others preempt says nothing about us
};

/// Watches pipes on which nothing comes; notes what has happened so far whenever another thread asks.
class Sleeper : public Session {
 public:
  Sleeper(Birth birth, PipeSet& pipes, std::vector<Seen>& seen)
      : Session(std::move(birth)), pipes_(pipes), seen_(seen) {}
  static void handlers(Handlers<Sleeper>& h) { h.on(start, &Sleeper::begin).on(mark, &Sleeper::note); }
  static constexpr std::size_t kMarks = 4;  // after the last one the clock sleeps no more, which would count

 private:
  void begin() {
    for (unsigned i = 0; i < pipes_.size(); ++i)
      watches_.push_back(*watch(pipes_.reader(i), POE_READ, [](std::uint32_t) {}));
  }
  void note() {
    rusage used{};
    getrusage(RUSAGE_SELF, &used);
    seen_.push_back({static_cast<double>(kernel().counts().turns), static_cast<double>(used.ru_nvcsw)});
    if (seen_.size() == kMarks) request_stop();
  }
  PipeSet& pipes_;
  std::vector<Seen>& seen_;
  std::vector<Watch> watches_;
};

/// What a window of half a second costs more than one of 20 ms: each is ended by one event, which cancels out.
Seen sleep_through(Run& run) {
  Kernel kernel = open_for(run);
  PipeSet pipes(run);
  std::vector<Seen> seen;
  std::jthread clock;
  drive(run, kernel, [&] {
    const SessionId id = kernel.spawn<Sleeper>(pipes, seen);
    clock = std::jthread([to = kernel.address(id)] {
      for (const auto pause : {50ms, 500ms, 20ms, 20ms}) {
        std::this_thread::sleep_for(pause);
        if (!to.post(mark)) return;
      }
    });
  });
  if (seen.size() != Sleeper::kMarks) throw std::runtime_error("an event from another thread is missing");
  return {std::max(0.0, (seen[1].steps - seen[0].steps) - (seen[2].steps - seen[1].steps)),
          std::max(0.0, (seen[1].switches - seen[0].switches) - (seen[2].switches - seen[1].switches))};
}

// ---- wake

/// Notes how long each stamp was under way.
class Receiver : public Session {
 public:
  Receiver(Birth birth, std::vector<double>& delays) : Session(std::move(birth)), delays_(delays) {}
  static void handlers(Handlers<Receiver>& h) { h.on(start, &Receiver::begin).on(stamp, &Receiver::note); }

 private:
  void begin() { alive_ = keep_alive("stamps from another thread"); }
  void note(double sent) {
    delays_.push_back(wall_now() - sent);
    if (delays_.size() == delays_.capacity()) request_stop();
  }
  std::vector<double>& delays_;
  KeepAlive alive_;
};

/// Ahead of what else the machine does, where that is allowed: a wake-up is ours to blame, a busy processor is not.
void take_precedence() noexcept {
  const sched_param priority{1};
  static_cast<void>(sched_setscheduler(0, SCHED_FIFO, &priority));
}

/// Stamps are so far apart that the loop sleeps whenever one comes. Sorted.
std::vector<double> wake_delays(const Run& run) {
  take_precedence();
  Kernel kernel = open_for(run);
  std::vector<double> delays;
  delays.reserve(run.size);
  std::jthread sender;
  drive(run, kernel, [&] {
    const SessionId id = kernel.spawn<Receiver>(delays);
    sender = std::jthread([to = kernel.address(id), count = run.size] {
      for (unsigned i = 0; i < count; ++i) {
        std::this_thread::sleep_for(200us + i % 16 * 10us);
        if (!to.post(stamp, wall_now())) return;
      }
    });
  });
  if (delays.size() != run.size) throw std::runtime_error("an event from another thread is missing");
  std::sort(delays.begin(), delays.end());
  return delays;
}

// ---- attach

std::size_t open_descriptors() {
  const std::filesystem::directory_iterator all("/proc/self/fd");
  return static_cast<std::size_t>(std::distance(begin(all), end(all)));
}

std::size_t heap_in_use() {
  const auto info = mallinfo2();
  return info.uordblks + info.hblkhd;
}

/// Joins the host and leaves it again, each time until the host has taken the rest away.
class Cycles {
 public:
  explicit Cycles(const Run& run) : loop_(run.loop), host_(run.loop), kernel_(open_for(run)) {}
  void go(std::uint64_t times) {
    for (std::uint64_t i = 0; i < times; ++i) {
      auto guest = kernel_.attach(host_.address(loop_));
      if (!guest) throw std::runtime_error(guest.error().message());
      guest->detach([this] { host_.stop(); });
      host_.run();
    }
  }

 private:
  std::string loop_;
  HostProgram host_;
  Kernel kernel_;
};

constexpr std::uint64_t kWarm = 200;

/// What `count()` is higher by after the run's cycles.
template <class F>
void report_growth(Run& run, F count) {
  Cycles cycles(run);
  cycles.go(kWarm);
  const auto before = static_cast<double>(count());
  cycles.go(run.operations);
  const double grown = std::max(0.0, static_cast<double>(count()) - before);
  run.report(grown * static_cast<double>(run.operations));
}

}  // namespace

void our_idle_steps(Run& run) { run.report(sleep_through(run).steps); }
void our_idle_switches(Run& run) { run.report(sleep_through(run).switches); }

void our_wake_p50(Run& run) { run.report(wake_delays(run)[run.size / 2]); }
void our_wake_p99(Run& run) { run.report(wake_delays(run)[run.size * 99 / 100]); }

void our_attach_cycle(Run& run) {
  Cycles cycles(run);
  run.twice([&](std::uint64_t count) { cycles.go(count); });
}
void our_attach_leak_fds(Run& run) { report_growth(run, open_descriptors); }
void our_attach_leak_bytes(Run& run) { report_growth(run, heap_in_use); }

}  // namespace poe::bench
