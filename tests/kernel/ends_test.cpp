// SPDX-License-Identifier: MIT
//
// Ends: what may still be done in them, and what outlives them.
#include "family_lab.hpp"

namespace poe::test {
namespace {

class Ends : public FamilyTest {};
POE_ON_EVERY_LOOP(Ends);

TEST_P(Ends, MembersMayUseTheKernelWhileTheyAreDestroyed) {
  struct Greedy : Session {
    struct Member {
      Self* self;
      ~Member() {
        Kernel& k = self->kernel();
        self->yield(ping);
        static_cast<void>(self->after(1ms, ping));
        static_cast<void>(self->keep_alive("late"));
        EXPECT_FALSE(self->alias("late"));
        EXPECT_FALSE(self->post(self->id(), ping));
        static_cast<void>(k.why_running());
      }
    };
    explicit Greedy(Birth birth) : Session(std::move(birth)), member{this} {}
    static void handlers(Handlers<Greedy>& h) { h.on(ping, &Greedy::pinged); }
    void pinged() { FAIL(); }
    Member member;
  };
  kernel.spawn<Greedy>();
  ASSERT_TRUE(succeeded(kernel.run()));
  EXPECT_EQ(kernel.session_count(), 0u);
}

TEST_P(Ends, TheKernelStopsWhatIsLeftAndWhatIsBornInStop) {
  int destroyed = 0;
  struct Tracked : Session {
    Tracked(Birth birth, int& destroyed, int births)
        : Session(std::move(birth)), destroyed_(destroyed), births_(births) {}
    ~Tracked() override { ++destroyed_; }
    static void handlers(Handlers<Tracked>& h) { h.on(stop, &Tracked::ended); }
    void ended() {
      if (births_ > 0) kernel().spawn<Tracked>(destroyed_, births_ - 1);
    }
    int& destroyed_;
    int births_;
  };
  {
    Kernel other = open_on(GetParam());
    other.spawn<Tracked>(destroyed, 1);
  }
  EXPECT_EQ(destroyed, 2);
}

TEST_P(Ends, HandlesMayOutliveTheKernel) {
  Timer timer;
  Watch watch;
  KeepAlive pin;
  Alias name;
  SignalWatch signal;
  std::optional<Postback<int>> back;
  std::optional<Address> address;
  Pair pair;
  {
    Kernel other = open_on(GetParam());
    pair = pipe_pair(other);
    other.spawn(actor().on(start, [&](auto&, Self& self) {
      timer = self.after(1h, ping);
      watch = *self.watch(pair.here.get(), POE_READ, [](std::uint32_t) {});
      pin = self.keep_alive("pin");
      name = *self.alias("name");
      signal = *self.on_signal("USR1", [](const Signal&) {});
      back.emplace(self.postback(number));
      address.emplace(self.address());
    }));
    static_cast<void>(other.run_one_timeslice(0ns));
    pair = Pair();  // a world dies with its kernel
  }
  EXPECT_FALSE(timer);
  EXPECT_FALSE(watch);
  EXPECT_FALSE(pin);
  EXPECT_EQ((*back)(1).error().code(), Errc::closed);
  EXPECT_EQ(address->post(ping).error().code(), Errc::closed);
  watch.pause(POE_READ);
  EXPECT_FALSE(timer.restart(1ms));
}

}  // namespace
}  // namespace poe::test
