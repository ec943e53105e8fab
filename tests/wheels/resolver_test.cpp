// SPDX-License-Identifier: MIT
#include <sched.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <future>
#include <mutex>
#include <set>
#include <thread>

#include "socket_factory_lab.hpp"

namespace poe::test {
namespace {

std::string once(std::string host, std::string service, int family = 0, bool passive = false) {
  ResolveQuery query(std::move(host), std::move(service), family);
  query.passive = passive;
  const auto answer = Resolver::at_once(query);
  if (!answer) return "needs a look-up";
  return *answer ? (*answer)->front().to_string() : "error " + answer->error().operation();
}

TEST(ResolverTest, NumericAddressesNeedNoThread) {
  EXPECT_EQ(once("127.0.0.1", "80"), "127.0.0.1:80");
  EXPECT_EQ(once("::1", "80"), "[::1]:80");
  EXPECT_EQ(once("", "80"), "127.0.0.1:80");
  EXPECT_EQ(once("", "80", 0, true), "0.0.0.0:80");
  EXPECT_EQ(once("", "", AF_INET6, true), "[::]:0");
}

TEST(ResolverTest, NamesNeedALookUp) {
  EXPECT_EQ(once("localhost", "80"), "needs a look-up");
  EXPECT_EQ(once("127.0.0.1", "http"), "needs a look-up");
  EXPECT_EQ(once("", "http"), "needs a look-up");
}

TEST(ResolverTest, TextsThatCanBecomeNoAddressFailWithoutALookUp) {
  EXPECT_EQ(once("::1", "80", AF_INET), "error inet_aton");
  EXPECT_EQ(once("127.0.0.1", "80", AF_INET6), "error getaddrinfo");
  EXPECT_EQ(once("12:34", "80"), "error getaddrinfo");
  EXPECT_EQ(once("localhost", "65536"), "error getservbyname");
}

TEST(ResolverTest, TheSystemKnowsLocalhostAndServices) {
  const auto numbered = system_lookup(ResolveQuery("localhost", "8080"));
  ASSERT_TRUE(numbered) << numbered.error().report();
  for (const SocketAddress& address : *numbered) EXPECT_EQ(address.port(), 8080);
  const auto named = system_lookup(ResolveQuery("127.0.0.1", "http"));
  ASSERT_TRUE(named) << named.error().report() << "(the test needs /etc/services, package netbase)";
  EXPECT_EQ(named->front().to_string(), "127.0.0.1:80");
  ResolveQuery datagram("", "tftp");
  datagram.datagram = true;
  const auto udp = system_lookup(datagram);
  ASSERT_TRUE(udp) << udp.error().report();
  EXPECT_EQ(udp->front().port(), 69);
}

TEST(ResolverTest, ServicesMeanPortsWhateverTheHost) {
  EXPECT_EQ(service_port(ResolveQuery("no.such.host.invalid", "http")), 80);
  EXPECT_EQ(service_port(ResolveQuery("", "8080")), 8080);
  EXPECT_EQ(service_port(ResolveQuery("", "")), 0);
  const auto none = service_port(ResolveQuery("", "no-such-service"));
  ASSERT_FALSE(none);
  EXPECT_EQ(none.error().operation(), "getservbyname");
}

TEST(ResolverTest, ErrorsOfTheSystemSayWhatItSays) {
  const auto service = system_lookup(ResolveQuery("127.0.0.1", "no-such-service"));
  ASSERT_FALSE(service);
  EXPECT_EQ(service.error().message(), "cannot getservbyname no-such-service/tcp: this machine knows no such service");
  ResolveQuery wrong("127.0.0.1", "1", AF_INET6);
  const auto family = system_lookup(wrong);
  ASSERT_FALSE(family);
  EXPECT_EQ(family.error().operation(), "getaddrinfo");
  EXPECT_EQ(family.error().subject(), "127.0.0.1:1");
  EXPECT_EQ(family.error().reason(), "Address family for hostname not supported");
  EXPECT_NE(family.error().advice(), "");
}

// As on a laptop in the air, or in a container that has none.
TEST(ResolverTest, LocalhostIsFoundWithoutANetwork) {
  enum Answer { found, not_found, no_namespaces };
  const pid_t child = fork();
  if (child == 0) {
    if (unshare(CLONE_NEWUSER | CLONE_NEWNET) != 0) _exit(no_namespaces);
    _exit(system_lookup(ResolveQuery("localhost", "80", AF_INET)) ? found : not_found);
  }
  int status = 0;
  ASSERT_EQ(waitpid(child, &status, 0), child);
  ASSERT_TRUE(WIFEXITED(status));
  if (WEXITSTATUS(status) == no_namespaces) GTEST_SKIP() << "this machine gives us no network namespace";
  EXPECT_EQ(WEXITSTATUS(status), found);
}

class ResolverOnALoopTest : public OnEveryLoop {};
POE_ON_EVERY_LOOP(ResolverOnALoopTest);

TEST_P(ResolverOnALoopTest, AnswersOnTheLoopThreadAfterTheCall) {
  const auto here = std::this_thread::get_id();
  std::thread::id helper;
  bool answered = false;
  run([&](Lab& lab) {
    Resolver resolver(1, [&](const ResolveQuery& query) {
      helper = std::this_thread::get_id();
      EXPECT_EQ(query.to_string(), "name.test:80");
      return std::vector{SocketAddress::loopback(AF_INET, 80)};
    });
    lab.look_ups.push_back(resolver.resolve(lab, ResolveQuery("name.test", "80"), [&](ResolveAnswer answer) {
      answered = true;
      EXPECT_EQ(std::this_thread::get_id(), here);
      EXPECT_EQ(answer->front().to_string(), "127.0.0.1:80");
    }));
    EXPECT_TRUE(lab.look_ups.front());
    EXPECT_FALSE(answered);
  });
  EXPECT_TRUE(answered) << "the look-up keeps its session alive, and nothing else does";
  EXPECT_NE(helper, here);
}

TEST_P(ResolverOnALoopTest, ALookUpThatFindsNoAddressHasFailed) {
  std::vector<std::string> answers;
  const auto told = [&](const ResolveAnswer& answer) {
    answers.push_back(answer ? "an answer" : answer.error().message());
  };
  run([&](Lab& lab) {
    Resolver blocking(1, [](const ResolveQuery&) { return std::vector<SocketAddress>(); });
    Resolver other = Resolver::asynchronous([](Self&, const ResolveQuery&, Fn<void(ResolveAnswer)> done) {
      done(std::vector<SocketAddress>());
      return std::shared_ptr<void>();
    });
    lab.look_ups.push_back(blocking.resolve(lab, ResolveQuery("name.test", "80"), told));
    lab.look_ups.push_back(other.resolve(lab, ResolveQuery("name.test", "80"), told));
  });
  EXPECT_EQ(answers, std::vector<std::string>(2, "cannot getaddrinfo name.test:80: the look-up has found no address"));
}

TEST_P(ResolverOnALoopTest, KnownAnswersComeLaterToo) {
  bool answered = false;
  run([&](Lab& lab) {
    Resolver resolver;
    lab.look_ups.push_back(resolver.resolve(lab, ResolveQuery("::1", "7"), [&](ResolveAnswer answer) {
      answered = true;
      EXPECT_EQ(answer->front().to_string(), "[::1]:7");
      lab.look_ups.clear();
    }));
    EXPECT_FALSE(answered);
  });
  EXPECT_TRUE(answered);
}

TEST_P(ResolverOnALoopTest, SlowLookUpNeverBlocksTheLoopP137R59) {
  std::promise<void> release;
  const auto released = release.get_future().share();
  int ticks = 0;
  bool answered = false;
  run([&](Lab& lab) {
    Resolver resolver(1, [released](const ResolveQuery&) {
      released.wait();
      return std::vector{SocketAddress::loopback(AF_INET, 80)};
    });
    lab.look_ups.push_back(resolver.resolve(lab, ResolveQuery("slow.test", "80"), [&](ResolveAnswer) {
      answered = true;
      EXPECT_EQ(ticks, 3);
    }));
    for (int i = 1; i <= 3; ++i) {
      lab.in(i * 5ms, [&, i] {
        EXPECT_FALSE(answered);
        ticks = i;
        if (i == 3) release.set_value();
      });
    }
  });
  EXPECT_TRUE(answered);
}

TEST_P(ResolverOnALoopTest, CancelledLookUpIsUnheardAndLetsGoOfItsSessionR59) {
  std::promise<void> release;
  const auto released = release.get_future().share();
  std::promise<void> begun;
  std::promise<void> looked_up;
  run([&](Lab& lab) {
    Resolver resolver(1, [&, released](const ResolveQuery&) -> ResolveAnswer {
      begun.set_value();
      released.wait();
      looked_up.set_value();
      return std::vector{SocketAddress::loopback(AF_INET, 80)};
    });
    lab.look_ups.push_back(resolver.resolve(lab, ResolveQuery("slow.test", "80"),
                                            [](ResolveAnswer) { ADD_FAILURE() << "cancelled, yet answered"; }));
    begun.get_future().wait();  // a look-up cancelled before is not even begun
    lab.look_ups.clear();
  });  // returns although the thread still waits
  release.set_value();
  looked_up.get_future().wait();
}

TEST_P(ResolverOnALoopTest, ThreadsAreBoundedAndAllAnswersCome) {
  std::mutex mutex;
  int running = 0;
  int most = 0;
  int answers = 0;
  run([&](Lab& lab) {
    auto resolver = std::make_shared<Resolver>(3, [&](const ResolveQuery&) {
      {
        const std::lock_guard lock(mutex);
        most = std::max(most, ++running);
      }
      std::this_thread::yield();
      const std::lock_guard lock(mutex);
      --running;
      return std::vector{SocketAddress::loopback(AF_INET, 1)};
    });
    for (int i = 0; i < 50; ++i) {
      lab.look_ups.push_back(
          resolver->resolve(lab, ResolveQuery("name.test", "1"), [&, resolver](ResolveAnswer answer) {
            EXPECT_TRUE(answer);
            ++answers;
          }));
    }
  });
  EXPECT_EQ(answers, 50);
  EXPECT_LE(most, 3);
  EXPECT_GE(most, 1);
}

TEST_P(ResolverOnALoopTest, ThrowingLookUpIsAnError) {
  bool answered = false;
  run([&](Lab& lab) {
    Resolver resolver(1, [](const ResolveQuery&) -> ResolveAnswer { throw std::runtime_error("out of cheese"); });
    lab.look_ups.push_back(resolver.resolve(lab, ResolveQuery("name.test", "1"), [&](ResolveAnswer answer) {
      answered = true;
      ASSERT_FALSE(answer);
      EXPECT_EQ(answer.error().code(), Errc::exception);
      EXPECT_EQ(answer.error().reason(), "out of cheese");
    }));
  });
  EXPECT_TRUE(answered);
}

TEST_P(ResolverOnALoopTest, LocalhostIsKnownEverywhere) {
  std::set<std::string> found;
  run([&](Lab& lab) {
    Resolver resolver;
    lab.look_ups.push_back(resolver.resolve(lab, ResolveQuery("localhost", "5"), [&](ResolveAnswer answer) {
      ASSERT_TRUE(answer) << answer.error().report();
      for (const SocketAddress& address : *answer) found.insert(address.to_string());
    }));
  });
  EXPECT_TRUE(found.contains("127.0.0.1:5") || found.contains("[::1]:5"));
}

TEST_P(ResolverOnALoopTest, AsynchronousLookUpNeedsNoThreadAndIsHeardLater) {
  bool answered = false;
  run([&](Lab& lab) {
    Resolver resolver = Resolver::asynchronous(
        [&](Self& self, const ResolveQuery& query, Fn<void(ResolveAnswer)> done) -> std::shared_ptr<void> {
          EXPECT_EQ(&self, &lab);
          EXPECT_EQ(query.to_string(), "name.test:80");
          done(std::vector{SocketAddress::loopback(AF_INET, 80)});
          done(std::vector{SocketAddress::loopback(AF_INET, 81)});
          return nullptr;
        });
    lab.look_ups.push_back(resolver.resolve(lab, ResolveQuery("name.test", "80"), [&](ResolveAnswer answer) {
      EXPECT_FALSE(answered) << "once";
      answered = true;
      EXPECT_EQ(answer->front().port(), 80);
    }));
    EXPECT_TRUE(lab.look_ups.front());
    EXPECT_FALSE(answered);
  });
  EXPECT_TRUE(answered) << "the look-up keeps its session alive, and nothing else does";
}

TEST_P(ResolverOnALoopTest, AsynchronousLookUpIsTakenBackWhenNobodyWantsIt) {
  std::weak_ptr<int> under_way;
  Fn<void(ResolveAnswer)> late;
  run([&](Lab& lab) {
    Resolver resolver =
        Resolver::asynchronous([&](Self&, const ResolveQuery&, Fn<void(ResolveAnswer)> done) -> std::shared_ptr<void> {
          late = std::move(done);
          auto handle = std::make_shared<int>(1);
          under_way = handle;
          return handle;
        });
    lab.look_ups.push_back(resolver.resolve(lab, ResolveQuery("name.test", "80"),
                                            [](ResolveAnswer) { ADD_FAILURE() << "cancelled, yet answered"; }));
    EXPECT_FALSE(under_way.expired());
    lab.look_ups.clear();
    EXPECT_TRUE(under_way.expired());
    late(std::vector{SocketAddress::loopback(AF_INET, 80)});
  });
}

TEST_P(ResolverOnALoopTest, AsynchronousLookUpThatThrowsIsAnError) {
  bool answered = false;
  run([&](Lab& lab) {
    Resolver resolver =
        Resolver::asynchronous([](Self&, const ResolveQuery&, Fn<void(ResolveAnswer)>) -> std::shared_ptr<void> {
          throw std::runtime_error("out of cheese");
        });
    lab.look_ups.push_back(resolver.resolve(lab, ResolveQuery("name.test", "1"), [&](ResolveAnswer answer) {
      answered = true;
      ASSERT_FALSE(answer);
      EXPECT_EQ(answer.error().reason(), "out of cheese");
    }));
  });
  EXPECT_TRUE(answered);
}

TEST(ResolverTest, AsynchronousWithoutALookUpThrows) {
  EXPECT_THROW(static_cast<void>(Resolver::asynchronous({})), std::invalid_argument);
}

TEST(ResolverTest, SimulatedWorldHasNoNameServersAndSaysSo) {
  bool answered = false;
  run_lab(loop_plugin("sim"), [&](Lab& lab) {
    Resolver resolver;
    lab.look_ups.push_back(resolver.resolve(lab, ResolveQuery("example.org", "80"), [&](ResolveAnswer answer) {
      answered = true;
      ASSERT_FALSE(answer);
      EXPECT_EQ(answer.error().message(), "cannot getaddrinfo example.org:80: a simulated world has no name servers");
      EXPECT_NE(answer.error().advice().find("localhost"), std::string::npos);
    }));
  });
  EXPECT_TRUE(answered);
}

}  // namespace
}  // namespace poe::test
