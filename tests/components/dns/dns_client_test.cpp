// SPDX-License-Identifier: MIT
//
// What name servers say, and how it arrives.
#include <netinet/in.h>
#include <sched.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "dns_bench.hpp"

namespace poe::test {
namespace {

class DnsClientTest : public DnsTest {};
POE_ON_REAL_LOOPS(DnsClientTest);

TEST_P(DnsClientTest, RecordsOfEveryTypeAreRead) {
  using enum DnsType;
  const auto one = [&](DnsType type, std::vector<std::string> data) {
    Reply reply;
    for (const std::string& each : data) reply.records.push_back(record(type, each));
    say(reply);
    return text(ask("a.test", type));
  };
  EXPECT_EQ(one(A, {"\x7F\x01\x02\x03", "\x0A\x09\x08\x07"}), "a.test 300 A 127.1.2.3\na.test 300 A 10.9.8.7\n");
  EXPECT_EQ(one(AAAA, {octets(0x20010DB8, 4) + std::string(11, '\0') + "\x01"}), "a.test 300 AAAA 2001:db8::1\n");
  EXPECT_EQ(one(MX, {octets(20, 2) + labels("b.test"), octets(10, 2) + labels("c"), octets(0, 2) + '\0'}),
            "a.test 300 MX 0 .\na.test 300 MX 10 c\na.test 300 MX 20 b.test\n");
  EXPECT_EQ(one(TXT, {strings({"v=spf1 ", "-all \"\\\x01"})}), "a.test 300 TXT \"v=spf1 \" \"-all \\\"\\\\\\001\"\n");
  EXPECT_EQ(one(SRV, {octets(2, 2) + octets(3, 2) + octets(443, 2) + labels("x.test"),
                      octets(1, 2) + octets(0, 2) + octets(80, 2) + "\xC0\x0C"}),
            "a.test 300 SRV 1 0 80 a.test\na.test 300 SRV 2 3 443 x.test\n");
  EXPECT_EQ(one(NS, {labels("ns1.test")}), "a.test 300 NS ns1.test\n");
  EXPECT_EQ(one(PTR, {labels("host.test")}), "a.test 300 PTR host.test\n");
  EXPECT_EQ(one(CNAME, {labels("other.test")}), "a.test 300 CNAME other.test\n");
  EXPECT_EQ(one(SOA, {labels("ns.test") + labels("me.test") + octets(1, 4) + octets(2, 4) + octets(3, 4) +
                      octets(4, 4) + octets(5, 4)}),
            "a.test 300 SOA ns.test me.test 1 2 3 4 5\n");
}

TEST_P(DnsClientTest, AliasesAreToldApart) {
  say({{record(DnsType::CNAME, labels("real.test")), record(DnsType::A, "\x7F\x01\x01\x01", labels("real.test")),
        record(DnsType::TXT, strings({"nobody asked"}))}});
  const Answer answer = ask("www.test", DnsType::A);
  EXPECT_EQ(text(answer), "real.test 300 A 127.1.1.1\n");
  ASSERT_EQ(answer->aliases.size(), 1u);
  EXPECT_EQ(answer->aliases[0].as<DnsName>()->name, "real.test");
  EXPECT_EQ(answer->aliases[0].as<DnsMail>(), nullptr);
}

TEST_P(DnsClientTest, NothingIsAnAnswerOfTwoKinds) {
  say({{}, kNoName});
  EXPECT_EQ(text(ask("no.test", DnsType::MX)), "no name");
  say({});
  EXPECT_EQ(text(ask("no.test", DnsType::MX)), "no data");
  say({{record(DnsType::CNAME, labels("b.test"))}});
  EXPECT_EQ(text(ask("no.test", DnsType::MX)), "no data") << "an alias that leads nowhere";
}

TEST_P(DnsClientTest, AddressesAreOfBothFamiliesAndHaveThePort) {
  on_question = [](const Question& question) {
    const bool six = question.type == DnsType::AAAA;
    return Reply{{record(question.type, six ? std::string(15, '\0') + "\x01" : "\x7F\x01\x01\x01")}};
  };
  const auto both = find({"two.test", "80"});
  ASSERT_TRUE(both) << both.error().report();
  std::set<std::string> found;
  for (const SocketAddress& address : *both) found.insert(address.to_string());
  EXPECT_EQ(found, (std::set<std::string>{"127.1.1.1:80", "[::1]:80"}));
  const auto four = find({"two.test", "http", AF_INET});
  ASSERT_TRUE(four) << four.error().report();
  EXPECT_EQ(*four, std::vector{*SocketAddress::ip("127.1.1.1", 80)});
}

TEST_P(DnsClientTest, AddressesThatAreKnownAskNobody) {
  EXPECT_EQ(find({"::1", "7"})->front().to_string(), "[::1]:7");
  EXPECT_EQ(find({"127.0.0.1", "http"})->front().to_string(), "127.0.0.1:80");
  EXPECT_EQ(find({"", "http"})->front().to_string(), "127.0.0.1:80");
  ResolveQuery everywhere("", "http");
  everywhere.passive = true;
  EXPECT_EQ(find(std::move(everywhere))->front().to_string(), "0.0.0.0:80");
  EXPECT_EQ(find({"", "http", AF_INET6})->front().to_string(), "[::1]:80");
  const auto hosts = find({"localhost", "9", AF_INET});
  ASSERT_TRUE(hosts) << hosts.error().report();
  EXPECT_EQ(hosts->front().to_string(), "127.0.0.1:9");
  EXPECT_EQ(datagrams, 0);
}

TEST_P(DnsClientTest, AddressesThatAreNotThereAreErrors) {
  say({{}, kNoName});
  auto none = find({"no.test", "80"});
  ASSERT_FALSE(none);
  EXPECT_EQ(none.error().message(), "cannot getaddrinfo no.test:80: there is no such name");
  EXPECT_NE(none.error().report().find("asked: 127.0.0.1:" + std::to_string(port)), std::string::npos)
      << none.error().report();
  say({});
  none = find({"no.test", "80"});
  ASSERT_FALSE(none);
  EXPECT_NE(none.error().advice(), "");
  EXPECT_EQ(find({"no.test", "no-such-service"}).error().operation(), "getservbyname");
  EXPECT_EQ(find({"1:2", "1"}).error().operation(), "getaddrinfo");
}

TEST_P(DnsClientTest, AnAnswerTooLongForADatagramComesOverTcp) {
  serve_tcp();
  say({{}, kTruncated});
  over_tcp = [](const Question& question) {
    Reply reply;
    for (int i = 0; i < 200; ++i) reply.records.push_back(record(DnsType::TXT, strings({std::string(200, 'x')})));
    return message(question, reply);
  };
  const Answer answer = ask("long.test", DnsType::TXT);
  ASSERT_TRUE(answer) << answer.error().report();
  EXPECT_EQ(answer->records.size(), 200u);
  EXPECT_EQ(datagrams, 1);
  EXPECT_EQ(streams, 1);
}

TEST_P(DnsClientTest, TcpAloneIfAskedFor) {
  serve_tcp();
  DnsOptions wanted = options();
  wanted.tcp = true;
  set_up_client(std::move(wanted));
  say({{record(DnsType::A, "\x7F\x01\x01\x01")}});
  EXPECT_EQ(text(ask("a.test", DnsType::A)), "a.test 300 A 127.1.1.1\n");
  EXPECT_EQ(datagrams, 0);
}

TEST_P(DnsClientTest, AServerWithoutTcpIsAnErrorOfTheLongAnswer) {
  say({{}, kTruncated});
  const Answer answer = ask("long.test", DnsType::TXT);
  ASSERT_FALSE(answer);
  EXPECT_EQ(answer.error().subject(), "TXT long.test");
  EXPECT_EQ(answer.error().code(), Errc::system) << answer.error().report();
}

TEST_P(DnsClientTest, ADeadServerTimesOutAndTheErrorNamesIt) {
  const std::size_t before = open_descriptors();
  on_question = [](const Question&) { return std::nullopt; };
  DnsOptions wanted = options();
  wanted.timeout = 20ms;
  wanted.tries = 2;
  set_up_client(std::move(wanted));
  const TimePoint begun = kernel.now();
  const Answer answer = ask("slow.test", DnsType::MX);
  EXPECT_GE(kernel.now() - begun, 60ms) << "20 and 40";
  ASSERT_FALSE(answer);
  EXPECT_EQ(answer.error().message(), "cannot query MX slow.test: no name server has answered in time");
  EXPECT_EQ(code(answer), Errc::timed_out);
  EXPECT_NE(answer.error().report().find("asked: 127.0.0.1:" + std::to_string(port)), std::string::npos);
  EXPECT_NE(answer.error().advice(), "");
  EXPECT_EQ(datagrams, 2);
  EXPECT_LE(kernel.counts().turns, 200u) << "it does not spin while it waits";
  EXPECT_EQ(open_descriptors(), before);
}

TEST_P(DnsClientTest, TheSecondServerIsAskedWhenNobodyIsAtTheFirst) {
  DnsOptions wanted = options();
  wanted.servers.insert(wanted.servers.begin(), *SocketAddress::ip("127.0.0.1", 1));  // nobody there
  set_up_client(std::move(wanted));
  say({{record(DnsType::A, "\x7F\x01\x01\x01")}});
  EXPECT_EQ(text(ask("a.test", DnsType::A)), "a.test 300 A 127.1.1.1\n");
}

TEST_P(DnsClientTest, TheSecondServerIsAskedWhenTheFirstIsSilent) {
  const SocketAddress any = SocketAddress::loopback(AF_INET, 0);
  const int deaf = ::socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
  ASSERT_EQ(::bind(deaf, any.data(), any.size()), 0);
  sockaddr_in at{};
  socklen_t size = sizeof at;
  ASSERT_EQ(::getsockname(deaf, reinterpret_cast<sockaddr*>(&at), &size), 0);
  DnsOptions wanted = options();
  wanted.servers.insert(wanted.servers.begin(), SocketAddress::from_raw(&at, size));
  wanted.timeout = 20ms;
  set_up_client(std::move(wanted));
  say({{record(DnsType::A, "\x7F\x01\x01\x01")}});
  const TimePoint begun = kernel.now();
  EXPECT_EQ(text(ask("a.test", DnsType::A)), "a.test 300 A 127.1.1.1\n");
  EXPECT_GE(kernel.now() - begun, 20ms);
  char octet = 0;
  EXPECT_EQ(::recv(deaf, &octet, 1, MSG_DONTWAIT), 1) << "the first was asked";
  ::close(deaf);
}

TEST_P(DnsClientTest, TheSecondServerIsAskedWhenTheFirstFails) {
  DnsOptions wanted = options();
  const int before = datagrams;
  int failures = 0;
  const SessionId failing = kernel.spawn<Server>();
  ASSERT_TRUE(kernel.with<Server>(failing, [&](Server& self) {
    DatagramOptions fails = DatagramOptions::bind(SocketAddress::loopback(AF_INET, 0));
    fails.on_datagram = [&failures, &self](std::string_view bytes, const SocketAddress& from) {
      ++failures;
      static_cast<void>(self.wheel.put(message(read_question(bytes), Reply{{}, kServerFailed}), from));
    };
    self.wheel = DatagramSocket(self, std::move(fails));
    wanted.servers.insert(wanted.servers.begin(), *self.wheel.local_address());
  }));
  set_up_client(std::move(wanted));
  say({{record(DnsType::A, "\x7F\x01\x01\x01")}});
  EXPECT_EQ(text(ask("a.test", DnsType::A)), "a.test 300 A 127.1.1.1\n");
  EXPECT_EQ(failures, 1);
  EXPECT_EQ(datagrams, before + 1);
}

TEST_P(DnsClientTest, NoAnswerIsKept) {
  say({{record(DnsType::A, "\x7F\x01\x01\x01")}});
  EXPECT_TRUE(ask("a.test", DnsType::A));
  EXPECT_TRUE(ask("a.test", DnsType::A));
  EXPECT_EQ(datagrams, 2);
}

TEST_P(DnsClientTest, NobodyThereIsAnError) {
  DnsOptions wanted;
  wanted.servers = {*SocketAddress::ip("127.0.0.1", 1)};
  set_up_client(std::move(wanted));
  const Answer answer = ask("a.test", DnsType::A);
  EXPECT_EQ(code(answer), Errc::system);
  EXPECT_NE(text(answer).find("out of reach"), std::string::npos) << text(answer);
}

TEST_P(DnsClientTest, ServersThatFailOrRefuseAreErrors) {
  for (const unsigned how : {kServerFailed, kRefused}) {
    say({{}, how});
    const Answer answer = ask("a.test", DnsType::A);
    EXPECT_EQ(code(answer), Errc::system);
    // c-ares 1.18 does not tell which of them it was; later ones do.
    EXPECT_NE(text(answer).find(how == kRefused ? "REFUSED" : "SERVFAIL"), std::string::npos) << text(answer);
    ASSERT_FALSE(answer);
    EXPECT_NE(answer.error().advice(), "");
  }
}

TEST_P(DnsClientTest, NonsenseIsAnErrorOfTheProtocol) {
  const std::string cut = record(DnsType::A, "\x7F\x01\x01\x01");
  for (const std::string& wrong : {
           record(DnsType::A, "\x7F\x01\x01"),                  // three octets
           record(DnsType::A, "\x7F\x01\x01\x01\x01"),          // five
           cut.substr(0, cut.size() - 1),                       // cut
           record(DnsType::A, "\x7F\x01\x01\x01", "\xC0\xFF"),  // a name beyond the end
           record(DnsType::A, "\x7F\x01\x01\x01", "\xC0\x18"),  // a name that points at itself
       }) {
    say({{wrong}});
    EXPECT_EQ(code(ask("a.test", DnsType::A)), Errc::protocol);
  }
  for (const auto& [type, data] : {std::pair(DnsType::MX, octets(1, 1)), std::pair(DnsType::MX, octets(1, 2)),
                                   std::pair(DnsType::TXT, octets(9, 1) + "short"),
                                   std::pair(DnsType::SRV, octets(1, 5)), std::pair(DnsType::SOA, labels("a")),
                                   std::pair(DnsType::NS, std::string("\x3F"
                                                                      "a"))}) {
    say({{record(type, data)}});
    const Answer answer = ask("a.test", type);
    EXPECT_EQ(code(answer), Errc::protocol) << to_string(type);
    EXPECT_NE(text(answer).find(to_string(type)), std::string::npos) << text(answer);
  }
}

TEST_P(DnsClientTest, WhatIsNoAnswerToTheQuestionIsNotHeard) {
  DnsOptions wanted = options();
  wanted.timeout = 20ms;
  wanted.tries = 1;
  set_up_client(std::move(wanted));
  const auto good = on_datagram;
  say({{record(DnsType::A, "\x7F\x01\x01\x01")}});
  on_datagram = [&](const std::string& bytes) { return std::string("\x01\x02") + good(bytes).substr(2); };
  EXPECT_EQ(code(ask("a.test", DnsType::A)), Errc::timed_out) << "another id";
  on_datagram = [&](const std::string& bytes) { return good(bytes).substr(0, 7); };
  EXPECT_EQ(code(ask("a.test", DnsType::A)), Errc::timed_out) << "not even a head";
  on_datagram = [&](const std::string& bytes) {
    Question other = read_question(bytes);
    other.raw = labels("evil.test") + octets(1, 2) + octets(1, 2);
    return message(other, *on_question(other));
  };
  EXPECT_EQ(code(ask("a.test", DnsType::A)), Errc::timed_out) << "another question";
}

TEST_P(DnsClientTest, TextsThatAreNoNamesAreRefused) {
  for (const std::string& name : {std::string(), std::string("a\0b", 3), std::string(64, 'x') + ".test",
                                  std::string("a..b"), std::string(300, 'x')}) {
    const Answer answer = ask(name, DnsType::A);
    EXPECT_EQ(code(answer), Errc::invalid_argument) << name << text(answer);
  }
  EXPECT_EQ(datagrams, 0);
}

TEST_P(DnsClientTest, SearchDomainsAreTriedOnlyIfAskedFor) {
  std::vector<std::string> asked;
  on_question = [&](const Question& question) {
    asked.push_back(question.name);
    if (question.name != "short.in.test") return Reply{{}, kNoName};
    return Reply{{record(DnsType::A, "\x7F\x01\x01\x01")}};
  };
  DnsOptions wanted = options();
  wanted.domains = {"out.test", "in.test"};
  set_up_client(std::move(wanted));
  EXPECT_EQ(text(ask("short", DnsType::A)), "no name");
  EXPECT_FALSE(find({"short", "1", AF_INET}));
  EXPECT_EQ(std::exchange(asked, {}), (std::vector<std::string>{"short", "short"}));
  wanted = options();
  wanted.domains = {"out.test", "in.test"};
  wanted.search = true;
  set_up_client(std::move(wanted));
  EXPECT_EQ(text(ask("short", DnsType::A)), "short.in.test 300 A 127.1.1.1\n");
  EXPECT_EQ(std::exchange(asked, {}), (std::vector<std::string>{"short.out.test", "short.in.test"}));
  EXPECT_EQ(find({"short", "1", AF_INET})->front().to_string(), "127.1.1.1:1");
}

TEST_P(DnsClientTest, MoreThanMaxLookupsAreRefused) {
  on_question = [](const Question&) { return std::nullopt; };
  DnsOptions wanted = options();
  wanted.max_lookups = 2;
  set_up_client(std::move(wanted));
  as_asker([&](Asker& self) {
    for (int i = 0; i < 3; ++i) {
      calls.push_back(self.wheel.query("a.test", DnsType::A, [this, i](const Answer& answer) {
        note(std::to_string(i) + " " + std::string(to_string(code(answer))));
      }));
    }
    EXPECT_EQ(self.wheel.lookups(), 3u);
  });
  until([&] { return !log.empty(); });
  EXPECT_EQ(log, Log{"2 limit"});
}

TEST_P(DnsClientTest, ManyAtATimeAllArrive) {
  on_question = [](const Question& question) { return Reply{{record(DnsType::TXT, strings({question.name}))}}; };
  int right = 0;
  as_asker([&](Asker& self) {
    for (int i = 0; i < 100; ++i) {
      const std::string name = "n" + std::to_string(i) + ".test";
      calls.push_back(self.wheel.query(name, DnsType::TXT, [&right, name](const Answer& answer) {
        if (answer && *answer && answer->records[0].as<DnsText>()->joined() == name) ++right;
      }));
    }
  });
  until([&] { return right == 100; });
}

/// In a child that has no network but its loopback, and that is down. False if this machine does not allow that.
bool without_network(const std::function<bool()>& holds) {
  constexpr int kNotAllowed = 77;
  const pid_t child = ::fork();
  if (child == 0) {
    ::alarm(20);
    if (::unshare(CLONE_NEWNET) != 0 && ::unshare(CLONE_NEWUSER | CLONE_NEWNET) != 0) ::_exit(kNotAllowed);
    ::_exit(holds() ? 0 : 1);
  }
  int status = 0;
  EXPECT_EQ(::waitpid(child, &status, 0), child);
  if (WIFEXITED(status) && WEXITSTATUS(status) == kNotAllowed) return false;
  EXPECT_TRUE(WIFEXITED(status) && WEXITSTATUS(status) == 0) << status;
  return true;
}

TEST(DnsClientWithoutANetworkTest, ServicesHaveTheirNumbersAllTheSame) {
  const bool ran = without_network([] {
    std::string said;
    run_lab(loop_plugin("poll"), [&](Lab& lab) {
      auto dns = std::make_shared<DnsClient>(lab);
      auto call = std::make_shared<DnsCall>();
      *call = dns->addresses({"192.0.2.1", "http"}, [&said, dns, call](const ResolveAnswer& answer) {
        said = answer ? answer->front().to_string() : answer.error().message();
      });
    });
    EXPECT_EQ(said, "192.0.2.1:80");
    return said == "192.0.2.1:80";
  });
  if (!ran) GTEST_SKIP() << "this machine makes no network namespaces";
}

TEST(DnsRecordTest, NamesOfTypesAndOfAddresses) {
  EXPECT_EQ(dns_type("mx"), DnsType::MX);
  EXPECT_EQ(dns_type("AAAA"), DnsType::AAAA);
  EXPECT_FALSE(dns_type("ANY"));
  EXPECT_EQ(to_string(static_cast<DnsType>(99)), "TYPE99");
  EXPECT_EQ(dns_reverse_name(*SocketAddress::ip("192.0.2.1", 1)), "1.2.0.192.in-addr.arpa");
  EXPECT_EQ(dns_reverse_name(*SocketAddress::ip("2001:db8::567:89ab", 1)),
            "b.a.9.8.7.6.5.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.8.b.d.0.1.0.0.2.ip6.arpa");
  EXPECT_EQ(dns_reverse_name(*SocketAddress::unix_path("/x")), "");
}

}  // namespace
}  // namespace poe::test
