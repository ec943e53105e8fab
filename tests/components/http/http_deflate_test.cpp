// SPDX-License-Identifier: MIT
//
// Compressed WebSockets of an HttpServer (RFC 7692).
#include "http_bench.hpp"
#include "poe/components/http_socket.hpp"
#include "poe/filters/websocket_deflate.hpp"

namespace poe::test {
namespace {

class HttpDeflateTest : public HttpTest {
 protected:
  static std::string handshake(const std::string& extensions) {
    return "GET /ws HTTP/1.1\r\nHost: here:80\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: "
           "13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n" +
           extensions + "\r\n";
  }
  void serve_echo(std::shared_ptr<const WebSocketDeflate> deflate, std::size_t output_limit = 0) {
    HttpServerOptions options = server_options();
    if (output_limit != 0) options.output_limit = output_limit;
    options.routes.get("/ws", [this, deflate](HttpExchange exchange) {
      HttpSocketOptions echo;
      echo.deflate = deflate;
      echo.max_message = 200'000;
      echo.message = [](HttpSocket& one, std::string_view text, WebSocketKind kind) {
        EXPECT_TRUE(one.send(text, kind));
      };
      echo.closed = [this](std::uint16_t code) { note("closed " + std::to_string(code)); };
      auto accepted = HttpSocket::accept(std::move(exchange), std::move(echo));
      if (accepted) socket = std::move(*accepted);
    });
    serve_http(std::move(options));
  }
  /// Answered 101, without the field that starts the compression if `text` is empty.
  static void expect_agreed(const std::string& answer, const std::string& text) {
    EXPECT_TRUE(answer.starts_with("HTTP/1.1 101 ")) << answer;
    const std::string field = "Sec-WebSocket-Extensions: ";
    EXPECT_EQ(has(answer, field), !text.empty()) << answer;
    EXPECT_TRUE(text.empty() || has(answer, field + text + "\r\n")) << answer;
  }
  static WebSocketFilter client_filter(std::shared_ptr<const WebSocketDeflate> deflate, WebSocketDeflateTerms terms) {
    WebSocketOptions options = WebSocketOptions::client();
    options.deflate = std::move(deflate);
    options.deflate_terms = terms;
    return WebSocketFilter(std::move(options));
  }
  /// What comes next, or the error; `wire` counts its octets.
  std::string next_message(const Client& client, WebSocketFilter& filter, std::size_t* wire = nullptr) {
    std::optional<std::string> message;
    until([&] {
      const std::string in = std::exchange(heard(client).text, {});
      if (wire != nullptr) *wire += in.size();
      filter.feed(in);
      const auto record = filter.next();
      if (!record) message = record.error().message();
      if (record && record->has_value()) message = std::string(**record);
      return message.has_value();
    });
    return message.value_or("nothing");
  }
  HttpSocket socket;
};
POE_ON_EVERY_LOOP(HttpDeflateTest);

TEST_P(HttpDeflateTest, BothSidesCompress) {
  const auto deflate = websocket_deflate();
  serve_echo(deflate);
  const Client client = dial();
  say(client, handshake("Sec-WebSocket-Extensions: " + websocket_deflate_offer(deflate->wanted()) + "\r\n"));
  const std::string head = until_heard(client, "\r\n\r\n");
  expect_agreed(head, "permessage-deflate; server_max_window_bits=12; client_max_window_bits=12");
  WebSocketFilter filter = client_filter(deflate, deflate->wanted());
  std::string text;
  for (int i = 0; i < 3000; ++i) text += "{\"line\": " + std::to_string(i) + "}";
  std::size_t wire = 0;
  for (int turn = 0; turn < 3; ++turn) {
    std::string out;
    ASSERT_TRUE(filter.encode(text, out));
    say(client, out);
    EXPECT_EQ(next_message(client, filter, &wire), text);
  }
  EXPECT_LT(wire, text.size());
}

TEST_P(HttpDeflateTest, WhatIsAgreedOn) {
  serve_echo(websocket_deflate());
  const auto ask_with = [&](const std::string& fields) {
    const Client client = dial();
    say(client, handshake(fields));
    return until_heard(client, "\r\n\r\n");
  };
  const std::string field = "Sec-WebSocket-Extensions: ";
  expect_agreed(ask_with(""), "");
  expect_agreed(ask_with(field + "x-other\r\n"), "");
  expect_agreed(ask_with(field + "permessage-deflate; server_max_window_bits=7\r\n"), "");
  expect_agreed(ask_with(field + "x-other\r\nsec-websocket-extensions: permessage-deflate\r\n"),
                "permessage-deflate; server_max_window_bits=12");
  EXPECT_EQ(status_of(ask(handshake(field + "permessage-deflate; =\r\n"))), "HTTP/1.1 400 Bad Request");
}

TEST_P(HttpDeflateTest, OffUnlessItIsGiven) {
  serve_echo(nullptr);
  const Client client = dial();
  say(client, handshake("Sec-WebSocket-Extensions: permessage-deflate\r\n"));
  expect_agreed(until_heard(client, "\r\n\r\n"), "");
  say(client, std::string("\xc1\x87\0\0\0\0\xf2\x48\xcd\xc9\xc9\x07\0", 13));
  until([&] { return said("closed 1002"); });
}

TEST_P(HttpDeflateTest, ABombIsRefusedR47) {
  serve_echo(websocket_deflate());
  const Client client = dial();
  say(client, handshake("Sec-WebSocket-Extensions: permessage-deflate\r\n"));
  until_heard(client, "\r\n\r\n");
  WebSocketDeflateTerms terms;
  terms.server_max_window_bits = 12;
  WebSocketFilter filter = client_filter(websocket_deflate(), terms);
  std::string bomb;
  ASSERT_TRUE(filter.encode(std::string(1'000'000, '\0'), bomb));
  say(client, bomb);
  until([&] { return heard(client).ended && said("closed 1009"); });
  EXPECT_TRUE(has(heard(client).text, std::string("\x88\x02\x03\xf1", 4)));
}

TEST_P(HttpDeflateTest, AMessageThatDidNotFitIsNotReferredTo) {
  const auto deflate = websocket_deflate();
  serve_echo(deflate, 100'000);
  const Client client = dial();
  say(client, handshake("Sec-WebSocket-Extensions: permessage-deflate\r\n"));
  until_heard(client, "\r\n\r\n");
  std::string large;
  for (unsigned i = 0, x = 1; i < 140'000; ++i, x = x * 1664525U + 1013904223U) large += static_cast<char>(x >> 25U);
  const std::string tail = large.substr(large.size() - 500);
  EXPECT_EQ(socket.send(large).error().code(), Errc::limit);
  EXPECT_TRUE(socket.send(tail));
  WebSocketDeflateTerms terms;
  terms.server_max_window_bits = 12;
  WebSocketFilter filter = client_filter(deflate, terms);
  EXPECT_EQ(next_message(client, filter), tail);
}

}  // namespace
}  // namespace poe::test
