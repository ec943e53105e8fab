// SPDX-License-Identifier: MIT
//
// Options of one session: trace, debug, unhandled events, re-entrancy, what a throw does (inventory 1.8).
#include "kernel_lab.hpp"

namespace poe::test {
namespace {

class Options : public OnEveryLoop {
 protected:
  Kernel with_log(SessionOptions sessions = {}) {
    KernelOptions options;
    options.log = &kept;
    options.sessions = sessions;
    return open_on(GetParam(), options);
  }
  KeptLog kept;
  Log log;
};
POE_ON_EVERY_LOOP(Options);

TEST_P(Options, TraceTellsEachEventItHandles) {
  Kernel k = with_log();
  const SessionId other = k.spawn(actor().on(ping, [](auto&, Self&) {}));
  const SessionId id = k.spawn(actor()
                                   .on(start,
                                       [&](auto&, Self& self) {
                                         SessionOptions options = self.options();
                                         options.trace = true;
                                         self.set_options(options);
                                         static_cast<void>(self.post(other, ping));  // not traced
                                         self.after(1ms, pong).detach();
                                       })
                                   .on(ping, [](auto&, Self&) {})
                                   .on(pong, [](auto&, Self&) {}));
  ASSERT_TRUE(k.post(id, ping));
  ASSERT_TRUE(k.call(id, pong));
  ASSERT_TRUE(succeeded(k.run()));
  const std::string who = "trace: session " + std::to_string(id.slot()) + " handles ";
  EXPECT_EQ(kept.lines, (Log{who + "\"pong\" from the kernel", who + "\"ping\" from the kernel",
                             who + "\"pong\" from itself", who + "\"_stop\" from the kernel"}));
}

TEST_P(Options, DebugWarnsOfReplacedHandlers) {
  SessionOptions sessions;
  sessions.debug = true;
  Kernel k = with_log(sessions);
  k.spawn(actor().on(ping, [](auto&, Self&) {}).on(start, [](auto&, Self& self) {
    self.handle(pong, [] {});
    self.handle(ping, [] {});
  }));
  ASSERT_TRUE(succeeded(k.run()));
  ASSERT_EQ(kept.lines.size(), 1u);
  EXPECT_NE(kept.lines[0].find("\"ping\""), std::string::npos);
  EXPECT_NE(kept.lines[0].find("another handler"), std::string::npos);
}

TEST_P(Options, UnhandledEventsAreReportedWhereAskedFor) {
  SessionOptions sessions;
  sessions.report_unhandled = true;
  Kernel k = with_log(sessions);
  const SessionId id = k.spawn(actor().on(start, [](auto&, Self& self) { self.after(1ms, pong).detach(); }));
  k.spawn(actor().on(start, [&](auto&, Self& self) {
    self.set_options({});
    self.yield(ping);  // this one does not mind
  }));
  ASSERT_TRUE(k.post(id, ping));
  ASSERT_TRUE(k.post(id, "by name", {}));
  ASSERT_TRUE(succeeded(k.run()));
  ASSERT_EQ(kept.lines.size(), 3u);
  for (std::size_t n = 0; n < 3; ++n) {
    static constexpr const char* kNames[] = {"\"ping\"", "\"by name\"", "\"pong\""};
    EXPECT_NE(kept.lines[n].find(std::string("no handler for event ") + kNames[n]), std::string::npos) << kept.lines[n];
  }
}

TEST_P(Options, AReentrantSessionTakesItsEventsInsideASlice) {
  for (const bool reentrant : {false, true}) {
    kernel.spawn(actor()
                     .on(start,
                         [&](auto&, Self& self) {
                           SessionOptions options;
                           options.reentrant = reentrant;
                           self.set_options(options);
                           self.yield(go);
                         })
                     .on(go,
                         [&](auto&, Self& self) {
                           self.yield(ping);
                           static_cast<void>(self.kernel().run_one_timeslice(0ns));
                           log.push_back("go ends");
                         })
                     .on(ping, [&](auto&, Self&) { log.push_back("ping"); }));
    ASSERT_TRUE(succeeded(kernel.run()));
  }
  EXPECT_EQ(log, (Log{"go ends", "ping", "ping", "go ends"}));
}

TEST_P(Options, AThrowMayEndOneSessionAlone) {
  Kernel k = with_log();
  const SessionId other = k.spawn(actor().on(ping, [&](auto&, Self&) { log.push_back("other goes on"); }));
  const SessionId bad = k.spawn(actor()
                                    .on(start,
                                        [](auto&, Self& self) {
                                          SessionOptions options;
                                          options.on_throw = OnThrow::stop;
                                          self.set_options(options);
                                        })
                                    .on(go, [](auto&, Self&) { throw std::runtime_error("boom"); })
                                    .on(ping, [&](auto&, Self&) { log.push_back("never"); })
                                    .on(stop, [&](auto&, Self&) { log.push_back("bad stop"); }));
  ASSERT_TRUE(k.post(bad, go));
  ASSERT_TRUE(k.post(bad, ping));
  ASSERT_TRUE(k.post(other, ping));
  ASSERT_TRUE(succeeded(k.run()));
  EXPECT_EQ(log, (Log{"bad stop", "other goes on"}));
  ASSERT_EQ(kept.lines.size(), 1u);
  EXPECT_NE(kept.lines[0].find("boom"), std::string::npos);
  EXPECT_NE(kept.lines[0].find("options_test.cpp"), std::string::npos);
}

TEST_P(Options, AThrowMayBeReportedOnly) {
  SessionOptions sessions;
  sessions.on_throw = OnThrow::report;
  Kernel k = with_log(sessions);
  const SessionId id =
      k.spawn(actor().on(go, [](auto&, Self&) { throw std::runtime_error("boom"); }).on(ping, [&](auto&, Self&) {
        log.push_back("goes on");
      }));
  ASSERT_TRUE(k.post(id, go));
  ASSERT_TRUE(k.post(id, ping));
  ASSERT_TRUE(succeeded(k.run()));
  EXPECT_EQ(log, (Log{"goes on"}));
  EXPECT_EQ(kept.lines.size(), 1u);
}

}  // namespace
}  // namespace poe::test
