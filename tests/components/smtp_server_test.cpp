// SPDX-License-Identifier: MIT
//
// SmtpServer: what it answers, what it hands over, what it refuses, in whatever pieces it comes. Over TLS, and with
// other people's clients: tests/examples/mail_sink.sh.
#include "poe/components/smtp_server.hpp"

#include "poe/coroutine.hpp"
#include "poe/filters/stream.hpp"
#include "tcp_bench.hpp"

namespace poe::test {
namespace {

/// The code and the enhanced code of each answer: "250 2.1.0".
std::string code_of(const std::string& line) {
  const bool enhanced = line.size() > 8 && line[5] == '.' && line[7] == '.';
  return enhanced ? line.substr(0, 9) : line.substr(0, 3);
}

class SmtpServerTest : public TcpTest {
 protected:
  SmtpServerOptions storing() {
    SmtpServerOptions options("127.0.0.1", 0);
    options.host_name = "mx.test";
    options.started = [this](SmtpServer& server) {
      if (auto address = server.local_address()) port = address->port();
    };
    options.on_message = [this](SmtpQuestion mail) {
      std::string all = mail.envelope().sender + ">";
      for (const std::string& one : mail.envelope().recipients) all += one + ",";
      mails.push_back(all + "|" + mail.take_message());
      mail.accept();
    };
    options.log = &warnings;
    return options;
  }
  void serve(SmtpServerOptions options) {
    server = kernel.spawn<SmtpServer>(std::move(options));
    until([this] { return port != 0; });
  }
  /// A client that says all of it, in pieces of that many octets, and then waits for the server's end or QUIT's.
  void say(const std::string& text, std::size_t piece = SIZE_MAX) {
    log.clear();
    TcpClientOptions options("127.0.0.1", port);
    options.filter = LineOptions("\r\n");
    options.output_filter = StreamFilter();
    options.server_input = [this](TcpClient&, std::string_view line) { log.emplace_back(line); };
    options.server_error = [](TcpClient&, const Error&) {};
    options.disconnected = [this](TcpClient&) { ended = true; };
    ended = false;
    const SessionId client = kernel.spawn<TcpClient>(std::move(options));
    until([this] { return !log.empty(); });
    for (std::size_t at = 0; at < text.size() && !ended; at += std::min(piece, text.size() - at)) {
      static_cast<void>(kernel.with<TcpClient>(client, [&](TcpClient& c) { c.put(text.substr(at, piece)); }));
      if (piece < text.size()) {
        ASSERT_TRUE(kernel.run_one_timeslice(0ms));
      }
    }
    until([this] { return ended; });
  }
  /// Of all answers behind the first `skipped` lines.
  Log codes(std::size_t skipped = 0) const {
    Log all;
    for (std::size_t i = skipped; i < log.size(); ++i) all.push_back(code_of(log[i]));
    return all;
  }
  void stop() {
    with_smtp([](SmtpServer& s) { s.shutdown(); });
    ASSERT_TRUE(kernel.run());
  }
  template <class F>
  void with_smtp(F f) {
    ASSERT_TRUE(kernel.with<SmtpServer>(server, f));
  }
  static std::string mail(const std::string& text, const std::string& to = "b@c") {
    return "MAIL FROM:<a@b>\r\nRCPT TO:<" + to + ">\r\nDATA\r\n" + text;
  }
  struct Lines final : LogSink {
    void write(LogLevel, std::string_view line) noexcept override { lines.emplace_back(line); }
    Log lines;
  };

