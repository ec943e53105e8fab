// SPDX-License-Identifier: MIT
//
// Timers that go while something of them is in use: handles held by their own arguments, ticks within ticks, ends of
// sessions and kernels.
#include <memory>
#include <vector>

#include "../heap_in_use.hpp"
#include "kernel_lab.hpp"
#include "poe/observer.hpp"

namespace poe::test {
namespace {

class TimerLife : public OnEveryLoop {
 protected:
  void expect_books_balance() {
    for (const std::string& line : kernel.check_books()) ADD_FAILURE() << line;
  }
};
POE_ON_EVERY_LOOP(TimerLife);

/// Holds the timer whose work holds it: what many programs write as `connection->timer`.
struct Connection {
  Timer timer;
};

TEST_P(TimerLife, HeldByItsOwnWorkItGoesWithItsSession) {
  std::weak_ptr<Connection> seen;
  const SessionId id = kernel.spawn(actor()
                                        .on(start,
                                            [&](auto&, Self& self) {
                                              const auto connection = std::make_shared<Connection>();
                                              connection->timer = self.after(1h, [connection] {});
                                              seen = connection;
                                              self.yield(ping);
                                            })
                                        .on(ping, [&](auto&, Self& self) {
                                          expect_books_balance();
                                          self.request_stop();
                                        }));
  ASSERT_TRUE(succeeded(kernel.run()));
  EXPECT_FALSE(kernel.alive(id));
  EXPECT_TRUE(seen.expired());
  expect_books_balance();
}

TEST_P(TimerLife, HeldByItsOwnWorkItCanBeCancelledAndReplaced) {
  std::weak_ptr<Connection> first, second;
  kernel.spawn(actor().on(start, [&](auto&, Self& self) {
    auto connection = std::make_shared<Connection>();
    connection->timer = self.after(1h, [connection] {});
    first = connection;
    Connection* alone = connection.get();
    connection.reset();  // now only its own timer holds it
    alone->timer.cancel();
    EXPECT_TRUE(first.expired());
    connection = std::make_shared<Connection>();
    connection->timer = self.after(1h, [connection] {});
    second = connection;
    alone = connection.get();
    connection.reset();
    alone->timer = self.after(1h, [] {});
    EXPECT_TRUE(second.expired());
    expect_books_balance();
  }));
  ASSERT_TRUE(succeeded(kernel.run()));
}

// Whether the loop looks at the timers in between, or all goes on within one handler.
TEST_P(TimerLife, SettingAndCancellingForEverNeedsNoMemory) {
  constexpr std::size_t kEach = 1000;
  std::vector<Timer> timers;
  timers.reserve(kEach);
  std::size_t before = 0;
  int left = 300;
  const auto set_and_cancel = [&](Self& self) {
    for (std::size_t i = 0; i < kEach; ++i) timers.push_back(self.after(1h, ping));
    timers.clear();
  };
  kernel.spawn(actor()
                   .on(start, [](auto&, Self& self) { self.yield(ping); })
                   .on(ping, [&, kept = Timer()](auto&, Self& self) mutable {
                     if (!kept) kept = self.after(1h, ping);  // there is always one that waits
                     const int turns = left == 200 ? 100 : 1;
                     for (int i = 0; i < turns; ++i) set_and_cancel(self);
                     if (left == 290) before = heap_in_use();
                     if (--left == 0) {
                       EXPECT_LT(heap_in_use(), before + (256U << 10));
                       kept.cancel();
                     } else {
                       self.yield(ping);
                     }
                   }));
  ASSERT_TRUE(succeeded(kernel.run()));
  EXPECT_EQ(left, 0);
  expect_books_balance();
}

TEST_P(TimerLife, CancelledTogetherOneMayHoldTheHandleOfAnother) {
  static constexpr Event<std::shared_ptr<Connection>> kWith{"with"};
  std::size_t told = 0;
  kernel.spawn(actor()
                   .on(start,
                       [&](auto&, Self& self) {
                         const auto connection = std::make_shared<Connection>();
                         connection->timer = self.after(2h, ping);
                         self.after(1h, kWith, connection).detach();
                         self.yield(pong);
                       })
                   .on(pong, [&](auto&, Self& self) {
                     told = self.cancel_timers().size();
                     expect_books_balance();
                   }));
  ASSERT_TRUE(succeeded(kernel.run()));
  EXPECT_EQ(told, 2U);
}

TEST_P(TimerLife, ATickWithinATickOfAReentrantSessionIsATickOfItsOwn) {
  int ticks = 0, others = 0;
  Timer tick, other;
  kernel.spawn(actor()
                   .on(start,
                       [&](auto&, Self& self) {
                         SessionOptions options = self.options();
                         options.reentrant = true;
                         self.set_options(options);
                         tick = self.every(1ms, text, std::string(40, 'x'));
                       })
                   .on(text,
                       [&](auto&, Self& self, const std::string& same) {
                         EXPECT_EQ(same, std::string(40, 'x'));
                         if (++ticks == 2) {
                           tick.cancel();
                           other = self.after(1ms, ping);  // takes its place
                         }
                         const auto limit = std::chrono::steady_clock::now() + 5s;
                         while (ticks < 2 && std::chrono::steady_clock::now() < limit)
                           ASSERT_TRUE(kernel.run_one_timeslice(1ms));
                         EXPECT_EQ(same, std::string(40, 'x'));
                         expect_books_balance();
                       })
                   .on(ping, [&](auto&, Self&) { ++others; }));
  ASSERT_TRUE(succeeded(kernel.run()));
  EXPECT_EQ(ticks, 2);
  EXPECT_EQ(others, 1);
}

TEST_P(TimerLife, MovedIntoThePastItComesBeforeWhatIsPostedAfterwardsP004) {
  Log log;
  Timer timer;
  kernel.spawn(actor()
                   .on(start,
                       [&](auto&, Self& self) {
                         timer = self.after(1h, text, "timer");
                         self.yield(ping);
                       })
                   .on(ping,
                       [&](auto&, Self& self) {
                         ASSERT_TRUE(timer.move_to(self.now() - 1s));
                         self.yield(text, "posted");
                       })
                   .on(text, [&](auto&, Self&, const std::string& what) { log.push_back(what); }));
  ASSERT_TRUE(succeeded(kernel.run()));
  EXPECT_EQ(log, (Log{"timer", "posted"}));
}

TEST_P(TimerLife, ObserversHearOfNoSessionThatHasEnded) {
  class Reader final : public Observer {
   public:
    void references(SessionId session, std::uint32_t) noexcept override { nobody += session ? 0 : 1; }
    int nobody = 0;
  };
  class Holder : public Session {
   public:
    explicit Holder(Birth birth) : Session(std::move(birth)) {}
    static void handlers(Handlers<Holder>& on) { on.on(start, &Holder::begin).on(ping, &Holder::end); }

   private:
    void begin() {
      timer_ = after(1h, pong);
      yield(ping);
    }
    void end() { request_stop(); }
    Timer timer_;
  };
  Reader reader;
  kernel.observe(reader);
  kernel.spawn<Holder>();
  ASSERT_TRUE(succeeded(kernel.run()));
  kernel.unobserve(reader);
  EXPECT_EQ(reader.nobody, 0);
}

}  // namespace
}  // namespace poe::test
