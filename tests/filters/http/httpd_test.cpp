// SPDX-License-Identifier: MIT
#include "poe/filters/httpd.hpp"

#include "filter_suite.hpp"
#include "http/httpd_lab.hpp"
#include "idle_memory.hpp"

namespace poe::test {
namespace {

using namespace std::string_literals;

std::function<std::unique_ptr<Filter>()> httpd(HttpLimits limits = {}) {
  return [limits] { return std::make_unique<HttpdFilter>(limits); };
}

HttpLimits streaming() {
  HttpLimits limits;
  limits.streaming = true;
  return limits;
}

std::string fields_text(const HttpFields& fields) {
  std::string text;
  for (std::size_t i = 0; i < fields.size(); ++i) {
    text += "|" + std::string(fields[i].name) + "=" + std::string(fields[i].value);
  }
  return text;
}

std::string show(Filter& filter, std::string_view body) {
  auto& http = static_cast<HttpdFilter&>(filter);
  const HttpRequestHead& head = http.request();
  const std::string line =
      head.method + " " + head.target + " 1." + std::to_string(head.minor) + fields_text(head.fields);
  switch (http.part()) {
    case HttpPart::message:
      return line + "|" + std::string(body) + fields_text(http.trailers());
    case HttpPart::expect:
      return "expect " + line;
    case HttpPart::head:
      return "head " + line;
    case HttpPart::body:
      return std::string(body);
    case HttpPart::end:
      return "end" + fields_text(http.trailers());
  }
  return {};
}

FilterCase good(const char* name, std::string input, Outcome expected, HttpLimits limits = {}) {
  FilterCase c{name, httpd(limits), std::move(input), std::move(expected), "", true, true, false};
  c.show = show;
  return c;
}

std::vector<FilterCase> good_cases() {
  std::vector<FilterCase> cases;
  const auto add = [&](auto... arguments) { cases.push_back(good(arguments...)); };
  const auto state_kept = [&](auto... arguments) {
    cases.push_back(good(arguments...));
    cases.back().may_be_cut_by_swap = false;
  };
  add("PlainGetR01", "GET / HTTP/1.1\r\nHost: a\r\n\r\n", Outcome{"GET / 1.1|Host=a|"});
  add("PostWithLengthR01", "POST /p HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\nhello",
      Outcome{"POST /p 1.1|Host=a|Content-Length=5|hello"});
  add("ChunkedR01",
      "POST /c HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n6;x=\"y\"\r\n world\r\n0\r\n\r\n",
      Outcome{"POST /c 1.1|Host=a|Transfer-Encoding=chunked|hello world"});
  add("TrailersAreApartR24",
      "POST /t HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: Chunked\r\n\r\n2\r\nab\r\n0\r\nX: y\r\nHost:  z \r\n\r\n",
      Outcome{"POST /t 1.1|Host=a|Transfer-Encoding=Chunked|ab|X=y|Host=z"});
  add("ThreePipelinedR26P131",
      "GET /1 HTTP/1.1\r\nHost: a\r\n\r\nPOST /2 HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\n\r\nokGET /3 HTTP/1.1\r\n"
      "Host: a\r\n\r\n",
      Outcome{"GET /1 1.1|Host=a|", "POST /2 1.1|Host=a|Content-Length=2|ok", "GET /3 1.1|Host=a|"});
  add("BlankLinesBeforeP130", "\r\n\r\nGET / HTTP/1.1\r\nHost: a\r\n\r\n\r\nGET /2 HTTP/1.1\r\nHost:\r\n\r\n",
      Outcome{"GET / 1.1|Host=a|", "GET /2 1.1|Host=|"});
  add("DoubleSlashStaysP130", "GET //x HTTP/1.1\r\nHost: a\r\n\r\n", Outcome{"GET //x 1.1|Host=a|"});
  add("WhiteSpaceAroundValues", "GET / HTTP/1.1\r\nHost:\t a \t\r\nX:\r\nY: \t\r\n\r\n",
      Outcome{"GET / 1.1|Host=a|X=|Y=|"});
  add("OptionsAsteriskAndAbsoluteForm",
      "OPTIONS * HTTP/1.1\r\nHost: a\r\n\r\nGET http://a:8/x?y HTTP/1.1\r\nHost: [::1]:8\r\n\r\n",
      Outcome{"OPTIONS * 1.1|Host=a|", "GET http://a:8/x?y 1.1|Host=[::1]:8|"});
  add("KeepAliveOfHttp10",
      "GET /1 HTTP/1.0\r\nConnection: keep-alive\r\n\r\nGET /2 HTTP/1.0\r\nConnection: Keep-Alive\r\n\r\n",
      Outcome{"GET /1 1.0|Connection=keep-alive|", "GET /2 1.0|Connection=Keep-Alive|"});
  state_kept("NothingBehindHttp10R28", "GET /1 HTTP/1.0\r\n\r\nGET /hidden HTTP/1.0\r\n\r\n", Outcome{"GET /1 1.0|"});
  state_kept("NothingBehindCloseR28",
             "GET /1 HTTP/1.1\r\nHost: a\r\nConnection: x, close\r\n\r\nGET /hidden HTTP/1.1\r\nHost: a\r\n\r\n",
             Outcome{"GET /1 1.1|Host=a|Connection=x, close|"});
  state_kept("LargeBodyOfTheLastRequest",
             "POST / HTTP/1.1\r\nHost: a\r\nConnection: close\r\nContent-Length: 600\r\n\r\n" + std::string(600, 'b'),
             Outcome{"POST / 1.1|Host=a|Connection=close|Content-Length=600|" + std::string(600, 'b')});
  state_kept("ExpectComesFirst", "PUT / HTTP/1.1\r\nHost: a\r\nExpect: 100-Continue\r\nContent-Length: 2\r\n\r\nok",
             Outcome{"expect PUT / 1.1|Host=a|Expect=100-Continue|Content-Length=2",
                     "PUT / 1.1|Host=a|Expect=100-Continue|Content-Length=2|ok"});
  return cases;
}

// Pieces of a body are as they come, so their bytes are compared joined.
std::vector<FilterCase> streaming_cases() {
  std::vector<FilterCase> cases;
  const auto add = [&](const char* name, std::string input, std::string joined) {
    cases.push_back(good(name, std::move(input), {std::move(joined)}, streaming()));
    cases.back().has_records = false;
    cases.back().may_be_cut_by_swap = false;
  };
  add("Get", "GET / HTTP/1.1\r\nHost: a\r\n\r\n", "head GET / 1.1|Host=aend");
  add("Length", "PUT / HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\nhelloGET / HTTP/1.1\r\nHost: b\r\n\r\n",
      "head PUT / 1.1|Host=a|Content-Length=5helloendhead GET / 1.1|Host=bend");
  add("ChunkedWithTrailers",
      "PUT / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n1\r\n!\r\n0\r\nA: b\r\n\r\n",
      "head PUT / 1.1|Host=a|Transfer-Encoding=chunkedhello!end|A=b");
  return cases;
}

// --- what must be refused --------------------------------------------------------------------------------------------

const char* const kHidden = "GET /hidden HTTP/1.1\r\nHost: a\r\n\r\n";

struct Bad {
  const char* name;
  std::string bytes;
  int status;
  const char* error = "!protocol";
};

std::string get(const std::string& fields) { return "GET / HTTP/1.1\r\n" + fields + "\r\n"; }
std::string chunked(const std::string& body) {
  return "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n" + body;
}

// RFC 9112 (line, fields, framing, chunks) and RFC 9110 (tokens, Host), each with a request hidden behind.
std::vector<Bad> bad_requests() {
  const std::string host = "Host: a\r\n";
  return {
      {"NoVersionP130", "GET /\r\n\r\n", 400},
      {"VersionTwo", "GET / HTTP/2.0\r\nHost: a\r\n\r\n", 505},
      {"VersionOnePointTwo", "GET / HTTP/1.2\r\nHost: a\r\n\r\n", 505},
      {"VersionZeroPointNine", "GET / HTTP/0.9\r\nHost: a\r\n\r\n", 505},
      {"VersionLowerCase", "GET / http/1.1\r\nHost: a\r\n\r\n", 400},
      {"VersionOfTwoDigits", "GET / HTTP/1.10\r\nHost: a\r\n\r\n", 505},
      {"UnknownMethod", "FROB / HTTP/1.1\r\nHost: a\r\n\r\n", 501},
      {"MethodIsNoToken", "GE(T / HTTP/1.1\r\nHost: a\r\n\r\n", 400},
      {"LowerCaseMethod", "get / HTTP/1.1\r\nHost: a\r\n\r\n", 501},
      {"TwoBlanksAfterTheMethod", "GET  / HTTP/1.1\r\nHost: a\r\n\r\n", 400},
      {"TwoBlanksAfterTheTarget", "GET /  HTTP/1.1\r\nHost: a\r\n\r\n", 400},
      {"TabInTheLine", "GET\t/ HTTP/1.1\r\nHost: a\r\n\r\n", 400},
      {"BlankInTheTarget", "GET /a b HTTP/1.1\r\nHost: a\r\n\r\n", 400},
      {"BlankBehindTheVersion", "GET / HTTP/1.1 \r\nHost: a\r\n\r\n", 505},
      {"BlankBeforeTheMethod", " GET / HTTP/1.1\r\nHost: a\r\n\r\n", 400},
      {"ControlInTheTarget", "GET /\x01 HTTP/1.1\r\nHost: a\r\n\r\n", 400},
      {"HighOctetInTheTarget", "GET /\xC3\xA9 HTTP/1.1\r\nHost: a\r\n\r\n", 400},
      {"FragmentInTheTarget", "GET /#x HTTP/1.1\r\nHost: a\r\n\r\n", 400},
      {"TargetWithoutSlash", "GET x HTTP/1.1\r\nHost: a\r\n\r\n", 400},
      {"AsteriskForGet", "GET * HTTP/1.1\r\nHost: a\r\n\r\n", 400},
      {"ConnectWithAPath", "CONNECT /x HTTP/1.1\r\nHost: a\r\n\r\n", 400},
      {"ConnectWithABody", "CONNECT a:1 HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\n\r\nabc", 400},
      {"SpaceBeforeTheColonR02", get(host + "X : y\r\n"), 400},
      {"TabBeforeTheColonR02", get(host + "X\t: y\r\n"), 400},
      {"SpaceBeforeTheLengthColonR02", get(host + "Content-Length : 5\r\n"), 400},
      {"FoldedFieldR11P130", get(host + "X: y\r\n z\r\n"), 400},
      {"FoldedByTabR11", get(host + "X: y\r\n\tz\r\n"), 400},
      {"FoldedEncodingR11", "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding:\r\n chunked\r\n\r\n0\r\n\r\n", 400},
      {"FoldAfterTheLineR11", "GET / HTTP/1.1\r\n Host: a\r\n\r\n", 400},
      {"BareLfR13", "GET / HTTP/1.1\nHost: a\n\n", 400},
      {"BareLfAfterAFieldR13", "GET / HTTP/1.1\r\nHost: a\nX: y\r\n\r\n", 400},
      {"BareLfAtTheEndR13", "GET / HTTP/1.1\r\nHost: a\r\n\n", 400},
      {"BareCrInAValue", get(host + "X: a\rb\r\n"), 400},
      {"BareCrAfterAField", "GET / HTTP/1.1\r\nHost: a\rX: y\r\n\r\n", 400},
      {"DoubleCr", "GET / HTTP/1.1\r\r\nHost: a\r\n\r\n", 400},
      {"NulInAValue", get(host + "X: a\0b\r\n"s), 400},
      {"NulInAName", get(host + "X\0: b\r\n"s), 400},
      {"ControlInAValue", get(host + "X: a\x01 b\r\n"), 400},
      {"DeleteInAValue", get(host + "X: a\x7F b\r\n"), 400},
      {"NoColonR16", get(host + "nonsense\r\n"), 400},
      {"EmptyNameR16", get(host + ": x\r\n"), 400},
      {"NameIsNoTokenR16", get(host + "X(y): z\r\n"), 400},
      {"BlankInANameR16", get(host + "X y: z\r\n"), 400},
      {"HighOctetInAName", get(host + "X\xC3: z\r\n"), 400},
      {"NoHostR18", get("X: y\r\n"), 400},
      {"TwoHostsR18", get("Host: a\r\nHost: b\r\n"), 400},
      {"TwoEqualHostsR18", get("Host: a\r\nhost: a\r\n"), 400},
      {"HostWithAPathR18", get("Host: a/b\r\n"), 400},
      {"HostWithABlankR18", get("Host: a b\r\n"), 400},
      {"HostWithAUserR18", get("Host: u@a\r\n"), 400},
      {"TwoLengthsR04", get(host + "Content-Length: 5\r\nContent-Length: 6\r\n") + "hello", 400},
      {"TwoEqualLengthsR04", get(host + "Content-Length: 5\r\nContent-Length: 5\r\n") + "hello", 400},
      {"LengthListR04", get(host + "Content-Length: 5, 5\r\n") + "hello", 400},
      {"EmptyLength", get(host + "Content-Length:\r\n"), 400},
      {"SignedLength", get(host + "Content-Length: +5\r\n") + "hello", 400},
      {"NegativeLength", get(host + "Content-Length: -1\r\n"), 400},
      {"HexadecimalLength", get(host + "Content-Length: 0x5\r\n") + "hello", 400},
      {"LengthWithABlank", get(host + "Content-Length: 5 0\r\n") + "hello", 400},
      {"LengthOverTwoTo64R06", get(host + "Content-Length: 18446744073709551621\r\n") + "hello", 400},
      {"LengthAndEncodingR08", get(host + "Content-Length: 5\r\nTransfer-Encoding: chunked\r\n") + "0\r\n\r\n", 400},
      {"EncodingAndLengthR08", get(host + "Transfer-Encoding: chunked\r\nContent-Length: 5\r\n") + "0\r\n\r\n", 400},
      {"EncodingOfHttp10", "POST / HTTP/1.0\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", 400},
      {"UnknownEncoding", get(host + "Transfer-Encoding: xchunked\r\n") + "0\r\n\r\n", 501},
      {"EncodingNotLast", get(host + "Transfer-Encoding: chunked, identity\r\n") + "0\r\n\r\n", 400},
      {"EncodingTwice", get(host + "Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n") + "0\r\n\r\n", 400},
      {"EncodingTwiceInOne", get(host + "Transfer-Encoding: chunked, chunked\r\n") + "0\r\n\r\n", 400},
      {"EncodingGzip", get(host + "Transfer-Encoding: gzip, chunked\r\n") + "0\r\n\r\n", 501},
      {"EncodingIdentity", get(host + "Transfer-Encoding: identity\r\n"), 501},
      {"EncodingEmpty", get(host + "Transfer-Encoding:\r\n"), 501},
      {"EncodingWithControl",
       get(host + "Transfer-Encoding: \x0B"
                  "chunked\r\n") +
           "0\r\n\r\n",
       400},
      {"EncodingQuoted", get(host + "Transfer-Encoding: \"chunked\"\r\n") + "0\r\n\r\n", 501},
      {"UnknownExpectation", get(host + "Expect: magic\r\nContent-Length: 1\r\n") + "x", 417},
      {"ChunkSizeIsNoNumber", chunked("xyz\r\nabc\r\n0\r\n\r\n"), 400},
      {"ChunkSizeEmpty", chunked("\r\nabc\r\n0\r\n\r\n"), 400},
      {"ChunkSizeSigned", chunked("+3\r\nabc\r\n0\r\n\r\n"), 400},
      {"ChunkSizeNegative", chunked("-3\r\nabc\r\n0\r\n\r\n"), 400},
      {"ChunkSizeWithPrefix", chunked("0x3\r\nabc\r\n0\r\n\r\n"), 400},
      {"ChunkSizeOverTwoTo64", chunked("10000000000000003\r\nabc\r\n0\r\n\r\n"), 400},
      {"ChunkSizeBlankBefore", chunked(" 3\r\nabc\r\n0\r\n\r\n"), 400},
      {"ChunkSizeBlankBehind", chunked("3 \r\nabc\r\n0\r\n\r\n"), 400},
      {"ChunkSizeBareLf", chunked("3\nabc\r\n0\r\n\r\n"), 400},
      {"ChunkExtensionBareLf", chunked("3;a\nabc\r\n0\r\n\r\n"), 400},
      {"ChunkExtensionBareCr", chunked("3;a\rb\r\nabc\r\n0\r\n\r\n"), 400},
      {"ChunkDataWithoutEnd", chunked("3\r\nabcd\r\n0\r\n\r\n"), 400},
      {"ChunkDataBareLf", chunked("3\r\nabc\n0\r\n\r\n"), 400},
      {"ChunkDataTooShort", chunked("5\r\nabc\r\n0\r\n\r\n"), 400},
      {"LastChunkBareLf", chunked("0\n\n"), 400},
      {"TrailerBareLf", chunked("0\r\nA: b\n\r\n"), 400},
      {"TrailerFolded", chunked("0\r\nA: b\r\n c\r\n\r\n"), 400},
      {"TrailerFoldFirst", chunked("0\r\n A: b\r\n\r\n"), 400},
      {"TrailerWithoutColon", chunked("0\r\nnonsense\r\n\r\n"), 400},
      {"TrailerSpaceBeforeColon", chunked("0\r\nA : b\r\n\r\n"), 400},
  };
}

std::vector<FilterCase> bad_cases() {
  std::vector<FilterCase> cases;
  for (const Bad& bad : bad_requests()) {
    cases.push_back(good(bad.name, bad.bytes + kHidden, {bad.error}));
    cases.back().may_be_cut_by_swap = false;
  }
  return cases;
}

HttpLimits tight() {
  HttpLimits limits;
  limits.max_head = 100;
  limits.max_target = 20;
  limits.max_fields = 3;
  limits.max_body = 10;
  limits.max_trailers = 30;
  limits.max_chunk_line = 24;
  return limits;
}

std::vector<Bad> over_limits() {
  const std::string x(200, 'x');
  return {
      {"TargetR22", "GET /" + std::string(20, 't') + " HTTP/1.1\r\nHost: a\r\n\r\n", 414, "!limit"},
      {"LineR22", "GET /" + x, 414, "!limit"},
      {"HeadR22", get("Host: a\r\nX: " + x + "\r\n"), 431, "!limit"},
      {"FieldsR22", get("Host: a\r\nA: b\r\nC: d\r\nE: f\r\n"), 431, "!limit"},
      {"AnnouncedBody", get("Host: a\r\nContent-Length: 11\r\n"), 413, "!limit"},
      {"BodyInChunks", chunked("8\r\nabcdefgh\r\n3\r\nabc\r\n0\r\n\r\n"), 413, "!limit"},
      {"HugeChunk", chunked("ffffffffffffffff\r\nabc"), 413, "!limit"},
      {"ChunkExtensionR20", chunked("3;" + x + "\r\nabc\r\n0\r\n\r\n"), 400},
      {"Trailers", chunked("0\r\nA: " + x + "\r\n\r\n"), 431, "!limit"},
      {"TrailerFields", chunked("0\r\nA: b\r\nA: b\r\nA: b\r\nA: b\r\n\r\n"), 431, "!limit"},
      {"EmptyLines", "\r\n\r\n\r\n\r\n\r\n\r\n\r\n\r\n\r\n\r\n", 400},
  };
}

std::vector<FilterCase> limit_cases() {
  std::vector<FilterCase> cases;
  for (const Bad& bad : over_limits()) {
    cases.push_back(good(bad.name, bad.bytes + kHidden, {bad.error}, tight()));
    cases.back().may_be_cut_by_swap = false;
  }
  return cases;
}

POE_FILTER_SUITE(Httpd, good_cases());
POE_FILTER_SUITE(HttpdStreaming, streaming_cases());
POE_FILTER_SUITE(HttpdRefused, bad_cases());
POE_FILTER_SUITE(HttpdOverLimit, limit_cases());

TEST(HttpdRefusalTest, EveryFormIsAnsweredByItsStatusAndNothingBehindItIsRead) {
  const auto check = [](const std::vector<Bad>& forms, const HttpLimits& limits) {
    for (const Bad& bad : forms) {
      HttpdFilter filter(limits);
      const std::string bytes = bad.bytes + kHidden;
      filter.feed(bytes);
      ASSERT_FALSE(filter.next()) << bad.name;
      ASSERT_TRUE(filter.refusal()) << bad.name;
      EXPECT_EQ(filter.refusal()->status, bad.status) << bad.name << ": " << filter.refusal()->reason;
      EXPECT_EQ(filter.pending_size(), 0U) << bad.name;
      std::string out;
      ASSERT_TRUE(filter.respond_refusal(out)) << bad.name;
      EXPECT_TRUE(out.starts_with("HTTP/1.1 " + std::to_string(bad.status) + " ")) << out;
      EXPECT_NE(out.find("Connection: close\r\n"), std::string::npos) << out;
      EXPECT_TRUE(filter.closing());
      expect_given_up(filter);
    }
  };
  check(bad_requests(), {});
  check(over_limits(), tight());
}

// --- POE's numbers ---------------------------------------------------------------------------------------------------

TEST(HttpdFilterTest, FoldsAndMissingVersionsAreRefusedPathsStayP130) {
  HttpdFilter filter;
  filter.feed("\r\nGET //a//b HTTP/1.1\r\nHost: a\r\n\r\nGET /\r\n\r\n");
  ASSERT_TRUE(filter.next()->has_value());
  EXPECT_EQ(filter.request().target, "//a//b");
  const auto record = filter.next();
  ASSERT_FALSE(record);
  EXPECT_EQ(record.error().code(), Errc::protocol);
  std::string out;
  EXPECT_FALSE(filter.respond_refusal(out)) << "the first request has no answer yet";
  ASSERT_TRUE(filter.respond(HttpResponseHead(200), "first", out));
  EXPECT_TRUE(filter.respond_refusal(out));
}

TEST(HttpdFilterTest, BytesBehindABodyAreTheNextRequestAlsoWithLengthZeroP131) {
  HttpdFilter filter;
  filter.feed("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 0\r\n\r\nGET /2 HTTP/1.1\r\nHost: a\r\n\r\n");
  ASSERT_TRUE(filter.next()->has_value());
  EXPECT_EQ(filter.take_pending(), "GET /2 HTTP/1.1\r\nHost: a\r\n\r\n");
  filter.feed("GET /2 HTTP/1.1\r\nHost: a\r\n\r\n");
  ASSERT_TRUE(filter.next()->has_value());
  EXPECT_EQ(filter.request().target, "/2");
}

TEST(HttpdFilterTest, BodyInOnePieceIsAViewOfTheCallersBytes) {
  HttpdFilter filter;
  const std::string bytes = request("PUT", "Content-Length: 5\r\n") + "hello";
  filter.feed(bytes);
  EXPECT_EQ((**filter.next()).data(), bytes.data() + bytes.size() - 5);
}

TEST(HttpdFilterTest, IdleConnectionDoesNotSitOnItsLargestBody) {
  const std::string body(60'000, 'b');
  EXPECT_LT(held_when_idle(httpd(), request("PUT", "Content-Length: 60000\r\n") + body), 6'000U);
  EXPECT_LT(held_when_idle(httpd(), chunked("ea60\r\n" + body + "\r\n0\r\n\r\n")), 6'000U);
  EXPECT_LT(held_when_idle(httpd(), chunked("ea60\r\n" + body + "\r\nnonsense\r\n")), 6'000U) << "refused";
}

TEST(HttpdFilterTest, UnansweredRequestsAreBounded) {
  HttpLimits limits;
  limits.max_pipelined = 2;
  HttpdFilter filter(limits);
  const std::string bytes5 = request("GET") + request("GET") + request("GET");
  filter.feed(bytes5);
  ASSERT_TRUE(filter.next()->has_value());
  ASSERT_TRUE(filter.next()->has_value());
  EXPECT_EQ(filter.next().error().code(), Errc::limit);
  EXPECT_EQ(filter.refusal()->status, 503);
}

TEST(HttpdFilterTest, TinyChunksOfALargeBodyAreRefused) {
  HttpdFilter filter;
  std::string bytes = chunked("");
  for (int i = 0; i < 40'000; ++i) bytes += "1\r\nx\r\n";
  filter.feed(bytes);
  ASSERT_FALSE(filter.next());
  EXPECT_EQ(filter.refusal()->reason, "its chunks are far too small");
}

TEST(HttpdFilterTest, UnfinishedRequestAtTheEndIsToldOnce) {
  HttpdFilter filter;
  filter.feed("GET / HT");
  EXPECT_FALSE(filter.next()->has_value());
  EXPECT_EQ(filter.finish().error().code(), Errc::protocol);
  EXPECT_FALSE(filter.finish()->has_value());
}

}  // namespace
}  // namespace poe::test
