// SPDX-License-Identifier: MIT
//
// What HttpdFilter writes, and how answers steer what is read: closing, "100 Continue", upgrades.
#include "http/httpd_lab.hpp"

namespace poe::test {
namespace {

HttpResponseHead last_answer() {
  HttpResponseHead head;
  head.fields.add("Connection", "close");
  return head;
}

TEST(HttpdResponseTest, WholeAnswersHaveTheirLength) {
  HttpdFilter filter;
  deliver(filter, request("GET"));
  std::string out;
  HttpResponseHead head(404);
  head.fields.add("Content-Type", "text/plain");
  ASSERT_TRUE(filter.respond(head, "gone", out));
  EXPECT_EQ(out, "HTTP/1.1 404 Not Found\r\nContent-Type: text/plain\r\nContent-Length: 4\r\n\r\ngone");
  EXPECT_FALSE(filter.closing());
  EXPECT_FALSE(filter.respond(head, "again", out)) << "one answer a request";
}

TEST(HttpdResponseTest, BodyIsLeftOutWhereItIsForbidden) {
  HttpdFilter filter;
  deliver(filter, request("HEAD") + request("GET") + request("GET"));
  std::string out;
  ASSERT_TRUE(filter.respond(HttpResponseHead(200), "four", out));
  EXPECT_EQ(out, "HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\n");
  out.clear();
  ASSERT_TRUE(filter.next()->has_value());
  EXPECT_FALSE(filter.respond(HttpResponseHead(204), "four", out));
  EXPECT_EQ(out, "");
  ASSERT_TRUE(filter.respond(HttpResponseHead(204), "", out));
  EXPECT_EQ(out, "HTTP/1.1 204 No Content\r\n\r\n");
  ASSERT_TRUE(filter.next()->has_value());
  EXPECT_TRUE(filter.respond(HttpResponseHead(304), "", out));
}

TEST(HttpdResponseTest, PiecesOfABodyThatIsForbiddenAreRefused) {
  HttpdFilter filter;
  for (const int status : {204, 304}) {
    deliver(filter, request("GET"));
    std::string out;
    ASSERT_TRUE(filter.begin_response(HttpResponseHead(status), out));
    EXPECT_EQ(filter.write_body("four", out).error().code(), Errc::invalid_argument);
    EXPECT_TRUE(filter.write_body("", out));
    EXPECT_TRUE(filter.end_response(out));
  }
}

TEST(HttpdResponseTest, RefusalIsAnsweredOnceAndNotBehindTheLastAnswer) {
  HttpdFilter once;
  once.feed("nonsense\r\n\r\n");
  EXPECT_FALSE(once.next());
  std::string out;
  ASSERT_TRUE(once.respond_refusal(out));
  EXPECT_EQ(once.respond_refusal(out).error().code(), Errc::invalid_argument);
  HttpdFilter closed;
  deliver(closed, request("GET") + "nonsense\r\n\r\n");
  EXPECT_FALSE(closed.next());
  ASSERT_TRUE(closed.respond(last_answer(), "x", out));
  EXPECT_EQ(closed.respond_refusal(out).error().code(), Errc::invalid_argument);
}

TEST(HttpdResponseTest, PiecesAreChunkedForHttp11AndEndWithTheConnectionForHttp10) {
  HttpdFilter filter;
  deliver(filter, request("GET"));
  std::string out;
  ASSERT_TRUE(filter.begin_response(HttpResponseHead(200), out));
  ASSERT_TRUE(filter.write_body("hello", out));
  ASSERT_TRUE(filter.write_body("", out));
  HttpFields trailers;
  trailers.add("Sum", "1");
  ASSERT_TRUE(filter.end_response(out, trailers));
  EXPECT_EQ(out, "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\nSum: 1\r\n\r\n");
  deliver(filter, request("GET", "Connection: keep-alive\r\n", 0));
  out.clear();
  ASSERT_TRUE(filter.begin_response(HttpResponseHead(200), out));
  ASSERT_TRUE(filter.write_body("hello", out));
  ASSERT_TRUE(filter.end_response(out, trailers));
  EXPECT_EQ(out, "HTTP/1.1 200 OK\r\nConnection: close\r\n\r\nhello");
  EXPECT_TRUE(filter.closing());
}

TEST(HttpdResponseTest, EndWithoutABeginningIsRefusedAlsoBehindAnAnswerToHead) {
  HttpdFilter filter;
  deliver(filter, request("HEAD"));
  std::string out;
  ASSERT_TRUE(filter.respond(HttpResponseHead(200), "four", out));
  EXPECT_EQ(filter.end_response(out).error().code(), Errc::invalid_argument);
  deliver(filter, request("GET"));
  EXPECT_EQ(filter.end_response(out).error().code(), Errc::invalid_argument);
  EXPECT_EQ(filter.unanswered(), 1U) << "the GET still waits";
}

TEST(HttpdResponseTest, StatedLengthMustBeKept) {
  HttpdFilter filter;
  deliver(filter, request("GET"));
  HttpResponseHead head;
  head.fields.add("Content-Length", "3");
  std::string out = "kept";
  EXPECT_FALSE(filter.respond(head, "four", out));
  EXPECT_EQ(out, "kept");
  ASSERT_TRUE(filter.begin_response(head, out));
  EXPECT_FALSE(filter.write_body("four", out));
  ASSERT_TRUE(filter.write_body("tw", out));
  EXPECT_FALSE(filter.end_response(out)) << "one octet is missing";
  ASSERT_TRUE(filter.write_body("o", out));
  EXPECT_TRUE(filter.end_response(out));
}

TEST(HttpdResponseTest, LineEndsInFieldsDoNotSplitTheAnswer) {
  HttpdFilter filter;
  deliver(filter, request("GET"));
  std::string out;
  HttpResponseHead head;
  head.fields.add("Location", "/a\r\nSet-Cookie: b");
  EXPECT_EQ(filter.respond(head, "", out).error().code(), Errc::invalid_argument);
  HttpResponseHead name;
  name.fields.add("X: y\r\nZ", "b");
  EXPECT_FALSE(filter.respond(name, "", out));
  HttpResponseHead reason;
  reason.reason = "OK\r\nX: y";
  EXPECT_FALSE(filter.respond(reason, "", out));
  EXPECT_EQ(out, "");
  EXPECT_EQ(filter.unanswered(), 1U);
}

TEST(HttpdResponseTest, AnswersSayWhetherTheConnectionStays) {
  HttpdFilter keeps;
  deliver(keeps, request("GET", "Connection: keep-alive\r\n", 0));
  std::string out;
  ASSERT_TRUE(keeps.respond(HttpResponseHead(200), "x", out));
  EXPECT_NE(out.find("Connection: keep-alive\r\n"), std::string::npos) << out;
  EXPECT_FALSE(keeps.closing());
  HttpdFilter closes;
  deliver(closes, request("GET", "Connection: close\r\n"));
  out.clear();
  ASSERT_TRUE(closes.respond(HttpResponseHead(200), "x", out));
  EXPECT_NE(out.find("Connection: close\r\n"), std::string::npos) << out;
  EXPECT_TRUE(closes.closing());
}

TEST(HttpdResponseTest, ClosingAnswerEndsReadingToo) {
  HttpdFilter filter;
  const std::string bytes1 = request("GET") + request("GET");
  filter.feed(bytes1);
  ASSERT_TRUE(filter.next()->has_value());
  HttpResponseHead head;
  head.fields.add("Connection", "close");
  std::string out;
  ASSERT_TRUE(filter.respond(head, "x", out));
  EXPECT_FALSE(filter.next()->has_value());
  EXPECT_TRUE(filter.closing());
}

TEST(HttpdResponseTest, RequestIsNotDeliveredBehindAClosingAnswerAlsoIfItsHeadWasRead) {
  HttpdFilter filter;
  deliver(filter, request("GET") + request("POST", "Content-Length: 4\r\n") + "bo");
  EXPECT_FALSE(filter.next()->has_value());
  std::string out;
  ASSERT_TRUE(filter.respond(last_answer(), "x", out));
  filter.feed("dy");
  EXPECT_FALSE(filter.next()->has_value());
  EXPECT_EQ(filter.take_pending(), "");
}

TEST(HttpdResponseTest, ClosingAnswerInPiecesEndsReadingAsItBegins) {
  HttpdFilter filter;
  deliver(filter, request("GET") + request("GET"));
  std::string out;
  ASSERT_TRUE(filter.begin_response(last_answer(), out));
  EXPECT_FALSE(filter.next()->has_value());
  EXPECT_FALSE(filter.closing()) << "the answer is not written yet";
  ASSERT_TRUE(filter.end_response(out));
  EXPECT_TRUE(filter.closing());
  EXPECT_FALSE(filter.next()->has_value());
}

TEST(HttpdResponseTest, ClosingAnswerLetsItsOwnRequestsBodyComeAndNothingElse) {
  HttpLimits limits;
  limits.streaming = true;
  HttpdFilter filter(limits);
  const std::string bytes = request("PUT", "Content-Length: 2\r\n") + "ok" + request("GET");
  filter.feed(bytes);
  ASSERT_TRUE(filter.next()->has_value());
  std::string out;
  ASSERT_TRUE(filter.respond(last_answer(), "x", out));
  EXPECT_EQ(**filter.next(), "ok");
  EXPECT_TRUE(filter.next()->has_value());
  EXPECT_EQ(filter.part(), HttpPart::end);
  EXPECT_FALSE(filter.next()->has_value());
}

TEST(HttpdExpectTest, ContinueIsAskedForAndTheBodyFollows) {
  HttpdFilter filter;
  deliver(filter, request("PUT", "Expect: 100-continue\r\nContent-Length: 2\r\n"));
  EXPECT_EQ(filter.part(), HttpPart::expect);
  std::string out;
  ASSERT_TRUE(filter.interim(100, out));
  EXPECT_EQ(out, "HTTP/1.1 100 Continue\r\n\r\n");
  deliver(filter, "ok");
  EXPECT_EQ(filter.part(), HttpPart::message);
  out.clear();
  ASSERT_TRUE(filter.respond(HttpResponseHead(201), "", out));
  EXPECT_EQ(out, "HTTP/1.1 201 Created\r\nContent-Length: 0\r\n\r\n");
}

TEST(HttpdExpectTest, FinalAnswerInsteadClosesForTheBodyMayOrMayNotCome) {
  HttpdFilter filter;
  deliver(filter, request("PUT", "Expect: 100-continue\r\nContent-Length: 2\r\n"));
  std::string out;
  ASSERT_TRUE(filter.respond(HttpResponseHead(403), "no", out));
  EXPECT_NE(out.find("Connection: close\r\n"), std::string::npos) << out;
  const std::string bytes2 = "ok" + request("GET");
  filter.feed(bytes2);
  EXPECT_FALSE(filter.next()->has_value());
}

TEST(HttpdUpgradeTest, NothingIsReadUntilTheUpgradeIsAnswered) {
  HttpdFilter filter;
  const std::string ask = request("GET", "Connection: Upgrade\r\nUpgrade: chat\r\n");
  const std::string bytes3 = ask + "chat bytes";
  filter.feed(bytes3);
  ASSERT_TRUE(filter.next()->has_value());
  EXPECT_TRUE(filter.request().upgrade);
  EXPECT_FALSE(filter.next()->has_value());
  HttpResponseHead head(101);
  head.fields.add("Connection", "Upgrade").add("Upgrade", "chat");
  std::string out;
  ASSERT_TRUE(filter.respond(head, "", out));
  EXPECT_EQ(out, "HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: chat\r\n\r\n");
  EXPECT_TRUE(filter.upgraded());
  EXPECT_EQ(filter.take_pending(), "chat bytes");
}

TEST(HttpdUpgradeTest, TurnedDownHttpGoesOn) {
  HttpdFilter filter;
  const std::string bytes4 =
      request("GET", "Connection: Upgrade\r\nUpgrade: h2c\r\n") + request("PUT", "Content-Length: 0\r\n");
  filter.feed(bytes4);
  ASSERT_TRUE(filter.next()->has_value());
  EXPECT_FALSE(filter.next()->has_value());
  std::string out;
  ASSERT_TRUE(filter.respond(HttpResponseHead(200), "plain", out));
  ASSERT_TRUE(filter.next()->has_value());
  EXPECT_EQ(filter.request().method, "PUT");
  HttpResponseHead head(101);
  EXPECT_FALSE(filter.respond(head, "", out)) << "it did not offer one";
}

TEST(HttpdUpgradeTest, ConnectBecomesATunnel) {
  HttpdFilter filter;
  filter.feed("CONNECT a:443 HTTP/1.1\r\nHost: a:443\r\n\r\n\x16\x03");
  ASSERT_TRUE(filter.next()->has_value());
  std::string out;
  ASSERT_TRUE(filter.respond(HttpResponseHead(200), "", out));
  EXPECT_EQ(out, "HTTP/1.1 200 OK\r\n\r\n");
  EXPECT_EQ(filter.take_pending(), "\x16\x03");
}

}  // namespace
}  // namespace poe::test
