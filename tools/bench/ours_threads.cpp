// SPDX-License-Identifier: MIT
//
// Messages from another thread: one producer, as fast as it can.
#include <thread>

#include "ours.hpp"

namespace poe::bench {

namespace {

inline constexpr Event<std::uint64_t> kNumber{"number"};

class Consumer : public Session {
 public:
  Consumer(Birth birth, std::uint64_t last) : Session(std::move(birth)), last_(last) {}
  static void handlers(Handlers<Consumer>& h) { h.on(start, &Consumer::begin).on(kNumber, &Consumer::take); }

 private:
  void begin() { open_ = keep_alive("the producer"); }
  void take(std::uint64_t number) {
    if (number == last_) open_.cancel();
  }
  std::uint64_t last_;
  KeepAlive open_;
};

}  // namespace

void our_cross_thread(Run& run) {
  Kernel kernel = open_for(run);
  const std::uint64_t last = run.operations;
  const SessionId consumer = kernel.spawn<Consumer>(last);
  const Address address = kernel.address(consumer);
  const double began = wall_now();
  std::jthread producer([&] {
    for (std::uint64_t i = 1; i <= last; ++i) static_cast<void>(address.post(kNumber, i));
  });
  run_to_end(kernel);
  run.report(wall_now() - began);
}

}  // namespace poe::bench
