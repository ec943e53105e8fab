// SPDX-License-Identifier: MIT
//
// What keeps a session alive, and in which order families live and die (inventory 2.3).
#include "family_lab.hpp"

namespace poe::test {
namespace {

class Lifetime : public FamilyTest {};
POE_ON_EVERY_LOOP(Lifetime);

TEST_P(Lifetime, EndsWithNothingToDoAfterItsCreatorsHandlerP042P044) {
  bool alive_after_spawn = false;
  kernel.spawn(actor().on(start, [&](auto&, Self& self) {
    const SessionId inner = self.kernel().spawn(member("inner"));
    alive_after_spawn = kernel.alive(inner);
    log.push_back("creator done");
  }));
  ASSERT_TRUE(succeeded(kernel.run()));
  EXPECT_TRUE(alive_after_spawn);
  EXPECT_EQ(log, (Log{"inner start", "creator done", "inner stop"}));
}

TEST_P(Lifetime, EachReasonKeepsItAliveAndIsNamedP040) {
  Timer timer;
  Watch watch;
  KeepAlive extra;
  SignalWatch signal;
  Pair pair = pipe_pair(kernel);
  SessionId id = kernel.spawn(actor().on(start, [&](auto&, Self& self) { timer = self.after(10h, ping); }));
  EXPECT_TRUE(outlives_slices(id));
  EXPECT_NE(kernel.why_alive(id).find("a timer: \"ping\""), std::string::npos);
  timer.cancel();
  EXPECT_FALSE(outlives_slices(id));

  id = kernel.spawn(actor().on(
      start, [&](auto&, Self& self) { watch = *self.watch(pair.here.get(), POE_READ, [](std::uint32_t) {}); }));
  EXPECT_TRUE(outlives_slices(id));
  EXPECT_NE(kernel.why_alive(id).find("a watch: descriptor " + std::to_string(pair.here.get()) + " for read"),
            std::string::npos);
  watch.pause(POE_READ);
  EXPECT_TRUE(outlives_slices(id));
  EXPECT_NE(kernel.why_alive(id).find("paused: read"), std::string::npos);
  watch.cancel();
  EXPECT_FALSE(outlives_slices(id));

  id = kernel.spawn(actor().on(start, [&](auto&, Self& self) { extra = self.keep_alive("downloads"); }));
  EXPECT_TRUE(outlives_slices(id));
  EXPECT_NE(kernel.why_alive(id).find("an extra reference: \"downloads\""), std::string::npos);
  extra.cancel();
  EXPECT_FALSE(outlives_slices(id));

  id = kernel.spawn(
      actor().on(start, [&](auto&, Self& self) { signal = *self.on_signal("news", [](const Signal&) {}); }));
  EXPECT_FALSE(outlives_slices(id));  // a signal watch is no reason
}

TEST_P(Lifetime, AChildOrANameKeepsItAliveP040) {
  const SessionId busy = kernel.spawn(member("busy"));  // so that the program is not idle
  KeepAlive pin, childs_pin;
  as(busy, [&](Self& self) { pin = self.keep_alive("pin"); });
  const SessionId mother = born(member("mother"), "mother");
  as(mother, [&](Self&) {
    const SessionId son = born(member("son"), "son");
    as(son, [&](Self& self) { childs_pin = self.keep_alive("pin"); });
  });
  Alias name;
  const SessionId named = kernel.spawn(member("named"));
  as(named, [&](Self& self) { name = *self.alias("name"); });
  EXPECT_TRUE(outlives_slices(mother));
  EXPECT_TRUE(outlives_slices(named));
  EXPECT_NE(kernel.why_alive(mother).find("a child: session"), std::string::npos);
  EXPECT_NE(kernel.why_alive(named).find("an alias: \"name\""), std::string::npos);
  childs_pin.cancel();
  name.cancel();
  EXPECT_FALSE(outlives_slices(mother));
  EXPECT_FALSE(outlives_slices(named));
}

TEST_P(Lifetime, TheKernelIsTheRootAndNeverSweptP052) {
  const SessionId first = kernel.spawn(member("first"));
  EXPECT_EQ(kernel.sessions().at(0).parent, kernel.id());
  EXPECT_TRUE(kernel.alive(kernel.id()));
  ASSERT_TRUE(succeeded(kernel.post(kernel.id(), ping)));  // it has no handlers: nothing happens
  ASSERT_TRUE(succeeded(kernel.signal(kernel.id(), "news")));
  ASSERT_TRUE(succeeded(kernel.run()));
  EXPECT_FALSE(kernel.alive(first));
  EXPECT_TRUE(kernel.alive(kernel.id()));
  EXPECT_EQ(kernel.current(), kernel.id());
}

TEST_P(Lifetime, ASessionNeedsNoStartHandlerP061) {
  const SessionId id = kernel.spawn(actor().on(ping, [&](auto&, Self&) { log.push_back("ping"); }));
  EXPECT_TRUE(kernel.alive(id));
  ASSERT_TRUE(kernel.post(id, ping));
  ASSERT_TRUE(succeeded(kernel.run()));
  EXPECT_EQ(log, (Log{"ping"}));
}

TEST_P(Lifetime, APendingEventToOrFromItKeepsItAliveP040) {
  std::vector<bool> sender_alive;
  SessionId sender;
  const SessionId sink =
      kernel.spawn(actor().on(ping, [&](auto&, Self&) { sender_alive.push_back(kernel.alive(sender)); }));
  KeepAlive pin;
  kernel.spawn(actor().on(start, [&](auto&, Self& self) {
    sender =
        self.kernel().spawn(actor().on(go, [&](auto&, Self& inner) { static_cast<void>(inner.post(sink, ping)); }));
    static_cast<void>(self.call(sender, go));
  }));
  EXPECT_NE(kernel.why_alive(sender).find("a queued event from it: \"ping\""), std::string::npos);
  EXPECT_NE(kernel.why_alive(sink).find("a queued event to it: \"ping\""), std::string::npos);
  ASSERT_TRUE(succeeded(kernel.run()));
  EXPECT_EQ(sender_alive, (std::vector<bool>{true}));
}

TEST_P(Lifetime, AReferenceRegainedBeforeTheSweepSavesItP041) {
  KeepAlive pin;
  bool survived = false;
  const SessionId id = kernel.spawn(actor()
                                        .on(start, [&](auto&, Self& self) { pin = self.keep_alive("one"); })
                                        .on(go, [&](auto&, Self& self) { pin = self.keep_alive("again"); })
                                        .on(ping, [&](auto&, Self&) { survived = true; }));
  kernel.spawn(actor().on(start, [&](auto&, Self& self) { self.yield(ping); }).on(ping, [&](auto&, Self& self) {
    pin.cancel();  // marks it
    EXPECT_TRUE(self.call(id, go));
  }));
  EXPECT_TRUE(outlives_slices(id));
  ASSERT_TRUE(kernel.call(id, ping));
  EXPECT_TRUE(survived);
  pin.cancel();
  ASSERT_TRUE(succeeded(kernel.run()));
}

TEST_P(Lifetime, OneSweepStopsInReverseOrderOfMarkingP043) {
  std::vector<KeepAlive> pins;
  for (const char* name : {"a", "b", "c"}) {
    const SessionId id = kernel.spawn(member(name));
    as(id, [&](Self& self) { pins.push_back(self.keep_alive("pin")); });
  }
  kernel.spawn(actor().on(start, [](auto&, Self& self) { self.yield(go); }).on(go, [&](auto&, Self&) {
    for (KeepAlive& pin : pins) pin.cancel();
  }));
  ASSERT_TRUE(succeeded(kernel.run()));
  EXPECT_EQ(log, (Log{"a start", "b start", "c start", "c stop", "b stop", "a stop"}));
}

TEST_P(Lifetime, ReferencesDroppedInStartDoNotDestroyItThereP045) {
  kernel.spawn(actor()
                   .on(start,
                       [&](auto&, Self& self) {
                         { const KeepAlive pin = self.keep_alive("short"); }
                         { const Timer timer = self.after(1h, ping); }
                         log.push_back("still here");
                         self.yield(ping);
                       })
                   .on(ping, [&](auto&, Self&) { log.push_back("and here"); }));
  ASSERT_TRUE(succeeded(kernel.run()));
  EXPECT_EQ(log, (Log{"still here", "and here"}));
}

TEST_P(Lifetime, BirthsAreToldInsideOutP046) {
  const SessionId outer = born(member("outer"), "outer");
  as(outer, [&](Self& self) {
    self.kernel().spawn(actor()
                            .on(start,
                                [&](auto&, Self& middle) {
                                  log.push_back("middle start");
                                  middle.kernel().spawn(member("inner"));
                                  log.push_back("middle start done");
                                })
                            .on(child, [&](auto&, Self&, const ChildChange&) { log.push_back("middle create"); }));
    log.push_back("spawn returned");
  });
  EXPECT_EQ(log, (Log{"outer start", "middle start", "inner start", "middle create", "middle start done",
                      "outer create ", "spawn returned"}));
  ASSERT_TRUE(succeeded(kernel.run()));
}

TEST_P(Lifetime, NaturalEndsGoFromTheChildUpP047) {
  const SessionId outer = born(member("outer"), "outer");
  SessionId inner;
  as(outer, [&](Self&) { inner = born(member("inner"), "inner"); });
  log.clear();
  ASSERT_TRUE(succeeded(kernel.run()));
  EXPECT_EQ(log, (Log{"inner stop", "outer lose inner", "outer stop"}));
}

TEST_P(Lifetime, ADyingParentsChildrenGoToTheGrandparentP048P049) {
  const SessionId top = born(member("top"), "top");
  SessionId middle, leaf;
  KeepAlive pin;
  as(top, [&](Self&) { middle = born(member("middle"), "middle"); });
  as(middle, [&](Self&) { leaf = born(member("leaf"), "leaf"); });
  as(leaf, [&](Self& self) { pin = self.keep_alive("pin"); });
  log.clear();
  as(middle, [](Self& self) { self.request_stop(); });
  EXPECT_TRUE(outlives_slices(leaf));
  EXPECT_EQ(log, (Log{"top gain leaf", "leaf parent middle>top", "middle stop", "top lose middle"}));
  const auto sessions = kernel.sessions();
  for (const SessionInfo& info : sessions) {
    if (info.id == leaf) {
      EXPECT_EQ(info.parent, top);
    }
  }
  pin.cancel();
  ASSERT_TRUE(succeeded(kernel.run()));
}

TEST_P(Lifetime, DetachedInStartItsParentHearsNothingP050) {
  const SessionId outer = born(member("outer"), "outer");
  log.clear();
  as(outer, [&](Self&) {
    kernel.spawn(actor()
                     .on(start, [&](auto&, Self& self) { EXPECT_TRUE(succeeded(self.detach_myself())); })
                     .on(parent, [&](auto&, Self&, const ParentChange& change) {
                       log.push_back("parent " + names[change.former] + ">" + names[change.present]);
                     }));
  });
  ASSERT_TRUE(succeeded(kernel.run()));
  EXPECT_EQ(log, (Log{"parent outer>kernel", "outer stop"}));
}

TEST_P(Lifetime, DetachedByItsParentBothHearOfItP051) {
  const SessionId outer = born(member("outer"), "outer");
  SessionId inner;
  as(outer, [&](Self&) { inner = born(member("inner"), "inner"); });
  log.clear();
  as(outer, [&](Self& self) { EXPECT_TRUE(succeeded(self.detach_child(inner))); });
  EXPECT_EQ(log, (Log{"outer lose inner", "inner parent outer>kernel"}));
  as(outer, [&](Self& self) {
    EXPECT_EQ(self.detach_child(inner).error().code(), Errc::invalid_argument);
    EXPECT_EQ(self.detach_myself().error().code(), Errc::invalid_argument);  // the kernel's child already
    EXPECT_FALSE(self.detach_child(self.id()));
  });
  ASSERT_TRUE(succeeded(kernel.run()));
}

TEST_P(Lifetime, DetachingAgainInTheNewsOfItEnds) {
  int news = 0;
  kernel.spawn(actor()
                   .on(child,
                       [&](auto&, Self& self, const ChildChange& change) {
                         if (change.reason == ChildChange::Reason::lose && ++news < 10)
                           static_cast<void>(self.detach_child(change.child));
                       })
                   .on(start, [&](auto&, Self& self) {
                     self.kernel().spawn(
                         actor()
                             .on(start, [](auto&, Self& inner) { inner.yield(go); })
                             .on(go, [](auto&, Self& inner) { static_cast<void>(inner.detach_myself()); })
                             .on(parent, [&](auto&, Self& inner, const ParentChange&) {
                               if (++news < 10) static_cast<void>(inner.detach_myself());
                             }));
                   }));
  ASSERT_TRUE(succeeded(kernel.run()));
  EXPECT_EQ(news, 2);
}

TEST_P(Lifetime, StoppingTwiceStopsOnceP053) {
  int stops = 0;
  kernel.spawn(actor()
                   .on(start,
                       [](auto&, Self& self) {
                         self.request_stop();
                         self.request_stop();
                       })
                   .on(stop, [&](auto&, Self& self) {
                     ++stops;
                     self.request_stop();
                   }));
  ASSERT_TRUE(succeeded(kernel.run()));
  EXPECT_EQ(stops, 1);
}

TEST_P(Lifetime, OnlyNamesLeftMeansIdleAndTheEndP055) {
  std::vector<Alias> names_held;
  Timer timer;
  kernel.spawn(member("daemon"));
  const SessionId daemon = kernel.sessions().front().id;
  as(daemon, [&](Self& self) { names_held.push_back(*self.alias("logger")); });
  kernel.spawn(actor().on(start, [&](auto&, Self& self) { timer = self.after(2ms, ping); }).on(ping, [&](auto&, Self&) {
    log.push_back("work done");
  }));
  ASSERT_TRUE(succeeded(kernel.run()));
  EXPECT_EQ(log, (Log{"daemon start", "work done", "daemon stop"}));
}

TEST_P(Lifetime, ADaemonWhoseLastOtherReasonWentOutsideARunEndsTooP055) {
  Alias name;
  KeepAlive pin;
  const SessionId daemon = kernel.spawn(member("daemon"));
  as(daemon, [&](Self& self) {
    name = *self.alias("logger");
    pin = self.keep_alive("pin");
  });
  EXPECT_TRUE(outlives_slices(daemon));
  pin.cancel();
  ASSERT_TRUE(succeeded(kernel.run()));
  EXPECT_FALSE(kernel.alive(daemon));
}

TEST_P(Lifetime, AliasesAreTakenCountedAndFreedWithTheirSessionP056) {
  std::vector<Alias> held;
  const SessionId first = kernel.spawn(member("first"));
  as(first, [&](Self& self) {
    held.push_back(*self.alias("a"));
    held.push_back(*self.alias("b"));
    EXPECT_EQ(self.alias("a").error().code(), Errc::alias_taken);
  });
  const SessionId second = kernel.spawn(member("second"));
  as(second, [&](Self& self) { EXPECT_EQ(self.alias("a").error().code(), Errc::alias_taken); });
  EXPECT_NE(kernel.why_alive(first).find("an alias: \"a\""), std::string::npos);
  as(first, [](Self& self) { self.request_stop(); });
  EXPECT_FALSE(outlives_slices(first));
  EXPECT_EQ(kernel.resolve("a"), std::nullopt);
  for (const Alias& alias : held) EXPECT_FALSE(alias);
}

TEST_P(Lifetime, ExtraReferencesAreIndependentP057) {
  const SessionId id = kernel.spawn(member("pinned"));
  KeepAlive one, two;
  as(id, [&](Self& self) {
    one = self.keep_alive("one");
    two = self.keep_alive("one");
  });
  one.cancel();
  EXPECT_TRUE(outlives_slices(id));
  two.cancel();
  EXPECT_FALSE(outlives_slices(id));
}

TEST_P(Lifetime, APostbackKeepsItAliveAndDeliversP058) {
  std::vector<int> got;
  std::optional<Postback<int>> back;
  const SessionId id = kernel.spawn(actor()
                                        .on(start, [&](auto&, Self& self) { back.emplace(self.postback(number)); })
                                        .on(number, [&](auto&, Self&, int n) { got.push_back(n); }));
  EXPECT_TRUE(outlives_slices(id));
  EXPECT_NE(kernel.why_alive(id).find("postbacks: 1"), std::string::npos);
  ASSERT_TRUE(succeeded((*back)(5)));
  Postback<int> moved = std::move(*back);
  back.reset();
  EXPECT_TRUE(outlives_slices(id));
  EXPECT_EQ(got, (std::vector<int>{5}));
  { const Postback<int> gone = std::move(moved); }
  EXPECT_FALSE(outlives_slices(id));
  EXPECT_FALSE(moved);
}

TEST_P(Lifetime, AWeakenedPostbackFailsQuietlyLaterP059) {
  std::vector<int> got;
  std::optional<Postback<int>> back;
  const SessionId id = kernel.spawn(actor()
                                        .on(start,
                                            [&](auto&, Self& self) {
                                              back.emplace(self.postback(number));
                                              back->weaken();
                                              EXPECT_TRUE(succeeded((*back)(1)));
                                            })
                                        .on(number, [&](auto&, Self&, int n) { got.push_back(n); }));
  EXPECT_FALSE(outlives_slices(id));
  EXPECT_EQ(got, (std::vector<int>{1}));
  EXPECT_EQ((*back)(2).error().code(), Errc::no_session);
}

TEST_P(Lifetime, APostbackInTheSessionsOwnHandsGoesWithIt) {
  struct State {
    std::optional<Postback<int>> back{};
  };
  kernel.spawn(Inline<State>(State{}).on(start, [](State& state, Self& self) {
    state.back.emplace(self.postback(number));
    self.request_stop();
  }));
  ASSERT_TRUE(succeeded(kernel.run()));
  EXPECT_EQ(kernel.session_count(), 0u);
}

}  // namespace
}  // namespace poe::test
