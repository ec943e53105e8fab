// SPDX-License-Identifier: MIT
//
// Who may go when: the call, the client, its session, the process. And who else may ask: any wheel that connects.
#include <sys/wait.h>
#include <unistd.h>

#include <stdexcept>

#include "dns_bench.hpp"

namespace poe::test {
namespace {

class DnsLifeTest : public DnsTest {
 protected:
  DnsLifeTest() { say({{record(DnsType::A, octets(0x7F000001, 4))}}); }
  void fall_silent() {
    on_question = [](const Question&) { return std::nullopt; };
  }
};
POE_ON_REAL_LOOPS(DnsLifeTest);

const Event<DnsClient::Answer> kTold{"told"};
const Event<ResolveAnswer> kFound{"found"};

/// Asks twice, and hears by event.
class Listener : public Session {
 public:
  Listener(Birth&& birth, DnsOptions options, Log& log)
      : Session(std::move(birth)), options_(std::move(options)), log_(log) {}
  static void handlers(Handlers<Listener>& table) {
    table.on(start, &Listener::begin).on(kTold, &Listener::told).on(kFound, &Listener::found);
  }

 private:
  void begin() {
    dns_ = DnsClient(*this, options_);
    calls_.push_back(dns_.query("a.test", DnsType::A, kTold));
    calls_.push_back(dns_.addresses(ResolveQuery("a.test", "80", AF_INET), kFound));
  }
  void told(const DnsClient::Answer& answer) { log_.push_back(answer->records[0].to_string()); }
  void found(const ResolveAnswer& answer) { log_.push_back(answer->front().to_string()); }

