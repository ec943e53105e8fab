// SPDX-License-Identifier: MIT
#include "tour_stations.hpp"

#include <array>

#include "poe/system.hpp"
#include "tour_guide.hpp"

namespace poe::tool {

namespace {

struct Station {
  const char* name;
  void (*start)(Kernel&, TourBag&);
  bool real_only;  // needs an operating system below the loop
};

constexpr std::array<Station, 5> kStations = {{
    {"counters", start_counters, false},
    {"line server", start_echo, false},
    {"timers", start_timers, false},
    {"signal", start_signal, true},
    {"child", start_child, true},
}};

inline constexpr Event<> out_of_time{"out_of_time"};

// Starts the stations one after the other.
class Guide : public Session {
 public:
  Guide(Birth birth, TourBag& bag, Duration limit) : Session(std::move(birth)), bag_(bag), limit_(limit) {}
  static void handlers(Handlers<Guide>& table) {
    table.on(poe::start, &Guide::begin).on(station_done, &Guide::next).on(out_of_time, &Guide::give_up);
  }

 private:
  void begin() {
    bag_.guide = id();
    bag_.result.simulated = !is_real(system());
    alarm_ = after(limit_, out_of_time);
    start();
  }
  void start() {
    while (at_ < kStations.size() && kStations[at_].real_only && bag_.result.simulated) ++at_;
    if (at_ == kStations.size()) {
      alarm_.cancel();
      return;  // nothing holds this session any more
    }
    bag_.progress(kStations[at_].name);
    kStations[at_].start(kernel(), bag_);
  }
  void next(const std::string& trouble) {
    if (!trouble.empty()) return fail(trouble);
    ++at_;
    start();
  }
  void give_up() {
    fail("not done after " + std::to_string(limit_ / std::chrono::seconds(1)) + " s; still alive:\n" +
         kernel().why_running());
  }
  void fail(const std::string& why) {
    bag_.result.failed = std::string(kStations[at_].name) + ": " + why;
    kernel().stop();
  }

  TourBag& bag_;
  Duration limit_;
  Timer alarm_;
  std::size_t at_ = 0;
};

}  // namespace

TourResult run_stations(Kernel& kernel, const TourText& text, unsigned clients, Duration limit,
                        const TourProgress& progress) {
  TourResult result;
  TourBag bag{text, clients, progress, result};
  kernel.spawn<Guide>(bag, limit);
  if (auto ran = kernel.run(); !ran) result.failed = ran.error().report();
  const Kernel::Counts counts = kernel.counts();
  result.events = counts.events + counts.timers + counts.reports;
  if (result.failed.empty() && kernel.session_count() != 0)
    result.failed = "sessions are left:\n" + kernel.why_running();
  return result;
}

}  // namespace poe::tool