  Lines warnings;
  Log mails;
  SessionId server;
  bool ended = false;
};
POE_ON_EVERY_LOOP(SmtpServerTest);

TEST_P(SmtpServerTest, TakesAMessageHoweverItIsCut) {
  serve(storing());
  const std::string text = "EHLO me\r\n" + mail("Subject: x\r\n\r\n..dot\r\n...\r\nline\r\n.\r\n") + "QUIT\r\n";
  for (const std::size_t piece : {SIZE_MAX, std::size_t{7}, std::size_t{1}}) {
    mails.clear();
    say(text, piece);
    EXPECT_EQ(mails, Log{"a@b>b@c,|Subject: x\r\n\r\n.dot\r\n..\r\nline\r\n"}) << piece;
    EXPECT_EQ(codes(), (Log{"220", "250", "250", "250", "250", "250", "250", "250", "250 2.1.0", "250 2.1.5", "354",
                            "250 2.0.0", "221 2.0.0"}));
  }
  stop();
}

TEST_P(SmtpServerTest, OffersWhatItCan) {
  SmtpServerOptions options = storing();
  options.limits.max_message = 1000;
  serve(std::move(options));
  say("EHLO me\r\nQUIT\r\n");
  EXPECT_EQ(log[1], "250-mx.test");
  for (const char* const one :
       {"250-PIPELINING", "250-SIZE 1000", "250-8BITMIME", "250-SMTPUTF8", "250-ENHANCEDSTATUSCODES", "250 CHUNKING"}) {
    EXPECT_TRUE(said(one)) << one;
  }
  EXPECT_FALSE(said("250-STARTTLS")) << "there is no certificate";
  stop();
}

// CVE-2023-51764: whoever takes one of these for an end takes what follows for commands.
TEST_P(SmtpServerTest, OnlyCrLfDotCrLfEndsAMessage) {
  serve(storing());
  for (const std::string end : {"\n.\n", "\n.\r\n", "\r.\r", "\r\n.\n", "\r.\r\n", "\r\n.\r", "\n\n.\r\n"}) {
    mails.clear();
    say("EHLO me\r\n" + mail("x" + end + mail("smuggled\r\n.\r\n", "evil@c") + "QUIT\r\n"));
    EXPECT_EQ(mails, Log{}) << testing::PrintToString(end);
    EXPECT_EQ(codes().back(), "521 5.5.2") << testing::PrintToString(end);
  }
  say("EHLO me\nMAIL FROM:<a@b>\r\n");
  EXPECT_EQ(codes(), (Log{"220", "521 5.5.2"}));
  stop();
}

TEST_P(SmtpServerTest, WantsTheRightOrder) {
  serve(storing());
  say("MAIL FROM:<a@b>\r\nEHLO me\r\nRCPT TO:<a@b>\r\nDATA\r\nMAIL FROM:<a@b>\r\nDATA\r\nMAIL FROM:<x@b>\r\nRSET\r\n"
      "RCPT TO:<a@b>\r\nHELO\r\nQUIT\r\n");
  Log expected{"220", "503 5.5.1"};
  expected.insert(expected.end(), 7, "250");
  for (const char* const one : {"503 5.5.1", "503 5.5.1", "250 2.1.0", "554 5.5.1", "503 5.5.1", "250 2.0.0",
                                "503 5.5.1", "501 5.5.4", "221 2.0.0"}) {
    expected.emplace_back(one);
  }
  EXPECT_EQ(codes(), expected);
  stop();
}

TEST_P(SmtpServerTest, RefusesWhatIsNoAddress) {
  serve(storing());
  const std::vector<std::pair<std::string, std::string>> cases{
      {"<>", "250 2.1.0"},
      {"<a.b+c@d-e.f>", "250 2.1.0"},
      {"<\"a b>\\\"\"@d>", "250 2.1.0"},
      {"<a@[127.0.0.1]>", "250 2.1.0"},
      {"<@x,@y:a@b>", "250 2.1.0"},
      {" <a@b>", "250 2.1.0"},
      {"<a@b> SIZE=10 BODY=8BITMIME", "250 2.1.0"},
      {"<\xC3\xBC@b> SMTPUTF8", "250 2.1.0"},
      {"<\xC3\xBC@b>", "553 5.6.7"},
      {"<\xC3@b> SMTPUTF8", "553 5.6.7"},
      {"a@b", "501 5.5.4"},
      {"<a@b", "501 5.5.4"},
      {"<a@b>x", "501 5.5.4"},
      {"<a>", "553 5.1.7"},
      {"<a..b@c>", "553 5.1.7"},
      {"<a@b..c>", "553 5.1.7"},
      {"<a b@c>", "553 5.1.7"},
      {"<a@b> SIZE=99999999999999999999999", "552 5.3.4"},
      {"<a@b> SIZE=99999999999", "552 5.3.4"},
      {"<a@b> SIZE=x", "501 5.5.4"},
      {"<a@b> BODY=BINARYMIME", "555 5.5.4"},
      {"<a@b> AUTH=<>", "555 5.5.4"},
  };
  for (const auto& [path, code] : cases) {
    say("EHLO me\r\nMAIL FROM:" + path + "\r\nQUIT\r\n");
    EXPECT_EQ(code_of(log.at(log.size() - 2)), code) << path;
  }
  stop();
}

TEST_P(SmtpServerTest, ChunksAreTakenAsTheyAre) {
  serve(storing());
  const std::string head = "EHLO me\r\nMAIL FROM:<a@b>\r\nRCPT TO:<b@c>\r\n";
  for (const std::size_t piece : {SIZE_MAX, std::size_t{1}}) {
    mails.clear();
    say(head + "BDAT 8\r\nx\r\n.\r\nyzBDAT 4 LAST\r\n!!\r\nQUIT\r\n", piece);
    EXPECT_EQ(mails, Log{"a@b>b@c,|x\r\n.\r\nyz!!\r\n"});
  }
  mails.clear();
  say(head + "BDAT 3\r\nx\nyBDAT 2 LAST\r\n\r\nQUIT\r\n");
  EXPECT_EQ(codes().at(10), "554 5.6.0") << "what others would take for a line end";
  EXPECT_EQ(codes().at(11), "554 5.6.0");
  EXPECT_EQ(mails, Log{});
  say("EHLO me\r\nBDAT 6 LAST\r\nQUIT\r\nNOOP\r\nBDAT x\r\nNOOP\r\n");
  EXPECT_EQ(codes(8), (Log{"503 5.5.1", "250 2.0.0", "521 5.5.2"}))
      << "a refused chunk's octets are no commands, and without a size nobody knows what they are";
  say(head + "BDAT 99999999999 LAST\r\nQUIT\r\n");
  EXPECT_EQ(codes().back(), "552 5.3.4");
  stop();
}

TEST_P(SmtpServerTest, LimitsHold) {
  SmtpServerOptions options = storing();
  options.limits.max_message = 2000;
  options.limits.max_recipients = 1;
  options.limits.max_errors = 3;
  serve(std::move(options));
  const std::string line(1200, 'x');
  say("EHLO me\r\n" + std::string(600, 'x') + "\r\nNOOP\r\n" + mail(line + "\r\nx\r\n.\r\n") + "QUIT\r\n");
  EXPECT_EQ(codes(8), (Log{"500 5.5.2", "250 2.0.0", "250 2.1.0", "250 2.1.5", "354", "552 5.6.0", "221 2.0.0"}));
  std::string large;
  while (large.size() <= 2000) large += std::string(90, 'x') + "\r\n";
  say("EHLO me\r\n" + mail(large + ".\r\n") + "RSET\r\nQUIT\r\n");
  EXPECT_EQ(codes().at(11), "552 5.3.4");
  EXPECT_EQ(codes().at(12), "250 2.0.0") << "and goes on behind the end of the message";
  say("EHLO me\r\nMAIL FROM:<a@b>\r\nRCPT TO:<a@b>\r\nRCPT TO:<c@b>\r\nQUIT\r\n");
  EXPECT_EQ(codes().at(10), "452 4.5.3");
  say("A\r\nB\r\nC\r\nD\r\nNOOP\r\n");
  EXPECT_EQ(codes(), (Log{"220", "500 5.5.2", "500 5.5.2", "500 5.5.2", "421 4.7.0"}));
  EXPECT_EQ(mails, Log{});
  stop();
}

TEST_P(SmtpServerTest, ASlowClientIsToldAndCutOff) {
  SmtpServerOptions options = storing();
  options.limits.command_time = 20ms;
  serve(std::move(options));
  say("EHLO me\r\n");
  EXPECT_EQ(codes().back(), "421 4.4.2");
  stop();
}

TEST_P(SmtpServerTest, ABrowserIsSentAway) {
  serve(storing());
  say("POST / HTTP/1.1\r\nHost: x\r\n\r\nMAIL FROM:<a@b>\r\n");
  EXPECT_EQ(codes(), (Log{"220", "421 5.5.1"}));
  stop();
}

TEST_P(SmtpServerTest, TheProgramDecidesNowOrLater) {
  SmtpServerOptions options = storing();
  std::vector<SmtpQuestion> later;
  options.on_mail = [&](SmtpQuestion mail) {
    if (mail.address() == "bad@b")
      mail.refuse(550, "5.7.1 not you\r\nnor your lines");
    else
      mail.accept();
  };
  options.on_rcpt = [&](SmtpQuestion to) {
    if (to.address().starts_with("later")) {
      later.push_back(std::move(to));
      kernel.spawn([&](Self&) -> Task<> {
        EXPECT_EQ(later[0].envelope().helo, "me");
        later[0].accept();
        co_return;
      });
    } else if (to.address().starts_with("throw"))
      throw std::runtime_error("no");
    else if (to.address().starts_with("drop"))
      return;
    else
      to.accept("for sure");
  };
  serve(std::move(options));
  say("EHLO me\r\nMAIL FROM:<bad@b>\r\nMAIL FROM:<a@b>\r\nRCPT TO:<later@b>\r\nRCPT TO:<throw@b>\r\nRCPT "
      "TO:<drop@b>\r\n"
      "RCPT TO:<x@b>\r\nDATA\r\nhi\r\n.\r\nQUIT\r\n");
  EXPECT_EQ(codes(8), (Log{"550 5.7.1", "250 2.1.0", "250 2.1.5", "451 4.3.0", "451 4.3.0", "250 2.1.5", "354",
                           "250 2.0.0", "221 2.0.0"}));
  EXPECT_EQ(log[8], "550 5.7.1 not you??nor your lines");
  EXPECT_EQ(mails, Log{"a@b>later@b,x@b,|hi\r\n"});
  EXPECT_EQ(warnings.lines.size(), 1U);
  stop();
}

TEST_P(SmtpServerTest, AnAnswerThatNeverComesIsGivenAndOneForAGoneClientIsHarmless) {
  SmtpServerOptions options = storing();
  options.limits.answer_time = 20ms;
  std::vector<SmtpQuestion> kept;
  options.on_mail = [&](SmtpQuestion mail) { kept.push_back(std::move(mail)); };
  serve(std::move(options));
  say("EHLO me\r\nMAIL FROM:<a@b>\r\nQUIT\r\n");
  EXPECT_EQ(codes().at(8), "451 4.3.0");
  EXPECT_FALSE(kept[0]);
  kept[0].accept();
  kept.clear();
  stop();
}

TEST_P(SmtpServerTest, StreamsToASink) {
  SmtpServerOptions options = storing();
  std::string got;
  int sinks = 0;
  options.open_sink = [&](const SmtpEnvelope& envelope) -> Result<SmtpSink> {
    if (envelope.sender == "full@b") return failure(Errc::limit, "store");
    ++sinks;
    return SmtpSink(
        [&, gone = std::shared_ptr<void>(nullptr, [&](void*) { --sinks; })](std::string_view piece) -> Result<void> {
          if (piece.starts_with("bad")) return failure(Errc::system, "write");
          got += piece;
          return {};
        });
  };
  options.on_message = [&](SmtpQuestion mail) {
    EXPECT_EQ(sinks, 0) << "it was closed";
    EXPECT_EQ(mail.message(), "");
    mail.accept();
  };
  serve(std::move(options));
  say("EHLO me\r\n" + mail("one\r\ntwo\r\n.\r\n") + mail("bad\r\n.\r\n") +
      "MAIL FROM:<full@b>\r\nRCPT TO:<a@b>\r\nDATA\r\nQUIT\r\n");
  EXPECT_EQ(got, "one\r\ntwo\r\n");
  EXPECT_EQ(sinks, 0);
  EXPECT_EQ(codes(11), (Log{"250 2.0.0", "250 2.1.0", "250 2.1.5", "354", "452 4.3.0", "250 2.1.0", "250 2.1.5",
                            "451 4.3.0", "221 2.0.0"}));
  stop();
}

TEST_P(SmtpServerTest, WhatASinkThrowsRefusesItsMessageAlone) {
  SmtpServerOptions options = storing();
  std::string got;
  options.open_sink = [&](const SmtpEnvelope& envelope) -> Result<SmtpSink> {
    if (envelope.sender == "open@b") throw std::runtime_error("no folder");
    return SmtpSink([&](std::string_view piece) -> Result<void> {
      if (piece.starts_with("bad")) throw 42;
      got += piece;
      return {};
    });
  };
  serve(std::move(options));
  say("EHLO me\r\n" + mail("bad\r\nmore\r\n.\r\n") + "MAIL FROM:<open@b>\r\nRCPT TO:<a@b>\r\nDATA\r\nRSET\r\n" +
      mail("good\r\n.\r\n") + "QUIT\r\n");
  EXPECT_EQ(codes(8), (Log{"250 2.1.0", "250 2.1.5", "354", "452 4.3.0", "250 2.1.0", "250 2.1.5", "451 4.3.0",
                           "250 2.0.0", "250 2.1.0", "250 2.1.5", "354", "250 2.0.0", "221 2.0.0"}));
  EXPECT_EQ(got, "good\r\n");
  ASSERT_EQ(warnings.lines.size(), 2U);
  EXPECT_NE(warnings.lines[1].find("no folder"), std::string::npos) << warnings.lines[1];
  stop();
}

TEST_P(SmtpServerTest, WhatAHandlerThrowsNeedBeNoException) {
  SmtpServerOptions options = storing();
  options.on_rcpt = [](SmtpQuestion) { throw 42; };
  serve(std::move(options));
  say("EHLO me\r\nMAIL FROM:<a@b>\r\nRCPT TO:<a@b>\r\nQUIT\r\n");
  EXPECT_EQ(codes(8), (Log{"250 2.1.0", "451 4.3.0", "221 2.0.0"}));
  EXPECT_EQ(warnings.lines.size(), 1U);
  stop();
}

TEST_P(SmtpServerTest, DrainsWhenTheMessageInHandIsGivenUp) {
  SmtpServerOptions options = storing();
  options.on_mail = [this](SmtpQuestion mail) {
    mail.accept();
    kernel.drain_then_stop(1s);
  };
  serve(std::move(options));
  say("EHLO me\r\nMAIL FROM:<a@b>\r\nRSET\r\n", 1);  // so that DRAIN comes before RSET
  EXPECT_EQ(codes(8), (Log{"250 2.1.0", "250 2.0.0", "421 4.3.2"}));
}

TEST_P(SmtpServerTest, DrainsBehindTheMessageInHand) {
  SmtpServerOptions options = storing();
  options.on_mail = [this](SmtpQuestion mail) {
    mail.accept();
    kernel.drain_then_stop(10s);
  };
  serve(std::move(options));
  say("EHLO me\r\n" + mail("x\r\n.\r\n") + mail("y\r\n.\r\n"));
  EXPECT_EQ(mails.size(), 1U);
  EXPECT_EQ(codes().back(), "421 4.3.2");
}

TEST_P(SmtpServerTest, WrongOptionsAreBugs) {
  const auto spawned = [&](SmtpServerOptions options) {
    return kernel.alive(kernel.spawn<SmtpServer>(std::move(options)));
  };
  EXPECT_FALSE(spawned(SmtpServerOptions("127.0.0.1", 0))) << "no on_message";
  SmtpServerOptions no_tls = storing();
  no_tls.tls_required = true;
  EXPECT_FALSE(spawned(std::move(no_tls)));
}

}  // namespace
}  // namespace poe::test
