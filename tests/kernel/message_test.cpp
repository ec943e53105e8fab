// SPDX-License-Identifier: MIT
//
// Events between sessions: posting, calling, arguments and their lives (inventory 2.2).
#include <array>
#include <memory>

#include "kernel_lab.hpp"

namespace poe::test {
namespace {

inline constexpr Event<std::unique_ptr<int>> parcel{"parcel"};
inline constexpr Event<Counted> counted{"counted"};
inline constexpr Event<SessionId> ask{"ask"};

class Messages : public OnEveryLoop {
 protected:
  Messages() { Counted::living = 0; }
  ~Messages() override { EXPECT_EQ(Counted::living, 0); }
  Log log;
};
POE_ON_EVERY_LOOP(Messages);

TEST_P(Messages, ToAnEndedSessionAreAnErrorP023) {
  const SessionId gone = kernel.spawn(actor());
  ASSERT_TRUE(succeeded(kernel.run()));
  EXPECT_FALSE(kernel.alive(gone));
  EXPECT_EQ(kernel.post(gone, counted, Counted(1)).error().code(), Errc::no_session);
  EXPECT_EQ(kernel.call(gone, counted, Counted(1)).error().code(), Errc::no_session);
  EXPECT_EQ(kernel.post(gone, "counted", {}).error().code(), Errc::no_session);
  EXPECT_EQ(kernel.post(SessionId{}, ping).error().code(), Errc::no_session);
}

TEST_P(Messages, AnIdIsNotUsedAgainByTheNextSessionP060) {
  const SessionId gone = kernel.spawn(actor());
  ASSERT_TRUE(succeeded(kernel.run()));
  const SessionId next = kernel.spawn(actor().on(ping, [&](auto&, Self&) { log.push_back("wrong"); }));
  EXPECT_EQ(gone.slot(), next.slot());
  EXPECT_NE(gone, next);
  EXPECT_FALSE(kernel.post(gone, ping));
  ASSERT_TRUE(succeeded(kernel.run()));
  EXPECT_TRUE(log.empty());
}

TEST_P(Messages, ByAliasAreBoundWhenPostedP024) {
  Alias name;
  const SessionId first =
      kernel.spawn(actor()
                       .on(start, [&](auto&, Self& self) { name = *self.alias("box"); })
                       .on(text, [&](auto&, Self&, const std::string& t) { log.push_back("1 " + t); }));
  ASSERT_EQ(kernel.resolve("box"), first);
  ASSERT_TRUE(kernel.post(*kernel.resolve("box"), text, "for the first"));
  name.cancel();
  kernel.spawn(actor()
                   .on(start, [&](auto&, Self& self) { name = *self.alias("box"); })
                   .on(text, [&](auto&, Self&, const std::string& t) { log.push_back("2 " + t); }));
  ASSERT_TRUE(succeeded(kernel.run()));
  EXPECT_EQ(log, (Log{"1 for the first"}));
  EXPECT_EQ(kernel.resolve("box"), std::nullopt);
}

TEST_P(Messages, SenderIsWhoSentThem) {
  SessionId seen_from_session, seen_from_outside, seen_at_timer, sender;
  Timer timer;
  const SessionId sink = kernel.spawn(actor()
                                          .on(ping, [&](auto&, Self& self) { seen_from_session = self.sender(); })
                                          .on(pong, [&](auto&, Self& self) { seen_from_outside = self.sender(); })
                                          .on(go, [&](auto&, Self& self) { seen_at_timer = self.sender(); })
                                          .on(start, [&](auto&, Self& self) { timer = self.after(1ms, go); }));
  sender = kernel.spawn(actor().on(start, [&](auto&, Self& self) { static_cast<void>(self.post(sink, ping)); }));
  ASSERT_TRUE(kernel.post(sink, pong));
  ASSERT_TRUE(succeeded(kernel.run()));
  EXPECT_EQ(seen_from_session, sender);
  EXPECT_EQ(seen_from_outside, kernel.id());
  EXPECT_EQ(seen_at_timer, sink);
}

TEST_P(Messages, CallsGiveTheHandlersResultP026) {
  static constexpr Event<int, int> add{"add"};
  const SessionId id = kernel.spawn(actor().on(add, [](auto&, Self&, int a, int b) { return a + b; }));
  EXPECT_EQ(*kernel.call<int>(id, add, 2, 3), 5);
  EXPECT_TRUE(kernel.call(id, add, 2, 3));  // the result is dropped
  EXPECT_EQ(kernel.call<long>(id, add, 2, 3).error().code(), Errc::bad_arguments);
}

TEST_P(Messages, CallWithoutAHandlerSaysSoP025) {
  const SessionId id = kernel.spawn(actor());
  const auto called = kernel.call(id, counted, Counted(1));
  ASSERT_FALSE(called);
  EXPECT_EQ(called.error().code(), Errc::no_handler);
  EXPECT_NE(called.error().message().find("counted"), std::string::npos);
}

TEST_P(Messages, CallToOneselfIsDirectAndThrowsStraightThroughP027) {
  std::string caught, event;
  SessionId me, sender, sender_after;
  me = kernel.spawn(actor()
                        .on(go,
                            [&](auto&, Self& self) {
                              try {
                                static_cast<void>(self.call(self.id(), ping));
                              } catch (const std::runtime_error& error) {
                                caught = error.what();
                              }
                              sender_after = self.sender();
                            })
                        .on(ping, [&](auto&, Self& self) {
                          sender = self.sender();
                          event = self.kernel().current_event();
                          throw std::runtime_error("through");
                        }));
  ASSERT_TRUE(kernel.post(me, go));
  ASSERT_TRUE(succeeded(kernel.run()));
  EXPECT_EQ(caught, "through");
  EXPECT_EQ(sender, me);
  EXPECT_EQ(sender_after, kernel.id());
  EXPECT_EQ(event, "go");  // the event being handled is the caller's still
  EXPECT_EQ(kernel.current_event(), "");
}

TEST_P(Messages, CallToAThrowingSessionFailsAndIsItsDieP028) {
  Result<void> called;
  const SessionId bad = kernel.spawn(actor().on(ping, [](auto&, Self&) { throw std::runtime_error("callee"); }));
  kernel.spawn(actor().on(start, [&](auto&, Self& self) {
    called = self.call(bad, ping);
    log.push_back("caller goes on");
  }));
  const auto ran = kernel.run();
  ASSERT_FALSE(called);
  EXPECT_EQ(called.error().code(), Errc::exception);
  EXPECT_EQ(log, (Log{"caller goes on"}));
  ASSERT_FALSE(ran);
  EXPECT_EQ(ran.error().code(), Errc::exception);
}

TEST_P(Messages, CallToASessionUnderConstructionIsAnError) {
  struct Early : Session {
    Early(Birth birth, Result<void>& called, SessionId helper) : Session(std::move(birth)) {
      called = kernel().call<Result<void>>(helper, test::ask, id()).value_or(Result<void>{});
    }
    static void handlers(Handlers<Early>& h) { h.on(ping, &Early::on_ping); }
    void on_ping() {}
  };
  Result<void> called;
  const SessionId helper = kernel.spawn(
      actor().on(ask, [](auto&, Self& self, SessionId who) -> Result<void> { return self.call(who, ping); }));
  kernel.spawn<Early>(called, helper);
  ASSERT_FALSE(called);
  EXPECT_EQ(called.error().code(), Errc::no_session);
  ASSERT_TRUE(succeeded(kernel.run()));
}

TEST_P(Messages, ArgumentsDieWhileTheReceiverIsCurrentP031) {
  struct Witness {
    Kernel* kernel = nullptr;
    std::vector<SessionId>* died_in = nullptr;
    Witness(Kernel& k, std::vector<SessionId>& d) : kernel(&k), died_in(&d) {}
    Witness(Witness&& other) noexcept : kernel(std::exchange(other.kernel, nullptr)), died_in(other.died_in) {}
    ~Witness() {
      if (kernel != nullptr) died_in->push_back(kernel->current());
    }
  };
  static constexpr Event<const Witness&> witness{"witness"};
  std::vector<SessionId> died_in;
  const SessionId sink = kernel.spawn(actor().on(witness, [](auto&, Self&, const Witness&) {}));
  kernel.spawn(actor().on(start, [&](auto&, Self& self) {
    static_cast<void>(self.post(sink, witness, Witness(kernel, died_in)));
    static_cast<void>(self.call(sink, witness, Witness(kernel, died_in)));
  }));
  ASSERT_TRUE(succeeded(kernel.run()));
  EXPECT_EQ(died_in, (std::vector<SessionId>{sink, sink}));
}

TEST_P(Messages, WithoutAHandlerGoToOtherwiseWithACopyP034) {
  const SessionId id =
      kernel.spawn(actor().otherwise([&](auto&, Self&, const EventKey& event, std::span<const Value> arguments) {
        std::string line = event.name;
        for (const Value& value : arguments) line += " " + value.to_text();
        log.push_back(line);
      }));
  static constexpr Event<int, std::string, bool> mixed{"mixed"};
  ASSERT_TRUE(kernel.post(id, mixed, 1, "two", true));
  ASSERT_TRUE(succeeded(kernel.run()));
  EXPECT_EQ(log, (Log{"mixed 1 \"two\" true", "_stop"}));
}

TEST_P(Messages, WithoutAnyHandlerAreDroppedSilently) {
  const SessionId id = kernel.spawn(actor());
  ASSERT_TRUE(kernel.post(id, counted, Counted(1)));
  ASSERT_TRUE(succeeded(kernel.run()));
  EXPECT_EQ(Counted::living, 0);
}

TEST_P(Messages, AThrowingOtherwiseIsAThrowOfThatEventP035) {
  const SessionId id = kernel.spawn(actor().otherwise([](auto&, Self&, const EventKey& event, std::span<const Value>) {
    if (std::string_view(event.name) == "ping") throw std::runtime_error("from otherwise");
  }));
  ASSERT_TRUE(kernel.post(id, ping));
  const auto ran = kernel.run();
  ASSERT_FALSE(ran);
  EXPECT_NE(ran.error().message().find("from otherwise"), std::string::npos);
}

TEST_P(Messages, FromStopGoNowhereP037) {
  bool posted = false;
  kernel.spawn(actor()
                   .on(stop,
                       [&](auto&, Self& self) {
                         posted = static_cast<bool>(self.post(self.id(), counted, Counted(1)));
                         self.yield(ping);
                       })
                   .on(ping, [&](auto&, Self&) { log.push_back("delivered"); })
                   .on(counted, [&](auto&, Self&, const Counted&) { log.push_back("delivered"); }));
  ASSERT_TRUE(succeeded(kernel.run()));
  EXPECT_TRUE(posted);
  EXPECT_TRUE(log.empty());
}

TEST_P(Messages, MayCarryWhatCannotBeCopied) {
  int got = 0;
  const SessionId id = kernel.spawn(actor().on(parcel, [&](auto&, Self&, std::unique_ptr<int> p) { got += *p; }));
  ASSERT_TRUE(kernel.post(id, parcel, std::make_unique<int>(40)));
  ASSERT_TRUE(kernel.call(id, parcel, std::make_unique<int>(2)));
  ASSERT_TRUE(succeeded(kernel.run()));
  EXPECT_EQ(got, 42);
}

TEST_P(Messages, OfMoreThan256BytesAndStrictAlignmentArriveWhole) {
  struct alignas(64) Wide {
    int value;
  };
  static constexpr Event<std::array<int, 100>> large{"large"};
  static constexpr Event<Wide> wide{"wide"};
  int sum = 0;
  std::uintptr_t misaligned = 0;
  Timer timer;
  const SessionId id = kernel.spawn(actor()
                                        .on(large, [&](auto&, Self&, const std::array<int, 100>& a) { sum += a[99]; })
                                        .on(wide,
                                            [&](auto&, Self&, const Wide& w) {
                                              sum += w.value;
                                              misaligned |= reinterpret_cast<std::uintptr_t>(&w) % 64;
                                            })
                                        .on(go, [&](auto&, Self& self) {
                                          std::array<int, 100> a{};
                                          a[99] = 100;
                                          timer = self.after(1ms, large, a);
                                        }));
  std::array<int, 100> a{};
  a[99] = 7;
  for (int i = 0; i < 100; ++i) {
    ASSERT_TRUE(kernel.post(id, large, a));
    ASSERT_TRUE(kernel.post(id, wide, Wide{1}));
  }
  ASSERT_TRUE(kernel.post(id, go));
  ASSERT_TRUE(succeeded(kernel.run()));
  EXPECT_EQ(sum, 900);
  EXPECT_EQ(misaligned, 0u);
}

TEST_P(Messages, HandlerMayPostWhileItsOwnArgumentsStillLieInTheQueue) {
  std::string kept;
  const SessionId id = kernel.spawn(actor().on(text, [&](auto&, Self& self, const std::string& t) {
    if (t.size() < 100) return;
    for (int i = 0; i < 5000; ++i) self.yield(text, "x");  // grows the queue by many chunks
    kept = t;
  }));
  ASSERT_TRUE(kernel.post(id, text, std::string(200, 'a')));
  ASSERT_TRUE(succeeded(kernel.run()));
  EXPECT_EQ(kept, std::string(200, 'a'));
}

TEST_P(Messages, ArgumentsDieOnceOnEveryPath) {
  Timer fired, dropped, repeating;
  const SessionId victim = kernel.spawn(actor());
  kernel.spawn(actor()
                   .on(counted,
                       [&](auto&, Self&, Counted c) {
                         if (c.value == 13) throw std::runtime_error("thrown away");
                       })
                   .on(start,
                       [&](auto&, Self& self) {
                         SignalWatch watch = *self.on_signal("DIE", [](const Signal& s) { s.handled(); });
                         std::move(watch).detach();
                         self.yield(counted, Counted(1));                            // delivered
                         self.yield(counted, Counted(13));                           // thrown
                         static_cast<void>(self.post(victim, counted, Counted(2)));  // no handler
                         static_cast<void>(self.call(self.id(), counted, Counted(3)));
                         fired = self.after(1ms, counted, Counted(4));
                         dropped = self.after(10h, counted, Counted(5));
                         repeating = self.every(1ms, counted, Counted(6));
                         dropped.cancel();
                       })
                   .on(go, [](auto&, Self&) {}));
  for (int slice = 0; slice < 20; ++slice) static_cast<void>(kernel.run_one_timeslice(1ms));
  EXPECT_EQ(Counted::living, 1);  // the repeating timer's own
  repeating.cancel();
  ASSERT_TRUE(succeeded(kernel.run()));
  EXPECT_EQ(Counted::living, 0);
}

TEST_P(Messages, ArgumentsOfDroppedEventsDieWithTheirSessionP054) {
  const SessionId sink = kernel.spawn(actor().on(counted, [&](auto&, Self&, const Counted&) { log.push_back("got"); }));
  kernel.spawn(actor().on(start, [](auto&, Self& self) { self.yield(go); }).on(go, [&](auto&, Self& self) {
    static_cast<void>(self.post(sink, counted, Counted(1)));  // never delivered: from a session stopped by force
    self.yield(counted, Counted(2));
    self.request_stop();
  }));
  ASSERT_TRUE(succeeded(kernel.run()));
  EXPECT_TRUE(log.empty());
  EXPECT_EQ(Counted::living, 0);
}

TEST_P(Messages, ArgumentsStillQueuedDieWithTheKernel) {
  {
    Kernel other = open_on(GetParam());
    const SessionId id = other.spawn(actor());
    ASSERT_TRUE(other.post(id, counted, Counted(1)));
  }
  EXPECT_EQ(Counted::living, 0);
}

TEST_P(Messages, AThrowingCopyLeavesTheQueueSound) {
  const Counted original(1);
  const SessionId id = kernel.spawn(
      actor().on(counted, [&](auto&, Self&, const Counted&) { log.push_back("counted"); }).on(ping, [&](auto&, Self&) {
        log.push_back("ping");
      }));
  Counted::copies_left = 0;
  EXPECT_THROW(static_cast<void>(kernel.post(id, counted, original)), std::runtime_error);
  Counted::copies_left = -1;
  ASSERT_TRUE(kernel.post(id, ping));
  ASSERT_TRUE(succeeded(kernel.run()));
  EXPECT_EQ(log, (Log{"ping"}));
}

TEST_P(Messages, DeferredWorkRunsInOrderAsTheSession) {
  SessionId ran_as;
  const SessionId id = kernel.spawn(actor()
                                        .on(start,
                                            [&](auto&, Self& self) {
                                              self.yield(text, "before");
                                              self.defer([&] {
                                                ran_as = kernel.current();
                                                log.push_back("work");
                                              });
                                              self.yield(text, "after");
                                            })
                                        .on(text, [&](auto&, Self&, const std::string& t) { log.push_back(t); }));
  ASSERT_TRUE(succeeded(kernel.run()));
  EXPECT_EQ(log, (Log{"before", "work", "after"}));
  EXPECT_EQ(ran_as, id);
}

// ---- by name

TEST_P(Messages, ByNameAreConvertedToTheHandlersTypes) {
  static constexpr Event<int, std::string, double, std::vector<int>> mixed{"mixed"};
  const SessionId id = kernel.spawn(
      actor().on(mixed, [&](auto&, Self&, int i, const std::string& s, double d, const std::vector<int>& v) {
        log.push_back(std::to_string(i) + s + std::to_string(static_cast<int>(d)) + std::to_string(v.size()));
      }));
  const std::vector<Value> arguments{1, "two", 3, Value::List{1, 2, 3, 4}};
  ASSERT_TRUE(kernel.post(id, "mixed", arguments));
  ASSERT_TRUE(succeeded(kernel.run()));
  EXPECT_EQ(log, (Log{"1two34"}));
}

TEST_P(Messages, ByNameThatDoNotFitBecomeBadArguments) {
  const SessionId id =
      kernel.spawn(actor()
                       .on(number, [&](auto&, Self&, int) { log.push_back("delivered"); })
                       .on(parcel, [&](auto&, Self&, std::unique_ptr<int>) { log.push_back("delivered"); })
                       .on(bad_arguments, [&](auto&, Self&, const Error& error) { log.push_back(error.message()); }));
  const std::vector<Value> wrong_kind{"text"}, too_large{std::int64_t{1} << 40}, too_many{1, 2};
  for (const auto& arguments : {wrong_kind, too_large, too_many}) ASSERT_TRUE(kernel.post(id, "number", arguments));
  ASSERT_TRUE(kernel.post(id, "parcel", wrong_kind));
  ASSERT_TRUE(succeeded(kernel.run()));
  ASSERT_EQ(log.size(), 4u);
  EXPECT_EQ(log[0], "cannot deliver event \"number\": its arguments do not fit (string)");
  EXPECT_EQ(log[2], "cannot deliver event \"number\": its arguments do not fit (int, int)");
  EXPECT_EQ(log[3], "cannot deliver event \"parcel\": one of its argument types has no dynamic form");
}

TEST_P(Messages, ByNameAlsoReachPoesOwnEventsAndOtherwise) {
  const SessionId id =
      kernel.spawn(actor().otherwise([&](auto&, Self&, const EventKey& event, std::span<const Value> arguments) {
        if (arguments.size() == 1) log.push_back(event.name + arguments[0].to_text());
      }));
  const std::vector<Value> arguments{5};
  ASSERT_TRUE(kernel.post(id, "invented", arguments));
  ASSERT_TRUE(succeeded(kernel.run()));
  EXPECT_EQ(log, (Log{"invented5"}));
}

TEST_P(Messages, ReservedNamesCannotBeHandled) {
  static constexpr Event<> reserved{"_signal"};
  EXPECT_THROW(actor().on(reserved, [](auto&, Self&) {}), std::logic_error);
}

}  // namespace
}  // namespace poe::test