  DnsOptions options_;
  Log& log_;
  DnsClient dns_;
  std::vector<DnsCall> calls_;
};

TEST_P(DnsLifeTest, AnswersComeAsEventsAndTheSessionEndsAfterThem) {
  const SessionId id = kernel.spawn<Listener>(options(), log);
  until([&] { return !kernel.alive(id); });
  std::sort(log.begin(), log.end());
  EXPECT_EQ(log, (Log{"127.0.0.1:80", "a.test 300 A 127.0.0.1"}));
}

TEST_P(DnsLifeTest, AnswersAreAwaited) {
  const std::size_t before = open_descriptors();
  const SessionId id = kernel.spawn([&](Self& self) -> Task<> {
    DnsClient dns(self, options());
    const auto answer = co_await dns.query("a.test", DnsType::A);
    note(text(answer));
    const auto found = co_await dns.addresses("a.test", "80");
    note(found ? found->front().to_string() : found.error().message());
    fall_silent();
    const auto late = co_await dns.query("b.test", DnsType::A).within(20ms);
    note(std::string(to_string(code(late))));
    auto orphan = dns.query("c.test", DnsType::A);
    dns = DnsClient();
    note(std::string(to_string(code(co_await std::move(orphan)))));
  });
  until([&] { return !kernel.alive(id); });
  EXPECT_EQ(log, (Log{"a.test 300 A 127.0.0.1\n", "127.0.0.1:80", "timed_out", "closed"}));
  EXPECT_EQ(open_descriptors(), before);
}

TEST_P(DnsLifeTest, TheLastCallThatIsDroppedTakesTheSocketsAway) {
  fall_silent();
  settle();
  const std::size_t before = open_descriptors();
  as_asker([&](Asker& self) {
    for (int i = 0; i < 3; ++i) {
      calls.push_back(self.wheel.query("a.test", DnsType::A, [this](const Answer&) { note("told"); }));
    }
  });
  until([&] { return datagrams == 3; });
  EXPECT_GT(open_descriptors(), before);
  calls.resize(1);
  EXPECT_GT(open_descriptors(), before) << "one is still wanted";
  calls.clear();
  EXPECT_EQ(open_descriptors(), before);
  settle();
  EXPECT_EQ(log, Log());
  say({{record(DnsType::A, octets(0x7F000001, 4))}});
  EXPECT_TRUE(ask("a.test", DnsType::A)) << "the client goes on";
}

TEST_P(DnsLifeTest, CallsMayBeDroppedAndMadeInsideOfCallbacks) {
  as_asker([&](Asker& self) {
    calls.resize(2);
    calls[0] = self.wheel.query("a.test", DnsType::A, [&](const Answer&) {
      note("first");
      calls[1].cancel();
      calls[0] = self.wheel.query("b.test", DnsType::A, [this](const Answer&) { note("third"); });
    });
    calls[1] = self.wheel.query("a.test", DnsType::A, [this](const Answer&) { note("second"); });
  });
  until([&] { return said("third"); });
  settle();
  EXPECT_EQ(log, (Log{"first", "third"}));
}

TEST_P(DnsLifeTest, TheClientMayGoInsideItsCallbacks) {
  const std::size_t before = open_descriptors();
  as_asker([&](Asker& self) {
    for (int i = 0; i < 3; ++i) {
      calls.push_back(self.wheel.query("a.test", DnsType::A, [&](const Answer&) {
        note("told");
        self.wheel = DnsClient();
      }));
    }
  });
  until([&] { return said("told"); });
  settle();
  EXPECT_EQ(log, Log{"told"});
  EXPECT_FALSE(calls[2]);
  EXPECT_EQ(open_descriptors(), before);
}

TEST_P(DnsLifeTest, TheClientMayGoWithTheCallbackOfACallThatIsCancelled) {
  const std::size_t before = open_descriptors();
  fall_silent();
  as_asker([&](Asker& self) {
    auto client = std::make_shared<DnsClient>(std::move(self.wheel));
    DnsClient& borrowed = *client;
    DnsCall call = borrowed.query("a.test", DnsType::A, [held = std::move(client)](const Answer&) {});
    call.cancel();
    EXPECT_FALSE(call);
  });
  EXPECT_EQ(open_descriptors(), before);
}

TEST_P(DnsLifeTest, WhoAsksAClientThatWentInsideItsCallbackIsToldSo) {
  struct Awaits {
    DnsQueryAwait query;
    DnsAddressesAwait addresses;
  };
  Resolution look_up;
  as_asker([&](Asker& self) {
    calls.push_back(self.wheel.query("a.test", DnsType::A, [&](const Answer&) {
      const auto resolver = self.wheel.resolver();
      const std::shared_ptr<Awaits> awaits(
          new Awaits{self.wheel.query("b.test", DnsType::A), self.wheel.addresses("b.test", "80")});
      self.wheel = DnsClient();
      look_up = resolver->resolve(self, ResolveQuery("b.test", "80"), [this](const ResolveAnswer& answer) {
        note("resolver " + std::string(to_string(answer.error().code())));
      });
      kernel.spawn([this, awaits](Self&) -> Task<> {
        note("query " + std::string(to_string(code(co_await std::move(awaits->query)))));
        const ResolveAnswer found = co_await std::move(awaits->addresses);
        note("addresses " + std::string(to_string(found.error().code())));
      });
    }));
  });
  until([&] { return log.size() == 3; });
  std::sort(log.begin(), log.end());
  EXPECT_EQ(log, (Log{"addresses closed", "query closed", "resolver closed"}));
}

TEST_P(DnsLifeTest, ATimesliceInsideOfACallbackDoesNotReenter) {
  as_asker([&](Asker& self) {
    calls.push_back(self.wheel.query("a.test", DnsType::A, [&](const Answer&) {
      note("outer");
      calls.push_back(self.wheel.query("b.test", DnsType::A, [this](const Answer&) { note("inner"); }));
      while (datagrams < 2) ASSERT_TRUE(kernel.run_one_timeslice(1ms));
      ASSERT_TRUE(kernel.run_one_timeslice(1ms));
      note("outer ends");
    }));
  });
  until([&] { return said("inner"); });
  EXPECT_EQ(log, (Log{"outer", "outer ends", "inner"}));
}

TEST_P(DnsLifeTest, AnExceptionInACallbackHurtsNoOtherCall) {
  SignalWatch die;
  as_asker([&](Asker& self) {
    die = *self.on_signal("DIE", [&](const Signal& signal) {
      note("DIE");
      signal.handled();
    });
    for (int i = 0; i < 10; ++i) {
      calls.push_back(self.wheel.query("a.test", DnsType::A, [&, i](const Answer&) {
        note("told");
        if (i % 2 == 0) throw std::runtime_error("boom");
      }));
    }
  });
  until([&] { return count("told") == 10 && count("DIE") == 5; });
}

TEST_P(DnsLifeTest, ADetachedCallGoesOn) {
  as_asker(
      [&](Asker& self) { self.wheel.query("a.test", DnsType::A, [this](const Answer&) { note("told"); }).detach(); });
  until([&] { return said("told"); });
}

TEST_P(DnsLifeTest, ASessionThatStopsWithAQueryOpenLeavesNothing) {
  fall_silent();
  settle();
  const std::size_t before = open_descriptors();
  const SessionId id = kernel.spawn([&](Self& self) -> Task<> {
    DnsClient client(self, options());
    note(std::string(to_string(code(co_await client.query("a.test", DnsType::A)))));
  });
  until([&] { return datagrams == 1; });
  EXPECT_NE(kernel.why_alive(id).find("A a.test"), std::string::npos) << kernel.why_alive(id);
  ASSERT_TRUE(kernel.signal(id, "KILL"));
  until([&] { return !kernel.alive(id); });
  EXPECT_EQ(log, Log{"cancelled"});
  EXPECT_EQ(open_descriptors(), before);
}

TEST_P(DnsLifeTest, AKernelThatStopsWithAQueryOpenLeavesNothing) {
  fall_silent();
  as_asker([&](Asker& self) {
    calls.push_back(self.wheel.query("a.test", DnsType::A, [this](const Answer&) { note("told"); }));
  });
  until([&] { return datagrams == 1; });
  kernel.stop();
  ASSERT_TRUE(kernel.run());
  EXPECT_FALSE(kernel.alive(asker));
  EXPECT_FALSE(calls[0]);
  EXPECT_EQ(log, Log());
}

TEST_P(DnsLifeTest, WithoutDescriptorsALookUpFailsAndTheNextWorks) {
#ifdef __SANITIZE_ADDRESS__
  GTEST_SKIP() << "UBSan needs a pipe to tell whether an object is there";
#endif
  std::vector<int> hoard;
  for (int fd = ::dup(0); fd >= 0; fd = ::dup(0)) hoard.push_back(fd);
  const Answer starved = ask("a.test", DnsType::A);
  for (const int fd : hoard) ::close(fd);
  EXPECT_FALSE(starved);
  EXPECT_TRUE(ask("a.test", DnsType::A));
}

TEST_P(DnsLifeTest, TheChildOfAForkIsToldToMakeItsOwn) {
#ifdef __SANITIZE_THREAD__
  GTEST_SKIP() << "TSan does not follow a fork of a program with threads";
#endif
  fall_silent();
  as_asker([&](Asker& self) {
    calls.push_back(self.wheel.query("a.test", DnsType::A, [this](const Answer& a) { note(text(a)); }));
  });
  until([&] { return datagrams == 1; });
  const pid_t child = ::fork();
  if (child == 0) {
    ::alarm(20);
    if (!kernel.has_forked()) ::_exit(1);
    if (code(ask("b.test", DnsType::A)) != Errc::forked) ::_exit(2);
    if (log.size() != 1 || log[0].find("fork") == std::string::npos) ::_exit(3);
    as_asker([](Asker& self) { self.wheel = DnsClient(); });
    ::_exit(0);
  }
  int status = 0;
  ASSERT_EQ(::waitpid(child, &status, 0), child);
  EXPECT_TRUE(WIFEXITED(status) && WEXITSTATUS(status) == 0) << status;
  calls.clear();
  say({{record(DnsType::A, octets(0x7F000001, 4))}});
  EXPECT_TRUE(ask("b.test", DnsType::A));
}

// ---- for wheels that connect

TEST_P(DnsLifeTest, ATcpClientFindsItsServerWithoutAThread) {
  TcpServerOptions echo = logging_server();
  std::uint16_t at = 0;
  echo.started = [&](TcpServer& its) { at = its.local_address()->port(); };
  kernel.spawn<TcpServer>(std::move(echo));
  until([&] { return at != 0; });
  TcpClientOptions client = logging_client(at);
  client.remote_address = "echo.test";
  client.domain = SocketDomain::ipv4;
  as_asker([&](Asker& self) { client.resolver = self.wheel.resolver(); });
  connect(std::move(client));
  until([&] { return said("C connected"); });
  EXPECT_EQ(datagrams, 1);
}

TEST_P(DnsLifeTest, AResolverOutlivesItsClientAndSaysSo) {
  fall_silent();
  std::shared_ptr<Resolver> resolver;
  as_asker([&](Asker& self) { resolver = self.wheel.resolver(); });
  std::vector<Resolution> look_ups;
  const auto look_up = [&](const char* name) {
    as_server([&](Server& self) {  // another session than the client's
      look_ups.push_back(
          resolver->resolve(self, ResolveQuery(name, "80", AF_INET), [this](const ResolveAnswer& answer) {
            note(answer ? "found" : std::string(to_string(answer.error().code())));
          }));
    });
  };
  look_up("a.test");
  until([&] { return datagrams == 1; });
  as_asker([](Asker& self) { self.wheel = DnsClient(); });
  until([&] { return log.size() == 1; });
  look_up("a.test");
  until([&] { return log.size() == 2; });
  EXPECT_EQ(log, (Log{"closed", "closed"}));
}

TEST_P(DnsLifeTest, AResolutionThatIsDroppedTakesItsSocketsAway) {
  fall_silent();
  settle();
  const std::size_t before = open_descriptors();
  std::optional<Resolution> look_up;
  as_asker([&](Asker& self) {
    look_up = self.wheel.resolver()->resolve(self, ResolveQuery("a.test", "80", AF_INET),
                                             [this](const ResolveAnswer&) { note("told"); });
  });
  until([&] { return datagrams == 1; });
  EXPECT_GT(open_descriptors(), before);
  look_up.reset();
  EXPECT_EQ(open_descriptors(), before);
  as_asker([](Asker& self) { EXPECT_EQ(self.wheel.lookups(), 0u); });
}

TEST(DnsClientInASimulatedWorldTest, LookUpsSayWhyNot) {
  std::string said;
  run_lab(loop_plugin("sim"), [&](Lab& lab) {
    auto dns = std::make_shared<DnsClient>(lab);
    auto call = std::make_shared<DnsCall>();
    *call = dns->query("a.test", DnsType::A,
                       [&said, dns, call](const DnsClient::Answer& answer) { said = answer.error().message(); });
  });
  EXPECT_EQ(said, "cannot query A a.test: a simulated world has no network that c-ares could use");
}

TEST(DnsClientInASimulatedWorldTest, AServerThatIsNoAddressIsABug) {
  run_lab(loop_plugin("poll"), [&](Lab& lab) {
    DnsOptions options;
    options.servers = {*SocketAddress::unix_path("/x")};
    EXPECT_THROW(DnsClient(lab, options), std::invalid_argument);
  });
}

}  // namespace
}  // namespace poe::test
