// SPDX-License-Identifier: MIT
#include "poe/filters/http_client.hpp"

#include "filter_suite.hpp"
#include "poe/filters/httpd.hpp"

namespace poe::test {
namespace {

using namespace std::string_literals;

std::function<std::unique_ptr<Filter>()> client(std::vector<std::string> methods, HttpLimits limits = {}) {
  return [=] {
    auto filter = std::make_unique<HttpClientFilter>(limits);
    for (const std::string& method : methods) filter->expect_response(method);
    return filter;
  };
}

std::string show(Filter& filter, std::string_view body) {
  auto& http = static_cast<HttpClientFilter&>(filter);
  const std::string head = std::to_string(http.response().status) + " " + http.response().reason;
  if (http.part() == HttpPart::head) return "head " + head + "|";
  if (http.part() == HttpPart::end) return "end";
  return http.part() == HttpPart::body ? std::string(body) : head + "|" + std::string(body);
}

// What was asked is known to this filter alone, so neither a clone, a successor nor a reset filter can go on: these
// cases are cut by hand below instead of joining the shared suite.
struct ClientCase {
  const char* name;
  std::vector<std::string> methods;
  std::string input;
  Outcome expected;
  Outcome at_end = {};
};

std::vector<ClientCase> client_cases() {
  const std::string ok = "HTTP/1.1 200 OK\r\n";
  return {
      {"length", {"GET"}, ok + "Content-Length: 2\r\n\r\nhi", {"200 OK|hi"}},
      {"chunked", {"GET"}, ok + "Transfer-Encoding: chunked\r\n\r\n2\r\nhi\r\n1\r\n!\r\n0\r\n\r\n", {"200 OK|hi!"}},
      {"to the end R33", {"GET"}, ok + "\r\nall the rest", {}, {"200 OK|all the rest"}},
      {"1xx are skipped R33",
       {"GET"},
       "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nLink: x\r\n\r\n" + ok + "Content-Length: 0\r\n\r\n",
       {"200 OK|"}},
      {"HEAD has no body R33",
       {"HEAD", "GET"},
       ok + "Content-Length: 5\r\n\r\n" + ok + "Content-Length: 1\r\n\r\nx",
       {"200 OK|", "200 OK|x"}},
      {"304 and 204 have none R33",
       {"GET", "GET", "GET"},
       "HTTP/1.1 304 Not Modified\r\nContent-Length: 5\r\n\r\n"
       "HTTP/1.1 204 No Content\r\n\r\n" +
           ok + "Content-Length: 1\r\n\r\nx",
       {"304 Not Modified|", "204 No Content|", "200 OK|x"}},
      {"no reason", {"GET"}, "HTTP/1.1 200 \r\nContent-Length: 0\r\n\r\n", {"200 |"}},
      {"nothing asked for it",
       {"GET"},
       ok + "Content-Length: 0\r\n\r\n" + ok + "Content-Length: 0\r\n\r\n",
       {"200 OK|", "!protocol"}},
      {"closed behind close",
       {"GET", "GET"},
       ok + "Connection: close\r\nContent-Length: 0\r\n\r\n" + ok + "\r\n",
       {"200 OK|"}},
      {"length and encoding",
       {"GET"},
       ok + "Content-Length: 2\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
       {"!protocol"}},
      {"two lengths", {"GET"}, ok + "Content-Length: 2\r\nContent-Length: 3\r\n\r\nabc", {"!protocol"}},
      {"unknown encoding", {"GET"}, ok + "Transfer-Encoding: gzip\r\n\r\nabc", {"!protocol"}},
      {"folded", {"GET"}, ok + "X: a\r\n b\r\n\r\n", {"!protocol"}},
      {"bare LF", {"GET"}, "HTTP/1.1 200 OK\nContent-Length: 0\n\n", {"!protocol"}},
      {"status of two digits", {"GET"}, "HTTP/1.1 20 OK\r\n\r\n", {"!protocol"}},
      {"status of four digits", {"GET"}, "HTTP/1.1 2000 OK\r\n\r\n", {"!protocol"}},
      {"no HTTP", {"GET"}, "SSH-2.0-x\r\n\r\n", {"!protocol"}},
      {"body cut off", {"GET"}, ok + "Content-Length: 5\r\n\r\nabc", {}, {"!protocol"}},
      {"chunks cut off", {"GET"}, ok + "Transfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n", {}, {"!protocol"}},
  };
}

Outcome run(const ClientCase& c, std::size_t step, Outcome& at_end) {
  const auto filter = client(c.methods)();
  Outcome outcome;
  Feeder feed(*filter, outcome, show);
  for (std::size_t at = 0; at < c.input.size(); at += step) feed(std::string_view(c.input).substr(at, step));
  drain_end(*filter, at_end, show);
  EXPECT_EQ(filter->pending_size(), 0U);
  return outcome;
}

TEST(HttpClientFilterTest, AnswersAreTheSameHoweverTheyAreCutR33R35) {
  for (const ClientCase& c : client_cases()) {
    for (std::size_t step = 1; step <= c.input.size(); ++step) {
      Outcome at_end;
      ASSERT_EQ(run(c, step, at_end), c.expected) << c.name << " in pieces of " << step;
      ASSERT_EQ(at_end, c.at_end) << c.name << " in pieces of " << step;
    }
  }
}

TEST(HttpClientFilterTest, BodyToTheEndSurvivesTakingThePendingBytes) {
  HttpClientFilter filter;
  filter.expect_response("GET");
  const std::string body(600, 'b');
  Outcome none;
  Feeder feed(filter, none);
  feed("HTTP/1.1 200 OK\r\n\r\n");
  feed(body);
  EXPECT_EQ(none, Outcome{});
  const auto record = filter.finish();
  ASSERT_TRUE(record && record->has_value());
  EXPECT_EQ(filter.take_pending(), "");
  const std::string reuse(600, '\xEE');
  EXPECT_EQ(**record, body);
}

TEST(HttpClientFilterTest, StreamingGivesHeadPiecesAndEnd) {
  HttpLimits limits;
  limits.streaming = true;
  HttpClientFilter filter(limits);
  filter.expect_response("GET");
  Outcome outcome;
  Feeder feed(filter, outcome, show);
  feed("HTTP/1.1 200 OK\r\n\r\npart one");
  feed(", two");
  EXPECT_EQ(outcome, (Outcome{"head 200 OK|", "part one", ", two"}));
  Outcome at_end;
  drain_end(filter, at_end, show);
  EXPECT_EQ(at_end, Outcome{"end"});
  EXPECT_TRUE(filter.closing());
}

TEST(HttpClientFilterTest, TunnelBytesAreLeftForTheSuccessor) {
  HttpClientFilter filter;
  filter.expect_response("CONNECT");
  filter.feed("HTTP/1.1 200 OK\r\n\r\ntunnel");
  ASSERT_TRUE(filter.next()->has_value());
  EXPECT_TRUE(filter.upgraded());
  EXPECT_FALSE(filter.next()->has_value());
  EXPECT_EQ(filter.take_pending(), "tunnel");
}

TEST(HttpClientFilterTest, HttpIsLeftOnlyIfThatWasOffered) {
  const std::string answer = "HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: chat\r\n\r\nhello";
  HttpRequestHead head("GET", "/");
  head.fields.add("Host", "a");
  std::string out;
  HttpClientFilter plain;
  ASSERT_TRUE(plain.request(head, "", out));
  plain.feed(answer);
  EXPECT_EQ(plain.next().error().code(), Errc::protocol);
  EXPECT_FALSE(plain.upgraded());
  EXPECT_EQ(plain.pending_size(), 0U);
  head.fields.add("Connection", "Upgrade").add("Upgrade", "chat");
  HttpClientFilter offers;
  ASSERT_TRUE(offers.request(head, "", out));
  offers.feed(answer);
  ASSERT_TRUE(offers.next()->has_value());
  EXPECT_TRUE(offers.upgraded());
  EXPECT_EQ(offers.request(head, "", out).error().code(), Errc::closed);
  EXPECT_EQ(offers.take_pending(), "hello");
  HttpClientFilter by_hand;
  by_hand.expect_response("GET", true);
  by_hand.feed(answer);
  EXPECT_TRUE(by_hand.next()->has_value());
}

TEST(HttpClientFilterTest, RequestsThatCannotBeWrittenAreRefused) {
  HttpClientFilter filter;
  std::string out;
  EXPECT_FALSE(filter.request(HttpRequestHead("GET", "/"), "", out)) << "no Host";
  HttpRequestHead head("GET", "/a b");
  head.fields.add("Host", "a");
  EXPECT_FALSE(filter.request(head, "", out));
  head.target = "/ok\r\nX: y";
  EXPECT_FALSE(filter.request(head, "", out));
  head.target = "/ok";
  head.method = "G T";
  EXPECT_FALSE(filter.request(head, "", out));
  head.method = "GET";
  head.fields.add("X", "a\nb");
  EXPECT_FALSE(filter.request(head, "", out));
  EXPECT_EQ(out, "");
  EXPECT_EQ(filter.unanswered(), 0U);
}

TEST(HttpClientFilterTest, RequestsUnderWayAreBounded) {
  HttpLimits limits;
  limits.max_pipelined = 1;
  HttpClientFilter filter(limits);
  HttpRequestHead head("GET", "/");
  head.fields.add("Host", "a");
  std::string out;
  EXPECT_TRUE(filter.request(head, "", out));
  EXPECT_EQ(filter.request(head, "", out).error().code(), Errc::limit);
}

// Both filters, back to back.
TEST(HttpPairTest, ClientAndServerUnderstandEachOther) {
  HttpClientFilter client;
  HttpdFilter server;
  HttpRequestHead ask("POST", "/greet?x=1");
  ask.fields.add("Host", "example.org");
  std::string up;
  ASSERT_TRUE(client.request(ask, "whole", up));
  ASSERT_TRUE(client.begin_request(ask, up));
  ASSERT_TRUE(client.write_body("in ", up));
  ASSERT_TRUE(client.write_body("pieces", up));
  ASSERT_TRUE(client.end_request(up));
  ask.method = "HEAD";
  ASSERT_TRUE(client.request(ask, "", up));
  std::string down;
  server.feed(up);
  for (const std::string_view body : {"whole", "in pieces", ""}) {
    const auto record = server.next();
    ASSERT_TRUE(record && record->has_value());
    EXPECT_EQ(**record, body);
    EXPECT_EQ(server.request().target, "/greet?x=1");
    HttpResponseHead head(200);
    head.fields.add("Echo", server.request().method);
    ASSERT_TRUE(server.respond(head, "you said: " + std::string(body), down));
  }
  client.feed(down);
  for (const std::string_view body : {"you said: whole", "you said: in pieces", ""}) {
    const auto record = client.next();
    ASSERT_TRUE(record && record->has_value()) << down;
    EXPECT_EQ(**record, body);
  }
  EXPECT_EQ(client.response().fields.find("Echo"), "HEAD");
  EXPECT_EQ(client.unanswered(), 0U);
}

}  // namespace
}  // namespace poe::test
