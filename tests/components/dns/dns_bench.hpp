// SPDX-License-Identifier: MIT
//
// A name server on the kernel under test, and a session with a DnsClient that asks it. Real loops only: c-ares has a
// clock of its own.
#pragma once

#include <functional>
#include <map>
#include <optional>
#include <string>
#include <utility>

#include "poe/components/dns_awaits.hpp"
#include "poe/components/dns_client.hpp"
#include "poe/filters/block.hpp"
#include "poe/wheels/datagram.hpp"
#include "tcp_bench.hpp"
#include "wheel_bench.hpp"

namespace poe::test {

// ---- messages as octets

inline std::string octets(unsigned number, int count) {
  std::string text;
  for (int i = count - 1; i >= 0; --i) text += i < 4 ? static_cast<char>(number >> (8 * i) & 0xFFu) : '\0';
  return text;
}
/// "mail.test" as labels.
inline std::string labels(const std::string& name) {
  std::string text;
  for (std::size_t at = 0; at < name.size();) {
    const std::size_t dot = std::min(name.find('.', at), name.size());
    text += octets(static_cast<unsigned>(dot - at), 1) + name.substr(at, dot - at);
    at = dot + 1;
  }
  return text + '\0';
}
inline std::string strings(std::initializer_list<std::string> all) {
  std::string text;
  for (const std::string& one : all) text += octets(static_cast<unsigned>(one.size()), 1) + one;
  return text;
}

struct Question {
  std::string id{};
  std::string name{};
  DnsType type = DnsType::A;
  std::string raw{};  // the question section
};

inline Question read_question(std::string_view message) {
  Question question;
  question.id = message.substr(0, 2);
  std::size_t at = 12;
  while (message[at] != 0) {
    const auto size = static_cast<std::size_t>(message[at]);
    question.name += (question.name.empty() ? "" : ".") + std::string(message.substr(at + 1, size));
    at += 1 + size;
  }
  question.type = static_cast<DnsType>(static_cast<unsigned char>(message[at + 2]));
  question.raw = message.substr(12, at + 5 - 12);
  return question;
}

/// A record of the name that was asked for, unless another is said.
inline std::string record(DnsType type, const std::string& data, const std::string& owner = "\xC0\x0C") {
  return owner + octets(static_cast<unsigned>(type), 2) + octets(1, 2) + octets(300, 4) +
         octets(static_cast<unsigned>(data.size()), 2) + data;
}

struct Reply {
  std::vector<std::string> records{};
  unsigned flags = 0x8180;  // an answer, recursive; the lowest four bits are the code
};
constexpr unsigned kTruncated = 0x8380;
constexpr unsigned kServerFailed = 0x8182;
constexpr unsigned kNoName = 0x8183;
constexpr unsigned kRefused = 0x8185;

inline std::string message(const Question& question, const Reply& reply) {
  std::string text = question.id + octets(reply.flags, 2) + octets(1, 2) +
                     octets(static_cast<unsigned>(reply.records.size()), 2) + octets(0, 4) + question.raw;
  for (const std::string& one : reply.records) text += one;
  return text;
}

// ---- the bench

class DnsTest : public TcpTest {
 protected:
  using Answer = DnsClient::Answer;
  using Asker = WheelHolder<DnsClient>;
  using Server = WheelHolder<DatagramSocket>;

  DnsTest() : server(kernel.spawn<Server>()), asker(kernel.spawn<Asker>()) { serve_udp(); }
  ~DnsTest() override { calls.clear(); }

