// SPDX-License-Identifier: MIT
//
// Bounded mailboxes: limits of one session, of the whole queue, and waiting for room.
#include <numeric>

#include "kernel_lab.hpp"
#include "poe/coroutine.hpp"

namespace poe::test {
namespace {

class Mailboxes : public OnEveryLoop {
 protected:
  /// A session that writes down the numbers it gets, with room for `limit`.
  SessionId reader(std::uint32_t limit, Overflow overflow) {
    return kernel.spawn(actor()
                            .on(start,
                                [=, this](auto&, Self& self) {
                                  SessionOptions options = self.options();
                                  options.mailbox = limit;
                                  options.overflow = overflow;
                                  self.set_options(options);
                                  name = std::move(*self.alias("reader"));  // it does not end before its senders
                                })
                            .on(number, [this](auto&, Self&, int n) { got.push_back(n); }));
  }
  std::vector<int> got;
  Alias name;
};
POE_ON_EVERY_LOOP(Mailboxes);

TEST_P(Mailboxes, RefuseWhatIsTooMuchAndLoseNothingBeforeIt) {
  const SessionId id = reader(3, Overflow::refuse);
  for (int i = 1; i <= 3; ++i) EXPECT_TRUE(kernel.post(id, number, i));
  const auto refused = kernel.post(id, number, 4);
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code(), Errc::limit);
  EXPECT_NE(refused.error().message().find("its mailbox holds 3 events, which is its limit"), std::string::npos);
  ASSERT_TRUE(succeeded(kernel.run()));
  EXPECT_EQ(got, (std::vector<int>{1, 2, 3}));
}

TEST_P(Mailboxes, HaveRoomAgainWhenEventsWereHandled) {
  const SessionId id = reader(1, Overflow::refuse);
  kernel.spawn(
      actor().on(start, [](auto&, Self& self) { self.yield(number, 1); }).on(number, [&](auto&, Self& self, int n) {
        EXPECT_TRUE(self.post(id, number, n));
        EXPECT_FALSE(self.post(id, number, -n));
        if (n < 100) self.yield(number, n + 1);
      }));
  ASSERT_TRUE(succeeded(kernel.run()));
  EXPECT_EQ(got.size(), 100u);
}

TEST_P(Mailboxes, DropTheOldestWhereOnlyTheNewestMatter) {
  const SessionId id = reader(2, Overflow::drop_oldest);
  for (int i = 1; i <= 5; ++i) EXPECT_TRUE(kernel.post(id, number, i));
  ASSERT_TRUE(succeeded(kernel.run()));
  EXPECT_EQ(got, (std::vector<int>{4, 5}));
}

TEST_P(Mailboxes, DroppedArgumentsDieOnce) {
  static constexpr Event<Counted> counted{"counted"};
  const SessionId id = kernel.spawn(actor()
                                        .on(start,
                                            [](auto&, Self& self) {
                                              SessionOptions options;
                                              options.mailbox = 1;
                                              options.overflow = Overflow::drop_oldest;
                                              self.set_options(options);
                                            })
                                        .on(counted, [this](auto&, Self&, Counted c) { got.push_back(c.value); }));
  for (int i = 0; i < 4; ++i) EXPECT_TRUE(kernel.post(id, counted, Counted(i)));
  EXPECT_EQ(Counted::living, 1);
  ASSERT_TRUE(succeeded(kernel.run()));
  EXPECT_EQ(Counted::living, 0);
  EXPECT_EQ(got, std::vector<int>{3});
}

TEST_P(Mailboxes, LetTheKernelsOwnEventsIn) {
  int ticks = 0;
  bool knocked = false;
  const SessionId id = kernel.spawn(actor()
                                        .on(start,
                                            [&](auto&, Self& self) {
                                              SessionOptions options;
                                              options.mailbox = 1;
                                              self.set_options(options);
                                              self.after(0ns, ping).detach();
                                              auto watch =
                                                  self.on_signal("KNOCK", [&](const Signal&) { knocked = true; });
                                              std::move(*watch).detach();
                                            })
                                        .on(number, [](auto&, Self&, int) {})
                                        .on(ping, [&](auto&, Self&) { ++ticks; }));
  ASSERT_TRUE(kernel.post(id, number, 1));
  ASSERT_TRUE(kernel.signal(id, "KNOCK"));
  EXPECT_FALSE(kernel.post(id, number, 2));
  ASSERT_TRUE(succeeded(kernel.run()));
  EXPECT_EQ(ticks, 1);
  EXPECT_TRUE(knocked);
}

TEST_P(Mailboxes, TellWhoWaitsWhenThereIsRoom) {
  const SessionId id = reader(1, Overflow::refuse);
  ASSERT_TRUE(kernel.post(id, number, 1));
  const auto sender = [&](int n) {
    return actor().on(start, [&, n](auto&, Self& self) {
      self.when_room(id, [&, n, me = &self] { EXPECT_TRUE(me->post(id, number, n)); });
    });
  };
  kernel.spawn(sender(2));
  kernel.spawn(sender(3));
  ASSERT_TRUE(succeeded(kernel.run()));
  EXPECT_EQ(got, (std::vector<int>{1, 2, 3}));
}

TEST_P(Mailboxes, TellWhoWaitsWhenTheReceiverEnds) {
  const SessionId id = reader(1, Overflow::refuse);
  ASSERT_TRUE(kernel.post(id, number, 1));
  bool told = false;
  kernel.spawn(actor().on(start, [&](auto&, Self& self) {
    self.when_room(id, [&, me = &self] {
      told = true;
      EXPECT_EQ(me->post(id, number, 2).error().code(), Errc::no_session);
    });
    static_cast<void>(self.kernel().signal(id, "KILL"));
  }));
  EXPECT_TRUE(kernel.check_books().empty());
  ASSERT_TRUE(succeeded(kernel.run()));
  EXPECT_TRUE(told);
}

Task<> send_numbers(Self& self, SessionId to, int first, int last, std::vector<std::string>* told) {
  for (int n = first; n <= last; ++n) {
    const auto sent = co_await self.send(to, number, n);
    if (!sent) {
      told->push_back(std::to_string(n) + " " + std::string(to_string(sent.error().code())));
      co_return;
    }
  }
}

TEST_P(Mailboxes, HoldASenderUpThatAwaits) {
  const SessionId id = reader(2, Overflow::refuse);
  std::vector<std::string> told;
  kernel.spawn(send_numbers, id, 1, 100, &told);
  ASSERT_TRUE(succeeded(kernel.run()));
  std::vector<int> all(100);
  std::iota(all.begin(), all.end(), 1);
  EXPECT_EQ(got, all);
  EXPECT_EQ(told, std::vector<std::string>{});
}

TEST_P(Mailboxes, ServeSendersThatAwaitInTurn) {
  const SessionId id = reader(1, Overflow::refuse);
  std::vector<std::string> told;
  for (int from = 10; from <= 30; from += 10) kernel.spawn(send_numbers, id, from, from + 2, &told);
  ASSERT_TRUE(succeeded(kernel.run()));
  EXPECT_EQ(got, (std::vector<int>{10, 11, 20, 30, 12, 21, 31, 22, 32})) << "who has been served goes to the end";
}

TEST_P(Mailboxes, TellASenderThatAwaitsOfTheReceiversEnd) {
  const SessionId id = reader(1, Overflow::refuse);
  std::vector<std::string> told;
  ASSERT_TRUE(kernel.post(id, number, 1));
  kernel.spawn(send_numbers, id, 2, 9, &told);
  EXPECT_NE(kernel.why_alive(kernel.sessions().back().id).find("room for \"number\""), std::string::npos);
  ASSERT_TRUE(kernel.signal(id, "KILL"));
  ASSERT_TRUE(succeeded(kernel.run()));
  EXPECT_EQ(told, std::vector<std::string>{"2 no_session"});
}

Task<> send_impatiently(Self& self, SessionId to, std::vector<std::string>* told) {
  const auto sent = co_await self.send(to, number, 2).within(0ns);
  told->push_back(sent ? "sent" : std::string(to_string(sent.error().code())));
}

TEST_P(Mailboxes, PassAPlaceOnThatASenderGaveUp) {
  const SessionId slow = reader(1, Overflow::refuse);
  std::vector<std::string> told;
  ASSERT_TRUE(kernel.post(slow, number, 1));
  kernel.spawn(send_impatiently, slow, &told);
  kernel.spawn(send_numbers, slow, 3, 3, &told);
  ASSERT_TRUE(succeeded(kernel.run()));
  EXPECT_TRUE(kernel.check_books().empty());
  EXPECT_EQ(got.back(), 3);
  EXPECT_EQ(told, std::vector<std::string>{"timed_out"});
}

TEST_P(Mailboxes, PassAPlaceOnWhoseSenderIsStoppedBeforeItTakesIt) {
  const SessionId slow = reader(1, Overflow::refuse);
  std::vector<std::string> told;
  ASSERT_TRUE(kernel.post(slow, number, 1));
  const SessionId first = kernel.spawn(send_numbers, slow, 2, 2, &told);
  kernel.spawn(send_numbers, slow, 3, 3, &told);
  ASSERT_TRUE(kernel.signal(first, "KILL"));  // comes when the first was told of the place, and before it can go on
  ASSERT_TRUE(succeeded(kernel.run()));
  EXPECT_EQ(got, (std::vector<int>{1, 3}));
  EXPECT_EQ(told, std::vector<std::string>{"2 cancelled"});
}

TEST_P(Mailboxes, TellTheNextOfAPlaceWhenTheOneThatWasToldIsStopped) {
  const SessionId slow = reader(1, Overflow::refuse);
  ASSERT_TRUE(kernel.post(slow, number, 1));
  const auto sender = [&](int n) {
    return actor().on(start, [&, n](auto&, Self& self) {
      self.when_room(slow, [&, n, me = &self] { EXPECT_TRUE(me->post(slow, number, n)); });
    });
  };
  const SessionId first = kernel.spawn(sender(2));
  kernel.spawn(sender(3));
  ASSERT_TRUE(kernel.signal(first, "KILL"));
  ASSERT_TRUE(succeeded(kernel.run()));
  EXPECT_EQ(got, (std::vector<int>{1, 3}));
}

TEST_P(Mailboxes, TheWholeQueueIsBoundedToo) {
  KernelOptions options;
  options.queue_limit = std::size_t{1} << 20;
  Kernel k = open_on(GetParam(), options);
  int handled = 0;
  const SessionId id = k.spawn(actor().on(number, [&](auto&, Self&, int) { ++handled; }));
  int posted = 0;
  Result<void> last;
  while ((last = k.post(id, number, posted)) && posted < 1'000'000) ++posted;
  ASSERT_FALSE(last);
  EXPECT_EQ(last.error().code(), Errc::limit);
  EXPECT_GT(posted, 20'000);
  EXPECT_LT(posted, 40'000);
  ASSERT_TRUE(succeeded(k.run()));
  EXPECT_EQ(handled, posted);
  const SessionId next = k.spawn(actor().on(number, [&](auto&, Self&, int) { ++handled; }));
  EXPECT_TRUE(k.post(next, number, 1)) << "there is room again";
}

}  // namespace
}  // namespace poe::test
