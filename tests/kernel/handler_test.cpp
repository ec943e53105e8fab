// SPDX-License-Identifier: MIT
//
// Handlers: what they return, how they change while they run, callables of theirs, what a DIE says of them (inventory
// 2.2, P032-P038, P058, P059).
#include <cstring>

#include "family_lab.hpp"

namespace poe::test {
namespace {

class HandlerTests : public OnEveryLoop {
 protected:
  Log log;
};
POE_ON_EVERY_LOOP(HandlerTests);

TEST_P(HandlerTests, StartAndStopResultsReachTheParentP032) {
  kernel.spawn(actor()
                   .on(child, [&](auto&, Self&, const ChildChange& change) { log.push_back(change.result.to_text()); })
                   .on(start, [&](auto&, Self& self) {
                     self.kernel().spawn(
                         actor().on(start, [](auto&, Self&) { return Value("hello"); }).on(stop, [](auto&, Self&) {
                           return Value(42);
                         }));
                     self.kernel().spawn(actor().on(start, [](auto&, Self&) { return 3.5; }));  // no Value: not told
                   }));
  ASSERT_TRUE(succeeded(kernel.run()));
  EXPECT_EQ(log, (Log{"\"hello\"", "null", "null", "42"}));
}

TEST_P(HandlerTests, ResultsOfPostedEventsAreDroppedP033) {
  Counted::living = 0;
  const SessionId id = kernel.spawn(actor().on(ping, [&](auto&, Self&) {
    log.push_back("handled");
    return Counted(1);
  }));
  ASSERT_TRUE(kernel.post(id, ping));
  ASSERT_TRUE(kernel.call(id, ping));
  ASSERT_TRUE(succeeded(kernel.run()));
  EXPECT_EQ(log.size(), 2u);
  EXPECT_EQ(Counted::living, 0);
}

TEST_P(HandlerTests, OtherwiseHearsOfTheFamilyTooP034) {
  const auto logging = [this](std::string name) {
    return [this, name](auto&, Self&, const EventKey& event, std::span<const Value>) {
      log.push_back(name + " " + event.name);
    };
  };
  SessionId middle, bottom;
  KeepAlive hold;
  kernel.spawn(actor().otherwise(logging("top")).on(start, [&](auto&, Self& top) {
    middle = top.kernel().spawn(actor().otherwise(logging("middle")).on(start, [&](auto&, Self& self) {
      bottom = self.kernel().spawn(
          actor().otherwise(logging("leaf")).on(start, [&](auto&, Self& leaf) { hold = leaf.keep_alive("the test"); }));
    }));
  }));
  EXPECT_EQ(log, (Log{"middle _child", "top _child"}));
  log.clear();
  ASSERT_TRUE(kernel.post(middle, ping));
  static_cast<void>(kernel.run_one_timeslice(0ns));
  EXPECT_EQ(log, (Log{"middle ping"}));
  log.clear();
  ASSERT_TRUE(kernel.post(bottom, pong));
  hold.cancel();
  ASSERT_TRUE(succeeded(kernel.run()));
  EXPECT_EQ(log, (Log{"leaf pong", "leaf _stop", "middle _child", "middle _stop", "top _child", "top _stop"}));
}

// ---- handlers of all kinds of classes

/// A second base, at another address than the session's; its own members are found there.
struct Second {
  explicit Second(Log& log) : log_(log) {}
  virtual ~Second() = default;
  void in_second(int n) { log_.push_back(name_ + std::to_string(n)); }
  virtual void overridden() { log_.push_back("base"); }
  std::string name_ = "second ";
  Log& log_;
};

struct OfTwo : Session, Second {
  OfTwo(Birth birth, Log& log) : Session(std::move(birth)), Second(log) {}
  static void handlers(Handlers<OfTwo>& h) {
    h.on(number, &OfTwo::in_second).on(go, &Second::overridden).on(ping, &OfTwo::own);
    h.otherwise(&OfTwo::any);
  }
  void own() { log_.push_back("own"); }
  virtual void any(const EventKey& event, std::span<const Value>) { log_.push_back(event.name); }
  void overridden() override { log_.push_back("derived"); }
};

TEST_P(HandlerTests, MayBeOfASecondBaseAndVirtual) {
  const SessionId id = kernel.spawn<OfTwo>(log);
  ASSERT_TRUE(kernel.post(id, number, 7));
  ASSERT_TRUE(kernel.post(id, go));
  ASSERT_TRUE(kernel.post(id, ping));
  ASSERT_TRUE(kernel.post(id, pong));
  ASSERT_TRUE(succeeded(kernel.run()));
  EXPECT_EQ(log, (Log{"second 7", "derived", "own", "pong", "_stop"}));
}

// ---- handlers that change

struct Plain : Session {
  Plain(Birth birth, Log& log) : Session(std::move(birth)), log_(log) {}
  static void handlers(Handlers<Plain>& h) { h.on(ping, &Plain::pinged).on(go, &Plain::change); }
  void pinged() { log_.push_back("class"); }
  void change() {
    handle(ping, [this] { log_.push_back("own"); });
    handle(number, [this](int n) { log_.push_back(std::to_string(n)); });
  }
  Log& log_;
};

TEST_P(HandlerTests, ChangedOnesBelongToOneSessionP036) {
  const SessionId changed = kernel.spawn<Plain>(log);
  const SessionId other = kernel.spawn<Plain>(log);
  ASSERT_TRUE(kernel.call(changed, go));
  for (const SessionId id : {changed, other}) ASSERT_TRUE(kernel.post(id, ping));
  for (const SessionId id : {changed, other}) ASSERT_TRUE(kernel.post(id, number, 5));
  ASSERT_TRUE(succeeded(kernel.run()));
  EXPECT_EQ(log, (Log{"own", "class", "5"}));
}

TEST_P(HandlerTests, MayReplaceAndRemoveThemselvesP036) {
  const SessionId id = kernel.spawn(actor().on(ping, [&](auto&, Self& self) {
    self.handle(ping, [&, large = std::string(100, 'x')] {
      self.handle(ping, [&] { log.push_back("third"); });
      EXPECT_EQ(large, std::string(100, 'x'));  // still there, although replaced
      self.unhandle(ping);
      EXPECT_EQ(large, std::string(100, 'x'));
      log.push_back("second");
    });
    log.push_back("first");
  }));
  for (int n = 0; n < 3; ++n) ASSERT_TRUE(kernel.post(id, ping));
  ASSERT_TRUE(succeeded(kernel.run()));
  EXPECT_EQ(log, (Log{"first", "second"}));
}

TEST_P(HandlerTests, AddedAtRunTimeGiveResultsAndTakeWhatCannotBeCopied) {
  static constexpr Event<std::unique_ptr<int>> parcel{"parcel"};
  const SessionId id = kernel.spawn(actor().on(start, [](auto&, Self& self) {
    self.handle(parcel, [](std::unique_ptr<int> p) { return *p + 1; });
    self.unhandle(ping);  // there is none
  }));
  EXPECT_EQ(*kernel.call<int>(id, parcel, std::make_unique<int>(4)), 5);
  ASSERT_TRUE(succeeded(kernel.run()));
}

TEST_P(HandlerTests, ReplacedManyTimesKeepOneAlive) {
  Counted::living = 0;
  const SessionId id = kernel.spawn(actor().on(start, [](auto&, Self& self) {
    for (int n = 0; n < 1000; ++n) self.handle(ping, [counted = Counted(n)] { static_cast<void>(counted); });
    EXPECT_EQ(Counted::living, 1);
  }));
  EXPECT_TRUE(kernel.alive(id));
  ASSERT_TRUE(succeeded(kernel.run()));
  EXPECT_EQ(Counted::living, 0);
}

// ---- what is known of an event whose handler threw

TEST_P(HandlerTests, DieTellsSenderEventAndPlaceP038) {
  std::string event, file;
  std::uint32_t line = 0;
  const std::uint32_t registered = __LINE__ + 11;
  SessionId sender, source;
  const SessionId bad = kernel.spawn(actor()
                                         .on(start,
                                             [&](auto&, Self& self) {
                                               std::move(*self.on_signal("DIE", [&](const Signal& die) {
                                                 die.handled();
                                                 sender = die.sender, source = die.source, event = die.event;
                                                 file = die.file, line = die.line;
                                               })).detach();
                                             })
                                         .on(go, [](auto&, Self&) { throw std::runtime_error("boom"); }));
  const SessionId culprit =
      kernel.spawn(actor().on(start, [&](auto&, Self& self) { static_cast<void>(self.post(bad, go)); }));
  ASSERT_TRUE(succeeded(kernel.run()));
  EXPECT_EQ(sender, culprit);
  EXPECT_EQ(source, bad);
  EXPECT_EQ(event, "go");
  EXPECT_NE(file.find("handler_test.cpp"), std::string::npos) << file;
  EXPECT_NEAR(line, registered, 10);  // compilers differ in which line of a long expression it is
}

// ---- callables

TEST_P(HandlerTests, ACallbackKeepsItsSessionAndGivesTheResultP058) {
  static constexpr Event<int, int> add{"add"};
  std::optional<Callback<int, int, int>> call;
  const SessionId id = kernel.spawn(actor()
                                        .on(start, [&](auto&, Self& self) { call.emplace(self.callback<int>(add)); })
                                        .on(add, [](auto&, Self&, int a, int b) { return a + b; }));
  for (int slice = 0; slice < 4; ++slice) static_cast<void>(kernel.run_one_timeslice(0ns));
  ASSERT_TRUE(kernel.alive(id));
  EXPECT_EQ(*(*call)(2, 3), 5);
  call.reset();
  ASSERT_TRUE(succeeded(kernel.run()));
  EXPECT_FALSE(kernel.alive(id));
}

TEST_P(HandlerTests, AWeakenedCallbackIsAnErrorLaterAndOneOfAGoneKernelTooP059) {
  static constexpr Event<Counted> counted{"counted"};
  Counted::living = 0;
  std::optional<Callback<void, Counted>> call, kept;
  {
    Kernel other = open_on(GetParam());
    const SessionId id = other.spawn(actor()
                                         .on(start,
                                             [&](auto&, Self& self) {
                                               call.emplace(self.callback(counted));
                                               call->weaken();
                                             })
                                         .on(counted, [&](auto&, Self&, const Counted&) { log.push_back("called"); }));
    other.spawn(actor().on(start, [&](auto&, Self& self) { kept.emplace(self.callback(counted)); }));
    EXPECT_TRUE(succeeded((*call)(Counted(1))));
    for (int slice = 0; slice < 4; ++slice) static_cast<void>(other.run_one_timeslice(0ns));
    EXPECT_FALSE(other.alive(id));
    EXPECT_EQ((*call)(Counted(2)).error().code(), Errc::no_session);
  }
  EXPECT_EQ((*kept)(Counted(3)).error().code(), Errc::closed);
  EXPECT_EQ(log, (Log{"called"}));
  EXPECT_EQ(Counted::living, 0);
}

}  // namespace
}  // namespace poe::test