  /// On a port of its own choice; the client asks there from now on.
  void serve_udp() {
    as_server([this](Server& self) {
      DatagramOptions options = DatagramOptions::bind(SocketAddress::loopback(AF_INET, 0));
      options.on_datagram = [this, &self](std::string_view bytes, const SocketAddress& from) {
        ++datagrams;
        const std::string answer = on_datagram(std::string(bytes));
        if (!answer.empty()) static_cast<void>(self.wheel.put(answer, from));
      };
      self.wheel = DatagramSocket(self, std::move(options));
      port = self.wheel.local_address()->port();
    });
    set_up_client(options());
  }
  /// TCP beside it, on the same port. If somebody has that, both move to another.
  void serve_tcp() {
    std::optional<bool> listens;
    while (!listens.value_or(false)) {
      if (listens) serve_udp();
      listens.reset();
      TcpServerOptions options("127.0.0.1", port);
      options.filter = BlockFilter(BlockOptions(length::u16()));
      options.client_input = [this](TcpConnection& client, std::string_view bytes) {
        ++streams;
        client.put(over_tcp(read_question(bytes)));
      };
      options.client_error = [](TcpConnection&, const Error&) {};
      options.error = [](TcpServer&, const Error&) {};
      options.started = [&](TcpServer& its) { listens = its.local_address().has_value(); };
      kernel.spawn<TcpServer>(std::move(options));
      until([&] { return listens.has_value(); });
    }
  }
  DnsOptions options() const {
    DnsOptions wanted;
    wanted.servers = {SocketAddress::loopback(AF_INET, port)};
    wanted.timeout = 5s;
    return wanted;
  }
  void set_up_client(DnsOptions wanted) {
    as_asker([&](Asker& self) { self.wheel = DnsClient(self, std::move(wanted)); });
  }
  template <class F>
  void as_asker(F f) {
    const auto done = kernel.with<Asker>(asker, f);
    ASSERT_TRUE(done) << done.error().report();
  }
  template <class F>
  void as_server(F f) {
    const auto done = kernel.with<Server>(server, f);
    ASSERT_TRUE(done) << done.error().report();
  }

  /// Asks, and runs until the outcome is there.
  Answer ask(const std::string& name, DnsType type) {
    std::optional<Answer> outcome;
    DnsCall call;
    as_asker([&](Asker& self) {
      call = self.wheel.query(name, type, [&](Answer answer) { outcome = std::move(answer); });
      EXPECT_FALSE(outcome) << "never inside of the call";
    });
    until([&] { return outcome.has_value(); });
    EXPECT_FALSE(call);
    return std::move(*outcome);
  }
  ResolveAnswer find(ResolveQuery query) {
    std::optional<ResolveAnswer> outcome;
    DnsCall call;
    as_asker([&](Asker& self) {
      call = self.wheel.addresses(std::move(query), [&](ResolveAnswer answer) { outcome = std::move(answer); });
      EXPECT_FALSE(outcome);
    });
    until([&] { return outcome.has_value(); });
    return std::move(*outcome);
  }
  /// Each record on a line.
  static std::string text(const Answer& answer) {
    if (!answer) return answer.error().message();
    if (answer->status == DnsStatus::no_name) return "no name";
    if (answer->status == DnsStatus::no_data) return "no data";
    std::string lines;
    for (const DnsRecord& one : answer->records) lines += one.to_string() + "\n";
    return lines;
  }
  static Errc code(const Answer& answer) { return answer ? Errc{} : answer.error().code(); }
  /// The server says this to everything.
  void say(Reply reply) {
    on_question = [reply](const Question&) { return std::optional(reply); };
  }

  std::function<std::optional<Reply>(const Question&)> on_question = [](const Question&) { return Reply(); };
  std::function<std::string(const std::string&)> on_datagram = [this](const std::string& bytes) {
    const Question question = read_question(bytes);
    const auto reply = on_question(question);
    return reply ? message(question, *reply) : std::string();
  };
  std::function<std::string(const Question&)> over_tcp = [this](const Question& question) {
    return message(question, *on_question(question));
  };
  int datagrams = 0;
  int streams = 0;
  SessionId server;
  SessionId asker;
  std::vector<DnsCall> calls;
};

}  // namespace poe::test
