// SPDX-License-Identifier: MIT
//
// Requests and replies between sessions.
#include <memory>
#include <stdexcept>
#include <string>

#include "kernel_lab.hpp"
#include "poe/coroutine.hpp"

namespace poe::test {

namespace {

inline constexpr Event<int> square{"square"};
inline constexpr Event<int> slow_square{"slow square"};
inline constexpr Event<std::unique_ptr<int>> weigh{"weigh"};

/// Answers with a value, or later.
class Server : public Session {
 public:
  explicit Server(Birth birth, Log& log) : Session(std::move(birth)), log_(log) {}
  static void handlers(Handlers<Server>& table) {
    table.on(square, &Server::answer).on(slow_square, &Server::answer_later).on(weigh, &Server::take);
    table.on(poe::start, &Server::begin).on(go, &Server::end);
  }

 private:
  void begin() { hold_ = keep_alive("serves"); }
  int answer(int value) {
    if (value < 0) throw std::runtime_error("negative");
    log_.push_back("square " + std::to_string(value));
    return value * value;
  }
  Task<int> answer_later(int value) {
    const auto slept = co_await sleep(2ms);
    if (!slept) log_.push_back("not any more");
    if (value < 0) throw std::runtime_error("negative");
    co_return value* value;
  }
  std::string take(std::unique_ptr<int> thing) { return "weight " + std::to_string(*thing); }
  void end() { request_stop(); }
  Log& log_;
  KeepAlive hold_;
};

Task<> ask_myself(Self& self) { EXPECT_EQ((co_await self.ask<int>(self.id(), number, 1)).value_or(-1), 2); }

class CoroutineAsk : public OnEveryLoop {
 protected:
  Log log;
  SessionId server = kernel.spawn<Server>(log);

  template <class F>
  void ask_in_a_session(F body) {
    kernel.spawn([this, body](Self& self) -> Task<> {
      co_await body(self);
      static_cast<void>(self.post(server, go));
    });
    EXPECT_TRUE(succeeded(kernel.run()));
  }
};
POE_ON_EVERY_LOOP(CoroutineAsk);

}  // namespace

TEST_P(CoroutineAsk, WhatTheHandlerReturnsIsTheReply) {
  ask_in_a_session([this](Self& self) -> Task<> {
    EXPECT_EQ((co_await self.ask<int>(server, square, 7)).value_or(-1), 49);
    const auto weight = co_await self.ask<std::string>(server, weigh, std::make_unique<int>(3));
    EXPECT_EQ(weight.value_or("none"), "weight 3");
  });
}

TEST_P(CoroutineAsk, AHandlerThatIsATaskRepliesWhenItHasEnded) {
  ask_in_a_session([this](Self& self) -> Task<> {
    const TimePoint begun = self.now();
    EXPECT_EQ((co_await self.ask<int>(server, slow_square, 5)).value_or(-1), 25);
    EXPECT_GE(self.now() - begun, 2ms);
  });
}

TEST_P(CoroutineAsk, AskingForNothingWaitsUntilItIsDone) {
  ask_in_a_session([this](Self& self) -> Task<> {
    EXPECT_TRUE(co_await self.ask<void>(server, square, 2));
    EXPECT_EQ(log, Log{"square 2"});
  });
}

TEST_P(CoroutineAsk, WrongTypeAndMissingHandlerAreErrors) {
  ask_in_a_session([this](Self& self) -> Task<> {
    const auto wrong = co_await self.ask<std::string>(server, square, 2);
    EXPECT_EQ(wrong.error().code(), Errc::bad_arguments);
    const auto none = co_await self.ask<int>(server, number, 2);
    EXPECT_EQ(none.error().code(), Errc::no_handler);
    const auto nobody = co_await self.ask<int>(SessionId{}, square, 2);
    EXPECT_FALSE(nobody);
  });
  EXPECT_TRUE(log.empty());
}

TEST_P(CoroutineAsk, AThrowIsADieOfTheServerAndAnErrorForTheAsker) {
  SignalWatch watch;
  EXPECT_TRUE(succeeded(kernel.with<Server>(server, [&](Server& one) {
    watch = std::move(*one.on_signal("DIE", [this](const Signal& die) {
      die.handled();
      log.push_back("die");
    }));
  })));
  ask_in_a_session([this](Self& self) -> Task<> {
    const auto now = co_await self.ask<int>(server, square, -1);
    EXPECT_EQ(now.error().code(), Errc::exception);
    EXPECT_THROW(std::rethrow_exception(now.error().exception()), std::runtime_error);
    const auto later = co_await self.ask<int>(server, slow_square, -1);
    EXPECT_EQ(later.error().code(), Errc::exception);
  });
  EXPECT_EQ(log, (Log{"die", "die"}));
}

TEST_P(CoroutineAsk, AServerThatEndsBeforeItRepliesIsAnError) {
  kernel.spawn([this](Self& self) -> Task<> {
    static_cast<void>(self.post(server, go));
    const auto queued = co_await self.ask<int>(server, square, 2);  // behind what ends it
    EXPECT_EQ(queued.error().code(), Errc::no_session);
    const auto gone = co_await self.ask<int>(server, square, 2);
    EXPECT_EQ(gone.error().code(), Errc::no_session);
    log.push_back("told");
  });
  EXPECT_TRUE(succeeded(kernel.run()));
  EXPECT_EQ(log, Log{"told"});
}

TEST_P(CoroutineAsk, AServerThatStopsInTheMiddleOfATaskRepliesWithWhatItHas) {
  kernel.spawn([this](Self& self) -> Task<> {
    self.launch([](Self& me, SessionId to) -> Task<> {
      EXPECT_TRUE(co_await me.sleep(0ms));  // the request is queued, its Task will take 2 ms
      static_cast<void>(me.post(to, go));
    }(self, server));
    const auto got = co_await self.ask<int>(server, slow_square, 3);
    EXPECT_EQ(got.value_or(-1), 9);
  });
  EXPECT_TRUE(succeeded(kernel.run()));
  EXPECT_EQ(log, Log{"not any more"});
}

TEST_P(CoroutineAsk, AReplyThatComesTooLateIsDropped) {
  ask_in_a_session([this](Self& self) -> Task<> {
    const auto got = co_await self.ask<int>(server, slow_square, 3).within(1ms);
    EXPECT_EQ(got.error().code(), Errc::timed_out);
    EXPECT_TRUE(co_await self.sleep(5ms));
    EXPECT_EQ((co_await self.ask<int>(server, square, 4)).value_or(-1), 16);
  });
}

TEST_P(CoroutineAsk, ARequestGivenUpBeforeItsTurnIsNotServed) {
  ask_in_a_session([this](Self& self) -> Task<> {
    {
      Scope scope(self);
      scope.launch([](Self& me, SessionId to) -> Task<> { static_cast<void>(co_await me.ask<int>(to, square, 1)); }(
                                                  self, server));
    }
    EXPECT_TRUE(co_await self.sleep(1ms));
  });
  EXPECT_TRUE(log.empty());
}

TEST_P(CoroutineAsk, ATaskMayAskItsOwnSession) {
  kernel.spawn(actor()
                   .on(start,
                       [this](auto&, Self& self) {
                         self.launch(ask_myself(self));
                         static_cast<void>(self.post(server, go));
                       })
                   .on(number, [](auto&, Self&, int value) { return value + 1; }));
  EXPECT_TRUE(succeeded(kernel.run()));
}

}  // namespace poe::test
