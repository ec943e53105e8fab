// SPDX-License-Identifier: MIT
//
// The small stations: counting sessions, timers, a signal, a child.
#include <signal.h>
#include <unistd.h>

#include <array>
#include <chrono>

#include "tour_guide.hpp"

namespace poe::tool {

namespace {

using namespace std::chrono_literals;

inline constexpr Event<int> count{"count"};
inline constexpr Event<> counted{"counted"};
inline constexpr Event<int> due{"due"};

// POE's first program: ten sessions that count to ten.
class Counter : public Session {
 public:
  Counter(Birth birth, SessionId audience) : Session(std::move(birth)), audience_(audience) {}
  static void handlers(Handlers<Counter>& table) {
    table.on(poe::start, &Counter::begin).on(count, &Counter::step).on(poe::stop, &Counter::end);
  }

 private:
  void begin() { yield(count, 1); }
  void step(int n) {
    if (n < 10) return yield(count, n + 1);
    finished_ = true;
    static_cast<void>(post(audience_, counted));
  }
  void end() {
    if (!finished_) static_cast<void>(post(audience_, station_done, "a counter stopped before ten"));
  }
  SessionId audience_;
  bool finished_ = false;
};

class Counters : public Session {
 public:
  Counters(Birth birth, TourBag& bag) : Session(std::move(birth)), bag_(bag) {}
  static void handlers(Handlers<Counters>& table) {
    table.on(poe::start, &Counters::begin).on(counted, &Counters::one_more);
  }

 private:
  void begin() {
    for (int i = 0; i < 10; ++i) kernel().spawn<Counter>(id());
  }
  void one_more() {
    if (++done_ == 10) static_cast<void>(post(bag_.guide, station_done, ""));
  }
  TourBag& bag_;
  int done_ = 0;
};

// A hundred timers, set in no order: they must come in the order of their times, none too early.
class Timers : public Session {
 public:
  Timers(Birth birth, TourBag& bag) : Session(std::move(birth)), bag_(bag) {}
  static void handlers(Handlers<Timers>& table) { table.on(poe::start, &Timers::begin).on(due, &Timers::ring); }

 private:
  static constexpr int kCount = 100;
  void begin() {
    const TimePoint base = now() + 5ms;
    for (int i = 0; i < kCount; ++i) {
      const int place = i * 37 % kCount;  // every number once, mixed
      times_[static_cast<std::size_t>(place)] = base + place * 200us;
      timers_[static_cast<std::size_t>(place)] = at(times_[static_cast<std::size_t>(place)], due, place);
    }
  }
  void ring(int place) {
    std::string trouble;
    if (place != next_) trouble = "timer " + std::to_string(place) + " came before " + std::to_string(next_);
    if (now() < times_[static_cast<std::size_t>(place)]) trouble = "timer " + std::to_string(place) + " came early";
    if (++next_ == kCount || !trouble.empty()) {
      for (Timer& timer : timers_) timer.cancel();  // and so this session ends, once its last event has arrived
      static_cast<void>(post(bag_.guide, station_done, trouble));
    }
  }
  TourBag& bag_;
  int next_ = 0;
  std::array<TimePoint, kCount> times_{};
  std::array<Timer, kCount> timers_{};
};

// A signal of the operating system, from this process to itself.
class SignalStation : public Session {
 public:
  SignalStation(Birth birth, TourBag& bag) : Session(std::move(birth)), bag_(bag) {}
  static void handlers(Handlers<SignalStation>& table) { table.on(poe::start, &SignalStation::begin); }

 private:
  void begin() {
    stay_ = keep_alive("waits for USR1");  // a signal watch alone keeps nobody alive
    auto watch = on_signal("USR1", [this](const Signal&) {
      static_cast<void>(post(bag_.guide, station_done, ""));
      stay_.cancel();
    });
    if (!watch) return static_cast<void>(post(bag_.guide, station_done, watch.error().message()));
    watch_ = std::move(*watch);
    ::kill(::getpid(), SIGUSR1);
  }
  TourBag& bag_;
  SignalWatch watch_;
  KeepAlive stay_;
};

// A shell that ends with code 7.
class ChildStation : public Session {
 public:
  ChildStation(Birth birth, TourBag& bag) : Session(std::move(birth)), bag_(bag) {}
  static void handlers(Handlers<ChildStation>& table) { table.on(poe::start, &ChildStation::begin); }

 private:
  void begin() {
    const char* const argv[] = {"sh", "-c", "exit 7", nullptr};
    poe_spawn what{};
    what.struct_size = sizeof what;
    what.path = "/bin/sh";
    what.argv = argv;
    std::int64_t pid = 0;
    const poe_sys& sys = system();
    if (const int code = sys.spawn(sys.ctx, &what, &pid); code < 0) {
      return done(Error::from_errno(-code, "start", "/bin/sh").message());
    }
    auto watch = on_exit(pid, [this](const ExitStatus& status) {
      done(status.code == 7 ? "" : "the child ended with " + std::to_string(status.code) + ", not with 7");
    });
    if (!watch) return done(watch.error().message());
    watch_ = std::move(*watch);
  }
  void done(const std::string& trouble) { static_cast<void>(post(bag_.guide, station_done, trouble)); }
  TourBag& bag_;
  ChildWatch watch_;
};

}  // namespace

void start_counters(Kernel& kernel, TourBag& bag) { kernel.spawn<Counters>(bag); }
void start_timers(Kernel& kernel, TourBag& bag) { kernel.spawn<Timers>(bag); }
void start_signal(Kernel& kernel, TourBag& bag) { kernel.spawn<SignalStation>(bag); }
void start_child(Kernel& kernel, TourBag& bag) { kernel.spawn<ChildStation>(bag); }

}  // namespace poe::tool
