// SPDX-License-Identifier: MIT
//
// Bodies in pieces; and who goes when: the call, the client, the session, the process.
#include <sys/wait.h>
#include <unistd.h>

#include <stdexcept>
#include <thread>

#include "http_client_bench.hpp"

namespace poe::test {
namespace {

class HttpClientLifeTest : public HttpClientTest {
 protected:
  static constexpr std::size_t kWhole = std::size_t{12} << 20;
  /// "/large": 12 MiB, counted as they are made.
  SessionId serve_large() {
    HttpServerOptions options = server_options();
    options.routes.get("/large", [this](HttpExchange exchange) {
      exchange.on_gone([this] { note("gone"); });
      exchange.stream(HttpResponse(200), [this](std::string& piece) {
        piece.append(std::size_t{64} << 10, 'x');
        made += piece.size();
        return Result<bool>(made < kWhole);
      });
    });
    return serve(std::move(options));
  }
  /// Asks for it, with what to do at each piece.
  void ask_large(Fn<void()> at_piece) {
    HttpClientRequest request(at("/large"));
    request.on_head = [this](const HttpClientResponse& head) { note("head " + std::to_string(head.status)); };
    request.on_piece = [this, act = std::move(at_piece)](std::string_view piece) mutable {
      got += piece.size();
      act();
    };
    as_asker([&](Asker& self) {
      call = self.wheel.send(std::move(request), [this](const Answer& answer) {
        note(answer ? "done " + std::to_string(answer->body.size()) : answer.error().message());
      });
    });
  }
  /// The same, with the body in the answer.
  void ask_whole(Fn<void(const HttpClientResponse&)> at_head) {
    HttpClientRequest request(at("/large"));
    request.on_head = std::move(at_head);
    as_asker([&](Asker& self) {
      call = self.wheel.send(std::move(request), [this](const Answer& answer) {
        note(answer ? "done " + std::to_string(answer->body.size()) : answer.error().message());
      });
    });
  }
  /// Runs for that long.
  void run_for(Duration time) {
    const TimePoint end = kernel.now() + time;
    while (kernel.now() < end) ASSERT_TRUE(kernel.run_one_timeslice(1ms));
  }
  std::size_t made = 0;
  std::size_t got = 0;
};
POE_ON_REAL_LOOPS(HttpClientLifeTest);

TEST_P(HttpClientLifeTest, ABodyComesInPieces) {
  serve_large();
  ask_large([] {});
  until([&] { return said("done 0"); });
  EXPECT_EQ(log, (Log{"head 200", "done 0"}));
  EXPECT_EQ(got, kWhole);
}

TEST_P(HttpClientLifeTest, APausedCallSlowsTheServerDown) {
  serve_large();
  bool first = true;
  ask_large([&] {
    if (std::exchange(first, false)) call.pause();
  });
  until([&] { return !first; });
  settle();
  const std::size_t made_before = made;
  const std::size_t got_before = got;
  settle();
  EXPECT_EQ(made, made_before);
  EXPECT_EQ(got, got_before);
  EXPECT_LT(made, kWhole);
  call.resume();
  until([&] { return said("done 0"); });
  EXPECT_EQ(got, kWhole);
}

TEST_P(HttpClientLifeTest, PausingAtEveryPieceLosesNothing) {
  serve_large();
  ask_large([&] {
    call.pause();
    call.resume();
  });
  until([&] { return said("done 0"); });
  EXPECT_EQ(got, kWhole);
}

TEST_P(HttpClientLifeTest, ACallPausedBeforeItBeganWaitsToo) {
  serve_large();
  ask_large([] {});
  call.pause();
  settle();
  EXPECT_EQ(log, Log());
  call.resume();
  until([&] { return said("done 0"); });
  EXPECT_EQ(got, kWhole);
}

TEST_P(HttpClientLifeTest, TheHeadAloneComesBeforeTheBody) {
  serve_large();
  ask_whole([this](const HttpClientResponse& head) {
    note("head " + std::to_string(head.status) + ", " + std::to_string(head.body.size()));
    EXPECT_LT(made, kWhole) << "the body has still to come";
  });
  until([&] { return log.size() == 2; });
  EXPECT_EQ(log, (Log{"head 200, 0", "done " + std::to_string(kWhole)}));
}

TEST_P(HttpClientLifeTest, ACallForAWholeBodyMayBePausedToo) {
  serve_large();
  ask_whole({});
  call.pause();
  settle();
  EXPECT_LT(made, kWhole) << "the server is slowed down";
  call.resume();
  until([&] { return !log.empty(); });
  EXPECT_EQ(log, Log{"done " + std::to_string(kWhole)});
}

TEST_P(HttpClientLifeTest, PausingAtTheHeadHoldsTheWholeBodyUp) {
  serve_large();
  ask_whole([this](const HttpClientResponse&) {
    note("head");
    call.pause();
  });
  until([&] { return said("head"); });
  settle();
  EXPECT_LT(made, kWhole);
  EXPECT_EQ(log, Log{"head"});
  call.resume();
  until([&] { return log.size() == 2; });
  EXPECT_EQ(log[1], "done " + std::to_string(kWhole));
}

TEST_P(HttpClientLifeTest, IdleTimeDoesNotCountWhilePaused) {
  serve_large();
  HttpClientOptions options;
  options.limits.idle_time = 30ms;
  set_up_client(std::move(options));
  bool first = true;
  ask_large([&] {
    if (std::exchange(first, false)) call.pause();
  });
  until([&] { return !first; });
  run_for(80ms);
  EXPECT_EQ(log, Log{"head 200"});
  call.resume();
  until([&] { return log.size() == 2; });
  EXPECT_EQ(log[1], "done 0");
}

TEST_P(HttpClientLifeTest, ALoopThatWasHeldUpIsNotTheServersSilence) {
  HttpServerOptions options = server_options();
  options.routes.get("/held", [](HttpExchange exchange) {
    std::this_thread::sleep_for(60ms);  // the loop is held, which is what this is about
    exchange.respond(200, "here");
  });
  serve(std::move(options));
  HttpClientLimits limits;
  limits.idle_time = 20ms;
  EXPECT_EQ(message(ask(with(HttpClientRequest(at("/held")), limits))), "status 200");
}

TEST_P(HttpClientLifeTest, CancellingInMidBodyClosesTheConnection) {
  serve_large();
  ask_large([&] { call.cancel(); });
  until([&] { return said("gone"); });
  EXPECT_EQ(log, (Log{"head 200", "gone"}));
  EXPECT_TRUE(get("/tell/x")) << "the client goes on";
}

TEST_P(HttpClientLifeTest, TheClientMayGoInsideItsCallbacks) {
  serve_large();
  ask_large([&] { as_asker([](Asker& self) { self.wheel = HttpClient(); }); });
  until([&] { return said("gone"); });
  EXPECT_EQ(log, (Log{"head 200", "gone"}));
  EXPECT_FALSE(call);
  set_up_client({});
  as_asker([&](Asker& self) {
    call = self.wheel.get(at("/tell/x"), [&](const Answer&) {
      note("done");
      as_asker([](Asker& inner) { inner.wheel = HttpClient(); });
    });
  });
  until([&] { return said("done"); });
}

TEST_P(HttpClientLifeTest, ACallMayBeMadeInsideAnothersEnd) {
  serve();
  HttpCall second;
  as_asker([&](Asker& self) {
    call = self.wheel.get(at("/tell/1"), [&](const Answer&) {
      second = self.wheel.get(at("/tell/2"), [&](Answer answer) { note(answer->body); });
    });
  });
  until([&] { return said("GET /tell/2 [2] ? "); });
}

TEST_P(HttpClientLifeTest, ADetachedCallGoesOn) {
  serve();
  as_asker([&](Asker& self) { self.wheel.get(at("/tell/x"), [&](const Answer&) { note("done"); }).detach(); });
  until([&] { return said("done"); });
}

TEST_P(HttpClientLifeTest, AnExceptionInACallbackHurtsNoOtherCall) {
  serve();
  std::vector<HttpCall> calls;
  SignalWatch die;
  as_asker([&](Asker& self) {
    die = *self.on_signal("DIE", [&](const Signal& signal) {
      note("DIE");
      signal.handled();
    });
    for (int i = 0; i < 20; ++i) {
      calls.push_back(self.wheel.get(at("/tell/x"), [&, i](const Answer&) {
        note("told");
        if (i % 2 == 0) throw std::runtime_error("boom");
      }));
    }
  });
  until([&] { return count("told") == 20 && count("DIE") == 10; });
}

TEST_P(HttpClientLifeTest, ASessionThatStopsInMidRequestLeavesNothing) {
  serve();
  settle();
  const std::size_t before = open_descriptors();
  const SessionId id = kernel.spawn([&](Self& self) -> Task<> {
    HttpClient client(self);
    const auto answer = co_await client.get(at("/never"));
    note("told " + std::string(to_string(code(answer))));
  });
  until([&] { return kept.size() == 1; });
  EXPECT_NE(kernel.why_alive(id).find("GET " + at("/never")), std::string::npos) << kernel.why_alive(id);
  ASSERT_TRUE(kernel.signal(id, "KILL"));
  until([&] { return !kernel.alive(id); });
  EXPECT_EQ(log, Log{"told cancelled"});
  kept.clear();  // the server's side: it would still answer a client that had only ended its own half
  until([&] { return server_connections() == 0; });
  settle();
  EXPECT_EQ(open_descriptors(), before);
}

TEST_P(HttpClientLifeTest, TheChildOfAForkLeavesTheParentsConnectionsAlone) {
#ifdef __SANITIZE_THREAD__
  GTEST_SKIP() << "TSan does not follow a fork of a program with threads";
#endif
  serve();
  ASSERT_TRUE(get("/tell/1"));
  HttpCall open;
  as_asker([&](Asker& self) { open = self.wheel.get(at("/never"), [&](const Answer& a) { note(message(a)); }); });
  until([&] { return kept.size() == 1; });
  const pid_t child = ::fork();
  if (child == 0) {
    ::alarm(20);
    if (!kernel.has_forked()) ::_exit(1);
    const Answer answer = get("/tell/2");
    if (code(answer) != Errc::forked) ::_exit(2);
    as_asker([](Asker& self) { self.wheel = HttpClient(); });
    ::_exit(0);
  }
  int status = 0;
  ASSERT_EQ(::waitpid(child, &status, 0), child);
  EXPECT_TRUE(WIFEXITED(status) && WEXITSTATUS(status) == 0) << status;
  ASSERT_TRUE(kept[0].respond(200, "late"));
  until([&] { return said("status 200"); });
  const Answer again = get("/tell/3");
  EXPECT_TRUE(again && again->reused) << message(again);
}

}  // namespace
}  // namespace poe::test
