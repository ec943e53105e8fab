// SPDX-License-Identifier: MIT
//
// The end of sessions whose Tasks wait.
#include <stdexcept>
#include <stop_token>
#include <string>

#include "kernel_lab.hpp"
#include "poe/coroutine.hpp"

namespace poe::test {

namespace {

class CoroutineCancel : public OnEveryLoop {
 protected:
  Log log;
};
POE_ON_EVERY_LOOP(CoroutineCancel);

/// Launches what it is given, and tells of its `_stop`.
class Host : public Session {
 public:
  using Work = Task<> (*)(Self&, Log&);
  Host(Birth birth, Log& log, std::vector<Work> work) : Session(std::move(birth)), log_(log), work_(std::move(work)) {}
  static void handlers(Handlers<Host>& table) { table.on(poe::start, &Host::begin).on(poe::stop, &Host::end); }

 private:
  void begin() {
    for (const Work work : work_) launch(work(*this, log_));
  }
  void end() { log_.push_back("_stop"); }
  Log& log_;
  std::vector<Work> work_;
};

Task<> wait_twice(Self& self, Log& log) {
  const auto first = co_await self.sleep(1h);
  log.push_back("first " + std::string(to_string(first.error().code())));
  const auto second = co_await self.next(go);
  log.push_back("second " + std::string(to_string(second.error().code())));
}

Task<> wait_for_a_number(Self& self, Log& log) {
  const auto got = co_await self.next(number);
  log.push_back(got ? "number" : "no number");
}

void stop_it(Kernel& kernel, SessionId id) {
  EXPECT_TRUE(succeeded(kernel.with<Host>(id, [](Host& host) { host.request_stop(); })));
}

}  // namespace

TEST_P(CoroutineCancel, PendingAwaitsEndOnceAfterStopAndLaterOnesAtOnce) {
  const SessionId id = kernel.spawn<Host>(log, std::vector<Host::Work>{wait_twice, wait_for_a_number});
  stop_it(kernel, id);
  EXPECT_TRUE(succeeded(kernel.run()));
  EXPECT_EQ(log, (Log{"_stop", "first cancelled", "second cancelled", "no number"}));
}

TEST_P(CoroutineCancel, TheErrorSaysWhy) {
  kernel.spawn([this](Self& self) -> Task<> {
    self.request_stop();
    const auto got = co_await self.next(number);
    log.push_back(got.error().message());
  });
  EXPECT_TRUE(succeeded(kernel.run()));
  EXPECT_EQ(log, Log{"cannot wait for event \"number\": the session stops"});
}

TEST_P(CoroutineCancel, AnOutcomeThatIsThereAlreadyIsNotLost) {
  const SessionId id = kernel.spawn<Host>(log, std::vector<Host::Work>{[](Self& self, Log& to) -> Task<> {
                                            AwaitQueue<int> queue;
                                            Scope scope(self);
                                            scope.launch([](AwaitQueue<int>& from, Log& into) -> Task<> {
                                              const auto got = co_await from.next();
                                              into.push_back(got ? "value" : "cancelled");
                                            }(queue, to));
                                            static_cast<void>(co_await self.next(go));
                                            EXPECT_TRUE(queue.push(1));
                                            self.request_stop();
                                            static_cast<void>(co_await self.sleep(1h));
                                            to.push_back("body");
                                          }});
  EXPECT_TRUE(succeeded(kernel.post(id, go)));
  EXPECT_TRUE(succeeded(kernel.run()));
  EXPECT_EQ(log, (Log{"_stop", "value", "body"}));
}

TEST_P(CoroutineCancel, KernelStopEndsAwaitsToo) {
  kernel.spawn<Host>(log, std::vector<Host::Work>{wait_for_a_number});
  kernel.stop();
  EXPECT_EQ(log, (Log{"_stop", "no number"}));
  EXPECT_EQ(kernel.session_count(), 0U);
}

TEST_P(CoroutineCancel, ThoseWhoOnlyWaitForOneAnotherDoNotKeepTheProgramRunning) {
  kernel.spawn<Host>(log, std::vector<Host::Work>{wait_for_a_number});
  EXPECT_TRUE(succeeded(kernel.run()));
  EXPECT_EQ(log, (Log{"_stop", "no number"}));
}

TEST_P(CoroutineCancel, ABodyThatTakesNoNoticeIsDestroyedInTheEnd) {
  KeptLog kept;
  KernelOptions options;
  options.log = &kept;
  Kernel other = open_on(GetParam(), options);
  long rounds = 0;
  other.spawn([&](Self& self) -> Task<> {
    for (;; ++rounds) static_cast<void>(co_await self.sleep(1h));
  });
  other.stop();
  EXPECT_GT(rounds, 100);
  EXPECT_EQ(other.session_count(), 0U);
  ASSERT_EQ(kept.lines.size(), 1U);
  EXPECT_NE(kept.lines[0].find("cancelled"), std::string::npos);
}

TEST_P(CoroutineCancel, AThrowAfterTheStopIsReportedByRunP063) {
  kernel.spawn<Host>(log, std::vector<Host::Work>{[](Self& self, Log&) -> Task<> {
                                                    const auto got = co_await self.next(go);
                                                    if (!got) throw std::runtime_error("late");
                                                  },
                                                  wait_for_a_number});
  const auto ran = kernel.run();
  ASSERT_FALSE(ran);
  EXPECT_THROW(std::rethrow_exception(ran.error().exception()), std::runtime_error);
  EXPECT_EQ(log, (Log{"_stop", "no number"}));
}

TEST_P(CoroutineCancel, ATaskLaunchedInStopWaitsForNothing) {
  kernel.spawn(actor().on(stop, [this](auto&, Self& self) { self.launch(wait_twice(self, log)); }));
  EXPECT_TRUE(succeeded(kernel.run()));
  EXPECT_EQ(log, (Log{"first cancelled", "second cancelled"}));
}

TEST_P(CoroutineCancel, AStopTokenIsToldWhenTheSessionBeginsToStop) {
  std::stop_token token;
  bool told = false;
  const SessionId id = kernel.spawn<Host>(log, std::vector<Host::Work>{wait_for_a_number});
  EXPECT_TRUE(succeeded(kernel.with<Host>(id, [&](Host& host) { token = host.stopping(); })));
  const std::stop_callback tell(token, [&] {
    told = true;
    log.push_back("token");
  });
  EXPECT_FALSE(token.stop_requested());
  kernel.stop();
  EXPECT_TRUE(told);
  EXPECT_EQ(log, (Log{"token", "_stop", "no number"}));
}

TEST_P(CoroutineCancel, AFreshSessionInTheSamePlaceHasAFreshToken) {
  const auto body = [](Self& self) -> Task<> {
    EXPECT_FALSE(self.stopping().stop_requested());
    EXPECT_TRUE(co_await self.sleep(0ms));
  };
  for (int i = 0; i < 3; ++i) {
    kernel.spawn(body);
    EXPECT_TRUE(succeeded(kernel.run()));
  }
}

TEST_P(CoroutineCancel, AKernelThatGoesTakesWaitingTasksAlong) {
  {
    Kernel other = open_on(GetParam());
    other.spawn(wait_for_a_number, std::ref(log));
  }
  EXPECT_EQ(log, Log{"no number"});
}

TEST_P(CoroutineCancel, AwaitsInsideAHandlerBelowASliceWaitForIt) {
  kernel.spawn(actor()
                   .on(start,
                       [this](auto&, Self& self) {
                         self.launch([](Self& me, Log& to) -> Task<> {
                           EXPECT_TRUE(co_await me.sleep(0ms));
                           to.push_back("task");
                         }(self, log));
                         self.yield(go);
                       })
                   .on(go, [this](auto&, Self& self) {
                     self.launch([](Self& me, Log& to) -> Task<> {
                       EXPECT_TRUE(co_await me.sleep(0ms));
                       to.push_back("second");
                     }(self, log));
                     for (int i = 0; i < 3; ++i) EXPECT_TRUE(succeeded(self.kernel().run_one_timeslice(0ms)));
                     log.push_back("handler");
                   }));
  EXPECT_TRUE(succeeded(kernel.run()));
  EXPECT_EQ(log, (Log{"task", "handler", "second"}));
}

}  // namespace poe::test
