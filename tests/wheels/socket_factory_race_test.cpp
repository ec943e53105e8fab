// SPDX-License-Identifier: MIT
//
// Clients of peers with several addresses: who is asked, when, who wins, and what becomes of the others (RFC 8305).
#include <netinet/in.h>
#include <netinet/tcp.h>

#include <map>
#include <set>

#include "socket_factory_lab.hpp"

namespace poe::test {
namespace {

class SocketFactoryRaceTest : public OnEveryLoop {
 protected:
  struct Call {
    SocketAddress to;
    TimePoint when;
  };

  SocketFactoryRaceTest() : faults(OnEveryLoop::plugin()) {
    faults.on_close = [this](int fd) { open.erase(fd); };
  }
  /// Notes every call of connect() from now on, and which of those descriptors are open.
  void watch_calls(Lab& lab) {
    faults.on_connect = [this, &lab](int fd, const SocketAddress& to) {
      const auto scripted = script.find(to);
      if (open.insert(fd).second) calls.push_back({to, lab.now()});
      return scripted == script.end() ? 0 : scripted->second;
    };
  }
  void race(Lab& lab, std::vector<SocketAddress> addresses, SocketFactoryOptions options) {
    options.remote_address = "several.test";
    options.remote_port = 1;
    // Without a thread, which a simulated clock would not wait for.
    options.resolver = std::make_shared<Resolver>(Resolver::asynchronous(
        [addresses](Self&, const ResolveQuery&, Fn<void(ResolveAnswer)> done) -> std::shared_ptr<void> {
          done(addresses);
          return nullptr;
        }));
    lab.make(std::move(options));
  }
  static SocketAddress listen(Lab& lab, const char* host = "127.0.0.1") {
    SocketFactoryOptions options = strict(SocketFactoryOptions::listen(host, 0));
    options.on_success = [&lab](Accepted accepted) { lab.sockets.push_back(std::move(accepted.socket)); };
    return *lab.make(std::move(options)).local_address();
  }
  /// A listener whose backlog will be full in a moment: later connections get no answer.
  static SocketAddress silent(Lab& lab, const char* host = "127.0.0.1") {
    SocketFactoryOptions options = strict(SocketFactoryOptions::listen(host, 0));
    options.listen_queue = 0;
    SocketFactory& listener = lab.make(std::move(options));
    listener.pause_accept();
    const SocketAddress address = *listener.local_address();
    for (int i = 0; i < 4; ++i) {
      SocketFactoryOptions filler = strict(SocketFactoryOptions::connect(address.host(), address.port()));
      filler.on_success = [&lab](Accepted accepted) { lab.sockets.push_back(std::move(accepted.socket)); };
      filler.on_failure = [](const Error&) {};
      lab.make(std::move(filler));
    }
    return address;
  }
  static SocketAddress bound(Lab& lab, const Fd& socket) {
    sockaddr_storage raw{};
    std::uint32_t size = sizeof raw;
    EXPECT_EQ(lab.system().getsockname(lab.system().ctx, socket.get(), &raw, &size), 0);
    return SocketAddress::from_raw(&raw, size);
  }
  static SocketAddress address(int family, std::uint16_t port) { return SocketAddress::loopback(family, port); }
  std::vector<SocketAddress> called() const {
    std::vector<SocketAddress> to;
    for (const Call& call : calls) to.push_back(call.to);
    return to;
  }
  Duration gap(std::size_t index) const { return calls[index].when - calls[index - 1].when; }
  void race_lab(const Lab::Begin& begin) { counts_ = run_lab(faults.plugin(), begin); }

