// SPDX-License-Identifier: MIT
//
// State machines (P165-P168): transitions and their order, calls between states, what is refused, both forms.
#include "poe/machine.hpp"

#include "kernel_lab.hpp"

namespace poe::test {
namespace {

inline constexpr State locked{"locked"}, unlocked{"unlocked"}, asking{"asking"}, unheard_of{"unheard of"};
inline constexpr Event<int> coin{"coin"};
inline constexpr Event<> push{"push"};
inline constexpr Event<std::string, int> opened{"opened"};
inline constexpr Event<int> answer{"answer"};
inline constexpr Event<Fn<void(MachineSession&)>> do_it{"do_it"};

class Machines : public OnEveryLoop {
 protected:
  auto says(std::string what) {
    return [this, what](Log&, MachineSession&) { log.push_back(what); };
  }
  /// A form with `do_it` in every state; the machine stays until it is told to stop.
  InlineMachine<Log> lab() {
    return InlineMachine(Log{}).anywhere().on(do_it, [this](Log&, MachineSession& m, Fn<void(MachineSession&)> work) {
      if (!pin) pin = m.keep_alive("test");
      work(m);
      log.push_back("done");
    });
  }
  void as(SessionId id, Fn<void(MachineSession&)> work) { ASSERT_TRUE(kernel.post(id, do_it, std::move(work))); }
  void slices() {
    for (int slice = 0; slice < 6; ++slice) static_cast<void>(kernel.run_one_timeslice(0ns));
  }
  /// What the throw of one `do_it` says.
  std::string thrown_by(InlineMachine<Log> form, Fn<void(MachineSession&)> work) {
    const SessionId id = kernel.spawn(std::move(form));
    as(id, std::move(work));
    const auto ran = kernel.run();
    return ran ? "" : ran.error().message();
  }
  static bool has(const std::string& text, std::string_view part) { return text.find(part) != std::string::npos; }

