// SPDX-License-Identifier: MIT
#include <vector>

#include "ours.hpp"
#include "pipe_set.hpp"

namespace poe::bench {

namespace {

/// Watches all pipes of the ring; passes each byte on.
class Relay : public Session {
 public:
  Relay(Birth birth, PipeSet& pipes) : Session(std::move(birth)), pipes_(pipes) {}
  static void handlers(Handlers<Relay>& h) { h.on(start, &Relay::begin); }

 private:
  void begin() {
    watches_.reserve(pipes_.size());
    for (unsigned i = 0; i < pipes_.size(); ++i) {
      auto watch = this->watch(pipes_.reader(i), POE_READ, [this, i](std::uint32_t) { hop(i); });
      if (!watch) throw std::runtime_error(watch.error().message());
      watches_.push_back(std::move(*watch));
    }
  }
  // As a user writes it: through the kernel's system table, which the simulated world replaces.
  void hop(unsigned i) {
    char byte;
    const poe_iovec part{&byte, 1};
    const poe_sys& sys = system();
    const bool taken = !pipes_.takes() || sys.readv(sys.ctx, pipes_.reader(i), &part, 1) == 1;
    if (taken && pipes_.passed(i)) request_stop();
  }

  PipeSet& pipes_;
  std::vector<Watch> watches_;
};

}  // namespace

void our_pipes(Run& run) {
  Kernel kernel = open_for(run);
  PipeSet pipes(run);
  kernel.spawn<Relay>(pipes);
  pipes.start();
  run_to_end(kernel);
}

}  // namespace poe::bench