  Faults faults;
  std::vector<Call> calls;
  std::set<int> open;                   // descriptors connect() was called with
  std::map<SocketAddress, int> script;  // what connect() answers
};
POE_ON_EVERY_LOOP(SocketFactoryRaceTest);

TEST_P(SocketFactoryRaceTest, FamiliesTakeTurnsBeginningWithTheFirstAnswersAndAFailureStartsTheNextAtOnce) {
  const std::vector<SocketAddress> answer = {address(AF_INET6, 1), address(AF_INET6, 2), address(AF_INET6, 3),
                                             address(AF_INET, 4), address(AF_INET, 5)};
  for (const SocketAddress& to : answer) script[to] = -ECONNREFUSED;
  race_lab([&](Lab& lab) {
    watch_calls(lab);
    SocketFactoryOptions options = strict({});
    options.attempt_delay = 1h;
    options.on_failure = [&](const Error& error) {
      EXPECT_EQ(error.subject(), answer[0].to_string()) << "the first of equals";
      EXPECT_EQ(error.number(), ECONNREFUSED);
      for (const SocketAddress& to : answer) EXPECT_NE(error.report().find(to.to_string()), std::string::npos);
      lab.finish();
    };
    race(lab, answer, std::move(options));
  });
  EXPECT_EQ(called(), (std::vector{answer[0], answer[3], answer[1], answer[4], answer[2]}));
  EXPECT_TRUE(open.empty());
}

TEST_P(SocketFactoryRaceTest, OneFamilyKeepsItsOrder) {
  race_lab([&](Lab& lab) {
    const SocketAddress server = listen(lab);
    const std::vector<SocketAddress> answer = {address(AF_INET, 2), address(AF_INET, 1), server, address(AF_INET, 3)};
    script[answer[0]] = script[answer[1]] = -ECONNREFUSED;
    watch_calls(lab);
    SocketFactoryOptions options = strict({});
    options.on_success = [&, server, answer](Accepted accepted) {
      EXPECT_EQ(accepted.peer, server);
      EXPECT_EQ(called(), (std::vector{answer[0], answer[1], server})) << "nobody is called once one has answered";
      lab.finish();
    };
    race(lab, answer, std::move(options));
  });
}

TEST_P(SocketFactoryRaceTest, SilenceStartsTheNextAfterTheDelayAndTheLoserIsClosed) {
  const Duration delay = simulated() ? Duration(250ms) : Duration(30ms);
  race_lab([&](Lab& lab) {
    const SocketAddress quiet = silent(lab, "::1");
    const SocketAddress server = listen(lab);
    lab.in(20ms, [&, quiet, server] {  // once the backlog is full
      watch_calls(lab);
      SocketFactoryOptions options = strict({});
      if (!simulated()) options.attempt_delay = 30ms;  // the default is 250 ms
      options.on_success = [&, server](Accepted accepted) {
        EXPECT_EQ(accepted.peer, server);
        EXPECT_EQ(open, std::set{accepted.socket.get()}) << "the loser was closed before the winner is told of";
        accepted.socket.reset();
        lab.finish();
      };
      race(lab, {quiet, server}, std::move(options));
    });
  });
  ASSERT_EQ(calls.size(), 2u);
  EXPECT_GE(gap(1), delay);
  if (simulated()) {
    EXPECT_EQ(gap(1), delay);
  }
}

TEST_P(SocketFactoryRaceTest, DroppedMidWayClosesAllAndCallsNobodyElse) {
  race_lab([&](Lab& lab) {
    const SocketAddress six = silent(lab, "::1");
    const SocketAddress four = silent(lab);
    lab.in(20ms, [&, six, four] {
      watch_calls(lab);
      SocketFactoryOptions options = strict({});
      options.attempt_delay = 10ms;
      race(lab, {six, four, address(AF_INET, 1)}, std::move(options));
      faults.on_socket = [&] {
        if (calls.size() == 2) {  // the third is about to begin
          lab.in(0ms, [&] {
            EXPECT_EQ(open.size(), 2u) << "both are under way";
            lab.finish();
            EXPECT_TRUE(open.empty());
          });
          return -EMFILE;
        }
        return 0;
      };
    });
  });
  EXPECT_EQ(calls.size(), 2u);
}

TEST_P(SocketFactoryRaceTest, DroppedInItsCallbackWhileALoserIsUnderWay) {
  race_lab([&](Lab& lab) {
    const SocketAddress quiet = silent(lab);
    const SocketAddress server = listen(lab, "::1");
    lab.in(20ms, [&, quiet, server] {
      watch_calls(lab);
      SocketFactoryOptions options = strict({});
      options.attempt_delay = 10ms;
      options.on_success = [&](Accepted accepted) {
        lab.wheels.clear();
        lab.sockets.push_back(std::move(accepted.socket));
        lab.in(30ms, [&] { lab.finish(); });
      };
      race(lab, {quiet, server, address(AF_INET, 1)}, std::move(options));
    });
  });
  EXPECT_EQ(calls.size(), 2u);
  EXPECT_TRUE(open.empty());
}

TEST_P(SocketFactoryRaceTest, TheLimitCoversTheWholeAndEachAddressHasItsTurn) {
  const Duration limit = simulated() ? 90ms : 450ms;  // without shares of it, two attempt_delays are longer
  race_lab([&](Lab& lab) {
    const SocketAddress six = silent(lab, "::1");
    const SocketAddress four = silent(lab);
    const SocketAddress last = silent(lab);
    lab.in(20ms, [&, six, four, last] {
      watch_calls(lab);
      const TimePoint begun = lab.now();
      SocketFactoryOptions options = strict({});
      options.connect_timeout = limit;
      options.on_failure = [&, begun, six, four, last](const Error& error) {
        EXPECT_EQ(error.code(), Errc::timed_out);
        EXPECT_EQ(error.operation(), "connect");
        EXPECT_EQ(error.subject(), six.to_string());
        for (const auto& to : {four, last}) EXPECT_NE(error.report().find(to.to_string()), std::string::npos);
        EXPECT_GE(lab.now() - begun, limit);
        EXPECT_TRUE(open.empty());
        lab.finish();
      };
      race(lab, {six, four, last}, std::move(options));
    });
  });
  ASSERT_EQ(calls.size(), 3u);
  if (simulated()) {
    EXPECT_NEAR(static_cast<double>(gap(1).count()), 30e6, 2e6);
  }
}

TEST_P(SocketFactoryRaceTest, TheMostTellingFailureIsTheError) {
  const SocketAddress unreachable = address(AF_INET6, 1);
  const SocketAddress refused = address(AF_INET, 1);
  script[unreachable] = -ENETUNREACH;
  script[refused] = -ECONNREFUSED;
  race_lab([&](Lab& lab) {
    watch_calls(lab);
    SocketFactoryOptions options = strict({});
    options.on_failure = [&](const Error& error) {
      EXPECT_EQ(error.number(), ECONNREFUSED);
      EXPECT_EQ(error.subject(), refused.to_string());
      EXPECT_NE(error.report().find("before that: cannot connect " + unreachable.to_string()), std::string::npos)
          << error.report();
      lab.finish();
    };
    race(lab, {unreachable, refused}, std::move(options));
  });
}

TEST_P(SocketFactoryRaceTest, ALackOfDescriptorsForTheSecondLeavesTheFirstInTheRace) {
  race_lab([&](Lab& lab) {
    const SocketAddress server = listen(lab);
    watch_calls(lab);
    int sockets = 0;
    faults.on_socket = [&, sockets]() mutable { return ++sockets > 1 ? -EMFILE : 0; };
    SocketFactoryOptions options = strict({});
    options.attempt_delay = 10ms;
    options.on_success = [&, server](Accepted accepted) {
      EXPECT_EQ(accepted.peer, server);
      lab.finish();
    };
    race(lab, {server, address(AF_INET6, 1)}, std::move(options));
  });
}

TEST_P(SocketFactoryRaceTest, SocketOptionsAreSetBeforeTheSocketIsUsed) {
  if (simulated()) return;  // that world has few options
  race_lab([&](Lab& lab) {
    SocketFactoryOptions server = strict(SocketFactoryOptions::listen("127.0.0.1", 0));
    server.socket_options.emplace_back(SOL_SOCKET, SO_KEEPALIVE, 1);
    server.on_success = [&](Accepted accepted) {
      int value = 0;
      std::uint32_t size = sizeof value;
      const poe_sys& system = lab.system();
      EXPECT_EQ(system.getsockopt(system.ctx, accepted.socket.get(), SOL_SOCKET, SO_KEEPALIVE, &value, &size), 0);
      EXPECT_EQ(value, 1) << "what is accepted inherits it";
      lab.finish();
    };
    const SocketAddress to = *lab.make(std::move(server)).local_address();
    SocketFactoryOptions client = strict(SocketFactoryOptions::connect("127.0.0.1", to.port()));
    client.socket_options.emplace_back(IPPROTO_TCP, TCP_NODELAY, 1);
    client.on_success = [&](Accepted accepted) {
      int value = 0;
      std::uint32_t size = sizeof value;
      const poe_sys& system = lab.system();
      EXPECT_EQ(system.getsockopt(system.ctx, accepted.socket.get(), IPPROTO_TCP, TCP_NODELAY, &value, &size), 0);
      EXPECT_NE(value, 0);
      lab.sockets.push_back(std::move(accepted.socket));
    };
    lab.make(std::move(client));
  });
}

TEST_P(SocketFactoryRaceTest, AnAnswerThatWasGivenUpBeforeItWasSeenIsNoError) {
  if (simulated()) return;  // nothing takes time there
  race_lab([&](Lab& lab) {
    const std::uint16_t own = listen(lab).port();
    lab.wheels.clear();
    const SocketAddress instant = address(AF_INET, 1);
    const SocketAddress quiet = address(AF_INET, 2);
    faults.on_connect = [&, instant](int, const SocketAddress& to) {
      if (to != instant) return -EINPROGRESS;
      // All of it comes before the look at the outcome: what takes longer than the address's share, and the events of
      // several turns, at whose ends timers run.
      lab.defer([] {
        const auto end = std::chrono::steady_clock::now() + 60ms;
        while (std::chrono::steady_clock::now() < end) continue;
      });
      for (std::uint32_t i = 0; i < 3 * Budget().events; ++i) lab.defer([] {});
      return 1;  // no failure, and nothing to wait for
    };
    SocketFactoryOptions options = strict({});
    options.bind_port = own;  // one at a time
    options.connect_timeout = 100ms;
    options.on_failure = [&, instant, quiet](const Error& error) {
      EXPECT_EQ(error.subject(), quiet.to_string()) << "the first that had not answered";
      EXPECT_EQ(error.code(), Errc::timed_out);
      EXPECT_NE(error.report().find(instant.to_string() + ": no answer within its share"), std::string::npos)
          << error.report();
      lab.finish();
    };
    race(lab, {instant, quiet}, std::move(options));
  });
}

TEST_P(SocketFactoryRaceTest, SequencedPacketsOverAUnixName) {
  if (simulated()) return;  // -EPROTONOSUPPORT
  const std::string name = "@poe-seqpacket-" + GetParam() + '-' + std::to_string(getpid());
  race_lab([&](Lab& lab) {
    SocketFactoryOptions server = strict(SocketFactoryOptions::listen_local(name));
    server.type = SocketType::seqpacket;
    server.on_success = [&](Accepted accepted) {
      const poe_sys& system = lab.system();
      EXPECT_EQ(system.kind(system.ctx, accepted.socket.get()), POE_KIND_DGRAM);
      lab.finish();
    };
    lab.make(std::move(server));
    SocketFactoryOptions client = strict(SocketFactoryOptions::connect_local(name));
    client.type = SocketType::seqpacket;
    client.on_success = [&](Accepted accepted) { lab.sockets.push_back(std::move(accepted.socket)); };
    lab.make(std::move(client));
  });
}

// On the simulated loop alone, whose clock makes waiting cheap and exact.
class SocketFactorySimulatedRaceTest : public SocketFactoryRaceTest {};
INSTANTIATE_TEST_SUITE_P(, SocketFactorySimulatedRaceTest, testing::Values("sim"),
                         [](const auto& info) { return info.param; });

TEST_P(SocketFactorySimulatedRaceTest, TheFirstMayStillWinAfterTheSecondHasBegun) {
  race_lab([&](Lab& lab) {
    const SocketAddress slow = silent(lab);
    SocketFactory& listener = *lab.wheels.front();
    listener.on_success([&](Accepted accepted) { lab.sockets.push_back(std::move(accepted.socket)); });
    const SocketAddress never = silent(lab, "::1");
    lab.in(20ms, [&, slow, never] {
      watch_calls(lab);
      SocketFactoryOptions options = strict({});
      options.on_success = [&, slow](Accepted accepted) {
        EXPECT_EQ(accepted.peer, slow);
        EXPECT_EQ(open, std::set{accepted.socket.get()});
        lab.finish();
      };
      race(lab, {slow, never}, std::move(options));
      lab.in(500ms, [&listener] { listener.resume_accept(); });
    });
  });
  EXPECT_EQ(calls.size(), 2u);
}

TEST_P(SocketFactorySimulatedRaceTest, TheDelayIsAtLeastTenMilliseconds) {
  race_lab([&](Lab& lab) {
    const SocketAddress quiet = silent(lab);
    const SocketAddress server = listen(lab);
    lab.in(20ms, [&, quiet, server] {
      watch_calls(lab);
      SocketFactoryOptions options = strict({});
      options.attempt_delay = 0ms;
      options.on_success = [&](const Accepted&) { lab.finish(); };
      race(lab, {quiet, server}, std::move(options));
    });
  });
  ASSERT_EQ(calls.size(), 2u);
  EXPECT_EQ(gap(1), 10ms);
}

TEST_P(SocketFactorySimulatedRaceTest, AFixedLocalPortIsForOneAtATime) {
  race_lab([&](Lab& lab) {
    const SocketAddress quiet = silent(lab);
    const SocketAddress server = listen(lab);
    lab.in(20ms, [&, quiet, server] {
      watch_calls(lab);
      SocketFactoryOptions options = strict({});
      options.bind_port = 4321;
      options.connect_timeout = 10s;
      options.on_success = [&, server](const Accepted& accepted) {
        EXPECT_EQ(accepted.peer, server);
        const auto from = bound(lab, accepted.socket);
        EXPECT_EQ(from.port(), 4321);
        lab.finish();
      };
      race(lab, {quiet, server}, std::move(options));
    });
  });
  ASSERT_EQ(calls.size(), 2u);
  EXPECT_NEAR(static_cast<double>(gap(1).count()), 5e9, 1e6) << "its share of the limit";
}

TEST_P(SocketFactorySimulatedRaceTest, WithoutADelayLimitOneWaitsForTheOther) {
  race_lab([&](Lab& lab) {
    const SocketAddress quiet = silent(lab);
    const SocketAddress server = listen(lab);
    lab.in(20ms, [&, quiet, server] {
      watch_calls(lab);
      SocketFactoryOptions options = strict({});
      options.attempt_delay = kForever;
      options.on_success = [&](const Accepted&) { lab.finish(); };
      race(lab, {quiet, server}, std::move(options));
    });
  });
  ASSERT_EQ(calls.size(), 2u);
  EXPECT_GT(gap(1), 60s) << "only once the system has given the first one up";
}

}  // namespace
}  // namespace poe::test