  Log log;
  KeepAlive pin;
};
POE_ON_EVERY_LOOP(Machines);

TEST_P(Machines, TheFirstStateIsEnteredInsideSpawnP165) {
  const SessionId id =
      kernel.spawn(lab().in(locked).on(enter, says("enter locked")).in(unlocked).on(enter, says("enter unlocked")));
  EXPECT_EQ(log, (Log{"enter locked"}));
  EXPECT_TRUE(kernel.alive(id));
}

TEST_P(Machines, BeginNamesAnotherFirstStateWithAnEntryEvent) {
  kernel.spawn(
      lab()
          .in(locked)
          .on(enter, says("enter locked"))
          .in(unlocked)
          .on(opened, [&](Log&, MachineSession& m, std::string by,
                          int n) { log.push_back(std::string(m.state().name) + " by " + by + std::to_string(n)); })
          .begin(unlocked, opened, "key", 7));
  EXPECT_EQ(log, (Log{"unlocked by key7"}));
}

TEST_P(Machines, LaterTransitionsTakePlaceAfterTheHandlerP165) {
  const SessionId id =
      kernel.spawn(lab()
                       .in(locked)
                       .on(leave, says("leave locked"))
                       .in(unlocked)
                       .on(opened, [&](Log&, MachineSession& m, std::string by, int n) {
                         log.push_back("opened by " + by + " " + std::to_string(n) + " in " + m.state().name);
                       }));
  as(id, [&](MachineSession& m) {
    m.goto_state(unlocked, opened, "Ann", 3);
    log.push_back(std::string("still ") + m.state().name);
  });
  slices();
  EXPECT_EQ(log, (Log{"still locked", "done", "leave locked", "opened by Ann 3 in unlocked"}));
}

TEST_P(Machines, ImmediateOnesTakePlaceInsideTheCall) {
  const SessionId id =
      kernel.spawn(lab().in(locked).on(leave, says("leave")).in(unlocked).on(enter, says("enter")).immediate());
  as(id, [&](MachineSession& m) {
    EXPECT_TRUE(m.immediate());
    m.goto_state(unlocked);
    log.push_back(m.state().name);
  });
  slices();
  EXPECT_EQ(log, (Log{"leave", "enter", "unlocked", "done"}));
}

TEST_P(Machines, EventsPostedEarlierGoToWhicheverStateIsPresentWhenTheyComeP166) {
  const SessionId id = kernel.spawn(lab()
                                        .in(locked)
                                        .on(ping, says("ping in locked"))
                                        .on(leave, says("leave locked"))
                                        .in(unlocked)
                                        .on(enter, says("enter unlocked"))
                                        .on(ping, says("ping in unlocked")));
  as(id, [](MachineSession& m) {
    m.yield(ping);
    m.goto_state(unlocked);
    m.yield(ping);
  });
  slices();
  EXPECT_EQ(log, (Log{"done", "ping in locked", "leave locked", "enter unlocked", "ping in unlocked"}));
}

TEST_P(Machines, CallAndReturnKeepTheOrderOfLeaveAndEnterP166) {
  const SessionId id = kernel.spawn(lab()
                                        .in(locked)
                                        .on(leave, says("leave locked"))
                                        .on(enter, says("enter locked"))
                                        .on(answer,
                                            [&](Log&, MachineSession& m, int n) {
                                              log.push_back(std::string(m.state().name) + " answer " +
                                                            std::to_string(n) + " depth " + std::to_string(m.depth()));
                                            })
                                        .in(asking)
                                        .on(leave, says("leave asking"))
                                        .on(opened, [&](Log&, MachineSession& m, std::string by, int n) {
                                          log.push_back("asked by " + by + " depth " + std::to_string(m.depth()));
                                          m.return_state(answer, n + 1);
                                        }));
  log.clear();
  as(id, [](MachineSession& m) { m.call_state(answer, asking, opened, "Bob", 41); });
  slices();
  EXPECT_EQ(log, (Log{"done", "leave locked", "asked by Bob depth 1", "leave asking", "locked answer 42 depth 0"}));
}

TEST_P(Machines, CallsNest) {
  const SessionId id = kernel.spawn(lab()
                                        .in(locked)
                                        .on(pong, says("back in locked"))
                                        .in(unlocked)
                                        .on(enter, [](Log&, MachineSession& m) { m.call_state(ping, asking); })
                                        .on(ping,
                                            [&](Log&, MachineSession& m) {
                                              log.push_back("back in unlocked");
                                              m.return_state();
                                            })
                                        .in(asking)
                                        .on(enter, [&](Log&, MachineSession& m) {
                                          log.push_back("depth " + std::to_string(m.depth()));
                                          m.return_state();
                                        }));
  as(id, [](MachineSession& m) { m.call_state(pong, unlocked); });
  slices();
  EXPECT_EQ(log, (Log{"done", "depth 2", "back in unlocked", "back in locked"}));
}

TEST_P(Machines, AnUnknownEventIsAnErrorThatNamesStateAndEventP167) {
  const SessionId id = kernel.spawn(lab().in(locked).in(unlocked).on(push, says("push")));
  ASSERT_TRUE(kernel.post(id, push));
  const auto ran = kernel.run();
  ASSERT_FALSE(ran);
  EXPECT_EQ(ran.error().code(), Errc::exception);
  EXPECT_TRUE(has(ran.error().message(), "cannot handle event \"push\" in state \"locked\"")) << ran.error().message();
}

TEST_P(Machines, WithOtherwiseAnUnknownEventIsNoErrorP167) {
  const SessionId id = kernel.spawn(
      lab().in(locked).otherwise([&](Log&, MachineSession&, const EventKey& event, std::span<const Value> arguments) {
        log.push_back(std::string(event.name) + " with " + std::to_string(arguments.size()));
      }));
  ASSERT_TRUE(kernel.post(id, coin, 1));
  ASSERT_TRUE(kernel.post(id, "by name", {}));
  EXPECT_TRUE(succeeded(kernel.run()));
  EXPECT_EQ(log, (Log{"coin with 1", "by name with 0"}));
}

TEST_P(Machines, EventsByNameReachThePresentState) {
  const SessionId id = kernel.spawn(
      lab().in(locked).on(coin, [&](Log&, MachineSession&, int n) { log.push_back("coin " + std::to_string(n)); }));
  const std::vector<Value> five{Value(5)};
  ASSERT_TRUE(kernel.post(id, "coin", five));
  EXPECT_TRUE(succeeded(kernel.run()));
  EXPECT_EQ(log, (Log{"coin 5"}));
}

TEST_P(Machines, TheSameStateAgainRunsLeaveAndTheEntryEventP168) {
  const SessionId id = kernel.spawn(
      lab()
          .in(locked)
          .on(enter, says("enter"))
          .on(leave, says("leave"))
          .on(opened, [&](Log&, MachineSession&, std::string by, int) { log.push_back("opened by " + by); }));
  as(id, [](MachineSession& m) {
    m.goto_state(locked);
    m.goto_state(locked, opened, "Ann", 1);
  });
  slices();
  EXPECT_EQ(log, (Log{"enter", "done", "leave", "enter", "leave", "opened by Ann"}));
}

TEST_P(Machines, GetNoStartHandlerAndNeedNoneForTheKernelsEventsP168) {
  EXPECT_THROW(static_cast<void>(lab().in(locked).on(start, says("start"))), std::logic_error);
  SessionId infant;
  const SessionId id = kernel.spawn(lab().in(locked).on(stop, says("stop")));
  as(id, [&](MachineSession& m) {
    infant =
        m.kernel().spawn(actor().on(start, [](auto&, Self& self) { self.yield(ping); }).on(ping, [](auto&, Self&) {}));
    pin.cancel();
  });
  EXPECT_TRUE(succeeded(kernel.run()));  // `_child` of a birth and an end
  EXPECT_EQ(log, (Log{"done", "stop"}));
}

TEST_P(Machines, EachStateHasItsOwnHandlerOfOneEventAndCommonOnesGiveWay) {
  const SessionId id = kernel.spawn(lab()
                                        .anywhere()
                                        .on(ping, says("common"))
                                        .in(locked)
                                        .on(ping, says("own"))
                                        .on(pong, [](Log&, MachineSession& m) { m.goto_state(unlocked); })
                                        .in(unlocked));
  for (const auto* event : {&ping, &pong, &ping}) ASSERT_TRUE(kernel.post(id, *event));
  ASSERT_TRUE(kernel.post(id, do_it, [](MachineSession&) {}));
  slices();
  EXPECT_EQ(log, (Log{"own", "own", "done"}));  // the second ping was queued before the transition
  ASSERT_TRUE(kernel.post(id, ping));
  slices();
  EXPECT_EQ(log.back(), "common");
}

TEST_P(Machines, AnUnknownStateIsRefusedWhereItIsAskedFor) {
  const std::string why = thrown_by(lab().in(locked).in(unlocked), [](MachineSession& m) { m.goto_state(unheard_of); });
  EXPECT_TRUE(has(why,
                  "cannot go from state \"locked\" to \"unheard of\": the machine has no such state; it has "
                  "locked, unlocked"))
      << why;
}

TEST_P(Machines, AnEntryEventTheStateDoesNotKnowIsRefused) {
  const std::string why =
      thrown_by(lab().in(locked).in(unlocked), [](MachineSession& m) { m.goto_state(unlocked, coin, 1); });
  EXPECT_TRUE(has(why, "that state has no handler for its entry event \"coin\"")) << why;
}

TEST_P(Machines, ReturnWithoutACallIsRefused) {
  const std::string why = thrown_by(lab().in(locked), [](MachineSession& m) { m.return_state(); });
  EXPECT_TRUE(has(why, "cannot return from state \"locked\": no call_state() led to it")) << why;
}

TEST_P(Machines, AnAnswerOfOtherTypesIsRefused) {
  const std::string why = thrown_by(lab()
                                        .in(locked)
                                        .on(answer, [](Log&, MachineSession&, int) {})
                                        .in(asking)
                                        .on(enter, [](Log&, MachineSession& m) { m.return_state(opened, "x", 1); }),
                                    [](MachineSession& m) { m.call_state(answer, asking); });
  EXPECT_TRUE(has(why, "its answer \"answer\" takes arguments of other types")) << why;
}

TEST_P(Machines, AnAnswerNobodyTakesIsRefused) {
  const std::string why =
      thrown_by(lab().in(locked).in(asking), [](MachineSession& m) { m.call_state(answer, asking); });
  EXPECT_TRUE(has(why, "it has no handler for \"answer\", the answer it asks for")) << why;
}

TEST_P(Machines, AStopInATransitionEndsItCleanly) {
  const SessionId id = kernel.spawn(lab()
                                        .in(locked)
                                        .on(leave, [](Log&, MachineSession& m) { m.request_stop(); })
                                        .in(unlocked)
                                        .on(enter, says("enter unlocked"))
                                        .on(stop, says("stop in unlocked")));
  as(id, [](MachineSession& m) {
    m.goto_state(unlocked);
    m.goto_state(locked);
  });
  EXPECT_TRUE(succeeded(kernel.run()));
  EXPECT_EQ(log, (Log{"done", "enter unlocked", "stop in unlocked"}));
}

TEST_P(Machines, TimersAndPostbacksReachThePresentState) {
  std::optional<Postback<>> back;
  const SessionId id = kernel.spawn(lab()
                                        .in(locked)
                                        .on(ping, says("never"))
                                        .in(unlocked)
                                        .on(ping,
                                            [&](Log&, MachineSession&) {
                                              log.push_back("timer in unlocked");
                                              (*std::exchange(back, std::nullopt))();
                                            })
                                        .on(pong, [&](Log&, MachineSession&) {
                                          log.push_back("postback");
                                          pin.cancel();
                                        }));
  Timer timer;
  as(id, [&](MachineSession& m) {
    timer = m.after(1ms, ping);
    back.emplace(m.postback(pong));
    m.goto_state(unlocked);
  });
  EXPECT_TRUE(succeeded(kernel.run()));
  EXPECT_EQ(log, (Log{"done", "timer in unlocked", "postback"}));
}

TEST_P(Machines, AReturnTypeComesBackFromACall) {
  const SessionId id = kernel.spawn(lab().in(locked).on(coin, [](Log&, MachineSession&, int n) { return n + 1; }));
  const auto got = kernel.call<int>(id, coin, 4);
  ASSERT_TRUE(succeeded(got));
  EXPECT_EQ(*got, 5);
}

/// The class form: a turnstile that counts.
class Turnstile : public Machine<Turnstile> {
 public:
  Turnstile(Birth birth, Log& log) : Machine(std::move(birth)), log_(log), pin_(keep_alive("turnstile")) {}
  static void states(States<Turnstile>& s) {
    s.in(locked).on(coin, &Turnstile::take, {unlocked, locked}).on(push, &Turnstile::refuse_push);
    s.in(unlocked).on(enter, &Turnstile::open).go(push, locked);
    s.anywhere().on(stop, &Turnstile::end);
  }

