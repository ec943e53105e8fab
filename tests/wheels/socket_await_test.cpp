// SPDX-License-Identifier: MIT
//
// co_await on SocketFactory and ListenAccept: accept(), connected(), on every loop.
#include "poe/wheels/socket_awaits.hpp"

#include <algorithm>

#include "socket_factory_lab.hpp"

namespace poe::test {
namespace {

/// Its Tasks are functions of no class: all is public.
class SocketAwaitTest : public OnEveryLoop {
 public:
  using TaskFunction = Task<> (*)(SocketAwaitTest&, Lab&);
  using Log = std::vector<std::string>;

  /// Runs the Task, and whatever it leaves in the lab, until nothing is left.
  void run(TaskFunction task) {
    Faults faults(plugin());
    faults.on_accept = [this] { return ++tries <= faulty ? fault : 0; };
    run_lab(faults.plugin(), [this, task](Lab& lab) { lab.launch(task(*this, lab)); });
  }
  static SocketFactoryOptions here() { return SocketFactoryOptions::listen("127.0.0.1", 0); }
  static SocketFactoryOptions to(const Result<SocketAddress>& where) {
    return SocketFactoryOptions::connect("127.0.0.1", where->port());
  }
  /// Clients that connect, one after the other, and stay.
  static Task<> connect(Lab& lab, SocketAddress where, int count) {
    for (int i = 0; i < count; ++i) {
      auto socket = co_await lab.make(SocketFactoryOptions::connect("127.0.0.1", where.port())).connected();
      EXPECT_TRUE(socket) << socket.error().report();
      if (socket) lab.sockets.push_back(std::move(socket->socket));
    }
  }
  static Task<> take_one(SocketAwaitTest& test, Lab& lab) {
    test.note(lab, co_await lab.server.accept(), lab.server.id());
  }
  /// While the others connect.
  template <class Wheel>
  static Task<> accept(SocketAwaitTest& test, Lab& lab, Wheel& wheel, int count) {
    Scope clients(lab);
    clients.launch(connect(lab, *wheel.local_address(), count));
    for (int i = 0; i < count; ++i) test.note(lab, co_await wheel.accept(), wheel.id());
    static_cast<void>(co_await clients.join());
    lab.finish();
  }
  /// The loop has told of everything that was ready. Twice: of what is told in one turn, this may be the first.
  static Task<> look_around(Lab& lab) {
    const poe_sys& system = lab.system();
    int pair[2] = {-1, -1};
    EXPECT_EQ(system.socketpair(system.ctx, AF_UNIX, SOCK_STREAM, 0, pair), 0);
    const Fd here(pair[0], &system);
    const Fd there(pair[1], &system);
    for (int i = 0; i < 2; ++i) static_cast<void>(co_await lab.writable(here.get()));
  }
  void note(Lab& lab, Result<Accepted> got, std::uint64_t wheel) {
    if (!got) return note(got.error());
    EXPECT_EQ(got->peer.host(), "127.0.0.1");
    EXPECT_EQ(got->wheel, wheel);
    EXPECT_TRUE(got->socket);
    log.emplace_back("socket");
    lab.sockets.push_back(std::move(got->socket));
  }
  void note(const Error& error) { log.push_back(error.operation() + ": " + std::string(to_string(error.code()))); }

