// SPDX-License-Identifier: MIT
//
// HttpExchange::send_file(): what goes out, and what is refused while another answer can still be given.
#include "http_bench.hpp"
#include "poe/wheels/pipe.hpp"
#include "sent_file.hpp"

namespace poe::test {
namespace {

class HttpSendFileTest : public HttpTest {
 protected:
  void serve_by(std::function<void(HttpExchange&)> how) {
    HttpServerOptions options = server_options();
    options.access_log = [this](std::string_view line) { note(std::string(line)); };
    options.routes.get("/file", [how](HttpExchange exchange) { how(exchange); });
    serve_http(std::move(options));
  }
  static HttpResponse with_length(const std::string& length) {
    HttpResponse response(200);
    if (!length.empty()) response.fields.add("Content-Length", length);
    return response;
  }

  const poe_sys& sys_ = **kernel.system();
  const SentFile file_{sys_, "0123456789"};
};
POE_ON_EVERY_LOOP(HttpSendFileTest);

TEST_P(HttpSendFileTest, APartOfAFileIsTheBodyAndItsSizeTheLength) {
  struct Part {
    std::uint64_t offset;
    std::uint64_t size;
    const char* length;  // said by the handler
    const char* body;
  };
  Part now{};
  serve_by([&](HttpExchange& exchange) {
    EXPECT_TRUE(exchange.send_file(with_length(now.length), file_.open(), now.offset, now.size));
    EXPECT_FALSE(exchange) << "nothing is asked for any more";
  });
  for (const Part& part : {Part{0, 10, "", "0123456789"}, Part{0, 10, "10", "0123456789"}, Part{3, 4, "", "3456"},
                           Part{9, 1, "1", "9"}, Part{0, 0, "", ""}, Part{10, 0, "0", ""}}) {
    now = part;
    log.clear();
    const std::string length = "\r\nContent-Length: " + std::to_string(part.size) + "\r\n";
    const std::string answer = ask_for("GET /file");
    EXPECT_EQ(status_of(answer), "HTTP/1.1 200 OK");
    EXPECT_EQ(times(answer, length), 1u) << answer;
    EXPECT_EQ(times(answer, "Content-Length"), 1u) << answer;
    EXPECT_EQ(body_of(answer), part.body);
    const std::string head = ask_for("HEAD /file");
    EXPECT_EQ(times(head, length), 1u) << head;
    EXPECT_EQ(body_of(head), "");
    ASSERT_EQ(log.size(), 2u);
    EXPECT_TRUE(has(log[0], "\"GET /file HTTP/1.1\" 200 " + (part.size > 0 ? std::to_string(part.size) : "-")))
        << log[0];
    EXPECT_TRUE(has(log[1], "\"HEAD /file HTTP/1.1\" 200 -")) << log[1];
  }
}

TEST_P(HttpSendFileTest, AnAnswerThatHasNoBodySendsNone) {
  serve_by([&](HttpExchange& exchange) {
    HttpResponse same(304);
    EXPECT_TRUE(exchange.send_file(std::move(same), file_.open(), 0, 10));
    EXPECT_FALSE(exchange);
  });
  for (int i = 0; i < 2; ++i) {
    const std::string answer = ask_for("GET /file");
    EXPECT_EQ(status_of(answer), "HTTP/1.1 304 Not Modified");
    EXPECT_EQ(times(answer, "\r\nContent-Length: 10\r\n"), 1u) << answer;
    EXPECT_EQ(body_of(answer), "");
  }
}

TEST_P(HttpSendFileTest, WhatCannotBeSentIsRefusedBeforeAnythingIsOut) {
  const auto pipe_end = [this] { return std::move(make_one_way(sys_, PipeKind::pipe)->reader); };
  struct Wrong {
    const char* what;
    std::function<Fd()> fd;
    std::uint64_t offset;
    std::uint64_t size;
    const char* length;
  };
  const auto opened = [this] { return file_.open(); };
  Wrong now{};
  bool answers = true;
  serve_by([&](HttpExchange& exchange) {
    const auto done = exchange.send_file(with_length(now.length), now.fd(), now.offset, now.size);
    ASSERT_FALSE(done) << now.what;
    EXPECT_EQ(done.error().code(), Errc::invalid_argument) << now.what;
    EXPECT_FALSE(exchange.end()) << now.what << ": nobody may take it for an answer";
    EXPECT_TRUE(exchange) << now.what;
    if (answers) {
      EXPECT_TRUE(exchange.respond(500, "own words")) << now.what;
    }
  });
  for (const Wrong& one :
       {Wrong{"a pipe", pipe_end, 0, 10, ""}, Wrong{"no descriptor", [] { return Fd(); }, 0, 10, ""},
        Wrong{"an offset no file has", opened, UINT64_MAX, 10, ""},
        Wrong{"a size no file has", opened, 1, INT64_MAX, ""}, Wrong{"a length that is too small", opened, 0, 10, "9"},
        Wrong{"a length that is too large", opened, 0, 10, "11"},
        Wrong{"a length that is none", opened, 0, 10, "ten"}}) {
    now = one;
    for (answers = true;; answers = false) {
      const std::string answer = ask_for("GET /file");
      EXPECT_EQ(status_of(answer), "HTTP/1.1 500 Internal Server Error") << one.what;
      EXPECT_EQ(has(answer, "own words"), answers) << one.what;
      EXPECT_EQ(status_of(ask_for("HEAD /file")), "HTTP/1.1 500 Internal Server Error") << one.what;
      if (!answers) break;
    }
  }
}

}  // namespace
}  // namespace poe::test