 private:
  void take(int value) {
    if (value >= 2) goto_state(unlocked);
  }
  void refuse_push() { log_.push_back("locked"); }
  void open() { log_.push_back("open"); }
  void end() { log_.push_back(std::string("end in ") + state().name); }
  Log& log_;
  KeepAlive pin_;
};

TEST_P(Machines, AsAClass) {
  const SessionId first = kernel.spawn<Turnstile>(log);
  const SessionId second = kernel.spawn<Turnstile>(log);  // shares the plan, not the state
  const auto step = [&](SessionId id, const auto& event, auto... arguments) {
    ASSERT_TRUE(kernel.post(id, event, arguments...));
    slices();
  };
  step(first, push);
  step(first, coin, 1);
  step(first, push);
  step(first, coin, 2);
  step(second, push);
  step(first, push);
  step(first, push);
  EXPECT_EQ(log, (Log{"locked", "locked", "open", "locked", "locked"}));
  log.clear();
  EXPECT_TRUE(kernel.with<Turnstile>(first, [](Turnstile& t) { EXPECT_EQ(t.state(), locked); }));
  kernel.stop();
  static_cast<void>(kernel.run());
  EXPECT_EQ(log, (Log{"end in locked", "end in locked"}));
}

// ---- no loop in it

TEST(MachinePlans, PrintTheirDiagram) {
  EXPECT_EQ(Turnstile::plan().to_dot("turn\"stile"),
            "digraph \"turn\\\"stile\" {\n"
            "  rankdir=LR;\n"
            "  node [shape=box, style=rounded];\n"
            "  \"\" [shape=point, style=filled];\n"
            "  \"locked\" [label=\"locked\\n\\n_stop\\ncoin\\npush\"];\n"
            "  \"unlocked\" [label=\"unlocked\\n\\n_stop\\nenter\\npush\"];\n"
            "  \"\" -> \"locked\";\n"
            "  \"locked\" -> \"unlocked\" [label=\"coin\"];\n"
            "  \"locked\" -> \"locked\" [label=\"coin\"];\n"
            "  \"unlocked\" -> \"locked\" [label=\"push\"];\n"
            "}\n");
}

TEST(MachinePlans, OfARunningMachineShowWhereItIsAndWhatNobodyDeclared) {
  Kernel kernel = open_on("sim");
  std::string dot;
  const SessionId id = kernel.spawn(InlineMachine(Nothing{})
                                        .in(locked)
                                        .on(push, [](Nothing&, MachineSession& m) { m.goto_state(unlocked); })
                                        .in(unlocked)
                                        .on(ping, [&](Nothing&, MachineSession& m) { dot = m.to_dot(); }));
  ASSERT_TRUE(kernel.post(id, push));
  static_cast<void>(kernel.run_one_timeslice(0ns));
  ASSERT_TRUE(succeeded(kernel.post(id, ping)));  // the transition still is queued: it lives
  ASSERT_TRUE(succeeded(kernel.run()));
  EXPECT_NE(dot.find("\"locked\" -> \"unlocked\" [style=dotted];"), std::string::npos) << dot;
  EXPECT_NE(dot.find("\"unlocked\" [label=\"unlocked\\n\\nping\", style=\"rounded,filled\"];"), std::string::npos)
      << dot;
}

TEST(MachinePlans, AreRefusedWithoutStatesOrWithTransitionsToNowhere) {
  Kernel kernel = open_on("sim");
  EXPECT_THROW(kernel.spawn(InlineMachine(Nothing{})), std::logic_error);
  EXPECT_THROW(kernel.spawn(InlineMachine(Nothing{}).in(locked).go(push, unheard_of)), std::logic_error);
  EXPECT_THROW(static_cast<void>(InlineMachine(Nothing{}).go(push, locked)), std::logic_error);
  EXPECT_THROW(static_cast<void>(InlineMachine(Nothing{}).in(locked).begin(unlocked)), std::logic_error);
}

template <class... B>
concept CanGo = requires(MachineSession& m, B... arguments) {
  m.goto_state(locked, opened, arguments...);
};
template <class F>
concept CanHandleCoin = requires(InlineMachine<Nothing> form, F function) {
  std::move(form).on(coin, function);
};

TEST(MachinePlans, WrongTypesDoNotCompile) {
  static_assert(CanGo<const char*, int>);
  static_assert(!CanGo<int, int>);
  static_assert(!CanGo<const char*>);
  static_assert(CanHandleCoin<void (*)(Nothing&, MachineSession&, int)>);
  static_assert(!CanHandleCoin<void (*)(Nothing&, MachineSession&, std::string)>);
  static_assert(!CanHandleCoin<void (*)(Nothing&, MachineSession&)>);
  SUCCEED();
}

}  // namespace
}  // namespace poe::test