  Log log;
  int tries = 0;   // to accept
  int faulty = 0;  // so many of them answer
  int fault = 0;   // this
};
POE_ON_EVERY_LOOP(SocketAwaitTest);

TEST_P(SocketAwaitTest, AcceptsOneAfterTheOther) {
  run([](SocketAwaitTest& test, Lab& lab) -> Task<> {
    lab.server = SocketFactory(lab, here());
    co_await accept(test, lab, lab.server, 40);
  });
  EXPECT_EQ(log, Log(40, "socket"));
}

TEST_P(SocketAwaitTest, AcceptsFromASocketMadeElsewhere) {
  run([](SocketAwaitTest& test, Lab& lab) -> Task<> {
    lab.listener = ListenAccept(lab, ListenAcceptOptions(listening(lab)));
    co_await accept(test, lab, lab.listener, 40);
  });
  EXPECT_EQ(log, Log(40, "socket"));
}

TEST_P(SocketAwaitTest, LeavesWhatNobodyAsksForInTheBacklog) {
  run([](SocketAwaitTest& test, Lab& lab) -> Task<> {
    lab.server = SocketFactory(lab, here());
    test.note((co_await lab.server.accept().within(1ms)).error());
    co_await connect(lab, *lab.server.local_address(), 3);
    co_await look_around(lab);
    EXPECT_EQ(test.tries, 1) << "the one that found nothing";
    test.note(lab, co_await lab.server.accept(), lab.server.id());
    co_await look_around(lab);
    EXPECT_EQ(test.tries, 2);
    test.note(lab, co_await lab.server.accept(), lab.server.id());
    EXPECT_EQ(test.tries, 3);
    lab.finish();
  });
  EXPECT_EQ(log, (Log{"wait for: timed_out", "socket", "socket"}));
}

TEST_P(SocketAwaitTest, DoesNotSuspendWhileSomeWaitButLetsOthersHaveTheirTurn) {
  run([](SocketAwaitTest& test, Lab& lab) -> Task<> {
    lab.server = SocketFactory(lab, here());
    co_await connect(lab, *lab.server.local_address(), 40);
    lab.defer([&test] { test.log.emplace_back("another"); });
    for (int i = 0; i < 40; ++i) test.note(lab, co_await lab.server.accept(), lab.server.id());
    lab.finish();
  });
  ASSERT_EQ(log.size(), 41u);
  EXPECT_EQ(std::find(log.begin(), log.end(), "another") - log.begin(), 16);
}

TEST_P(SocketAwaitTest, NothingIsLostWhenAWaitIsGivenUp) {
  run([](SocketAwaitTest& test, Lab& lab) -> Task<> {
    lab.server = SocketFactory(lab, here());
    test.note((co_await lab.server.accept().within(1ms)).error());
    SocketFactory client(lab, to(lab.server.local_address()));
    test.note(lab, co_await lab.server.accept().within(10s), lab.server.id());
    test.note((co_await lab.server.accept().within(0ms)).error());
    co_await look_around(lab);  // connected while nobody asks
    test.note(lab, co_await client.connected(), client.id());
    test.note((co_await client.connected()).error());
    lab.finish();
  });
  EXPECT_EQ(log,
            (Log{"wait for: timed_out", "socket", "wait for: timed_out", "socket", "wait for a socket from: closed"}));
}

TEST_P(SocketAwaitTest, HandsADatagramSocketOver) {
  run([](SocketAwaitTest& test, Lab& lab) -> Task<> {
    SocketFactoryOptions options = here();
    options.protocol = "udp";
    SocketFactory factory(lab, std::move(options));
    const auto got = co_await factory.connected();
    test.log.emplace_back(got && got->socket && !got->peer ? "socket" : "nothing");
    test.note((co_await factory.connected()).error());
  });
  EXPECT_EQ(log, (Log{"socket", "wait for a socket from: closed"}));
}

TEST_P(SocketAwaitTest, TellsOfAFailureNowAndEverAfter) {
  run([](SocketAwaitTest& test, Lab& lab) -> Task<> {
    lab.server = SocketFactory(lab, here());
    const auto nobody = to(lab.server.local_address()).remote_port.text();
    SocketFactory second(lab, SocketFactoryOptions::listen("127.0.0.1", nobody));
    test.note((co_await second.accept()).error());
    test.note((co_await second.accept()).error());
    lab.server = SocketFactory();
    SocketFactory client(lab, SocketFactoryOptions::connect("127.0.0.1", nobody));
    co_await look_around(lab);  // it fails while nobody asks
    const auto refused = co_await client.connected();
    EXPECT_EQ(refused.error().number(), ECONNREFUSED);
    test.note(refused.error());
  });
  EXPECT_EQ(log, (Log{"bind: system", "bind: system", "connect: system"}));
}

TEST_P(SocketAwaitTest, TellsOfDescriptorsUsedUpAndGoesOnR53) {
  run([](SocketAwaitTest& test, Lab& lab) -> Task<> {
    lab.server = SocketFactory(lab, here());
    co_await connect(lab, *lab.server.local_address(), 2);
    test.fault = -EMFILE;
    test.faulty = 3;
    test.note((co_await lab.server.accept()).error());  // told once a second, tried each 100 ms
    test.note(lab, co_await lab.server.accept(), lab.server.id());
    EXPECT_EQ(test.tries, 4);
    test.note(lab, co_await lab.server.accept(), lab.server.id());
    lab.finish();
  });
  EXPECT_EQ(log, (Log{"accept: system", "socket", "socket"}));
}

TEST_P(SocketAwaitTest, AConnectionThatIsGoneAgainIsSilentP136) {
  run([](SocketAwaitTest& test, Lab& lab) -> Task<> {
    lab.server = SocketFactory(lab, here());
    co_await connect(lab, *lab.server.local_address(), 1);
    test.fault = -ECONNABORTED;
    test.faulty = 20;  // more than one batch
    test.note(lab, co_await lab.server.accept(), lab.server.id());
    lab.finish();
  });
  EXPECT_EQ(log, Log{"socket"});
}

TEST_P(SocketAwaitTest, PausesAndResumesP139) {
  run([](SocketAwaitTest& test, Lab& lab) -> Task<> {
    lab.server = SocketFactory(lab, here());
    lab.server.pause_accept();
    co_await connect(lab, *lab.server.local_address(), 1);
    Scope taker(lab);
    taker.launch(take_one(test, lab));
    co_await look_around(lab);
    EXPECT_EQ(test.tries, 0);
    test.log.emplace_back("resumed");
    lab.server.resume_accept();
    static_cast<void>(co_await taker.join());
    lab.finish();
  });
  EXPECT_EQ(log, (Log{"resumed", "socket"}));
}

TEST_P(SocketAwaitTest, EndsWithTheWheel) {
  run([](SocketAwaitTest& test, Lab& lab) -> Task<> {
    lab.server = SocketFactory(lab, here());
    lab.listener = ListenAccept(lab, ListenAcceptOptions(listening(lab)));
    lab.defer([&lab] { lab.server = SocketFactory(); });
    test.note((co_await lab.server.accept()).error());
    lab.defer([&lab] { lab.listener = ListenAccept(); });
    test.note((co_await lab.listener.accept()).error());
    test.note((co_await lab.server.accept()).error());
    test.note((co_await lab.listener.accept()).error());
    lab.finish();
  });
  EXPECT_EQ(log, (Log{"wait for a socket from: closed", "wait for a socket from: closed",
                      "wait for a socket: invalid_argument", "wait for a socket: invalid_argument"}));
}

TEST_P(SocketAwaitTest, EndsWithTheSession) {
  run([](SocketAwaitTest& test, Lab& lab) -> Task<> {
    lab.server = SocketFactory(lab, here());
    lab.defer([&lab] { lab.request_stop(); });
    test.note((co_await lab.server.accept()).error());
  });
  EXPECT_EQ(log, Log{"wait for: cancelled"});
}

TEST_P(SocketAwaitTest, IsForOneTaskAndForWheelsWithoutCallbacks) {
  run([](SocketAwaitTest& test, Lab& lab) -> Task<> {
    lab.server = SocketFactory(lab, here());
    lab.launch(take_one(test, lab));
    test.note((co_await lab.server.accept()).error());
    EXPECT_THROW(lab.server.on_success([](Accepted) {}), std::invalid_argument);
    EXPECT_THROW(lab.server.on_failure([](const Error&) {}), std::invalid_argument);
    lab.server = SocketFactory(lab, strict(here()));
    test.note((co_await lab.server.accept()).error());
    ListenAcceptOptions options(listening(lab));
    options.on_accept = [](Fd, SocketAddress) {};
    lab.listener = ListenAccept(lab, std::move(options));
    test.note((co_await lab.listener.accept()).error());
    lab.listener = ListenAccept(lab, ListenAcceptOptions(listening(lab)));
    EXPECT_THROW(lab.listener.on_accept([](Fd, SocketAddress) {}), std::invalid_argument);
    EXPECT_THROW(lab.listener.on_error([](const Error&) {}), std::invalid_argument);
    lab.finish();
  });
  EXPECT_EQ(log, (Log{"wait for a socket from: invalid_argument", "wait for a socket: invalid_argument",
                      "wait for a socket: invalid_argument", "wait for a socket from: closed"}));
}

}  // namespace
}  // namespace poe::test
