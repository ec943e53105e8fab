// SPDX-License-Identifier: MIT
//
// Who may ask for what: RFC 7692, 7.1, and the grammar of RFC 6455, 9.1.
#include "poe/filters/websocket_extension.hpp"

#include <gtest/gtest.h>

namespace poe::test {
namespace {

constexpr const char* kForget = "permessage-deflate; server_no_context_takeover; client_no_context_takeover";

WebSocketDeflateTerms small() {
  WebSocketDeflateTerms terms;
  terms.server_max_window_bits = 12;
  terms.client_max_window_bits = 11;
  return terms;
}

// The server's answer; "-" for none, "!" for a handshake to refuse.
std::string answer(std::string_view offers, const WebSocketDeflateTerms& wanted = {}) {
  const auto made = websocket_deflate_answer(wanted, offers);
  if (!made) return "!";
  return *made ? (*made)->text : "-";
}

TEST(WebSocketDeflateOfferTest, OffersThatAreTaken) {  // RFC 7692, 7.1.3 and 5.1
  EXPECT_EQ(answer("permessage-deflate"), "permessage-deflate");
  EXPECT_EQ(answer("permessage-deflate; client_max_window_bits; server_max_window_bits=10"),
            "permessage-deflate; server_max_window_bits=10");
  EXPECT_EQ(answer("permessage-deflate; client_max_window_bits; server_max_window_bits=10, permessage-deflate"),
            "permessage-deflate; server_max_window_bits=10");
  EXPECT_EQ(answer("permessage-deflate;client_no_context_takeover ; server_no_context_takeover"), kForget);
  EXPECT_EQ(answer("permessage-deflate; server_max_window_bits=\"1\\0\""),
            "permessage-deflate; server_max_window_bits=10");
  EXPECT_EQ(answer("permessage-deflate; server_max_window_bits=15"), "permessage-deflate; server_max_window_bits=15");
  EXPECT_EQ(answer("permessage-deflate; client_max_window_bits=8"), "permessage-deflate; client_max_window_bits=8");
}

TEST(WebSocketDeflateOfferTest, TheSmallerWishCounts) {
  EXPECT_EQ(answer("permessage-deflate", small()), "permessage-deflate; server_max_window_bits=12")
      << "a client that cannot limit its window is not told to";
  EXPECT_EQ(answer("permessage-deflate; client_max_window_bits", small()),
            "permessage-deflate; server_max_window_bits=12; client_max_window_bits=11");
  EXPECT_EQ(answer("permessage-deflate; client_max_window_bits=9; server_max_window_bits=14", small()),
            "permessage-deflate; server_max_window_bits=12; client_max_window_bits=9");
  WebSocketDeflateTerms forgetful;
  forgetful.server_no_context_takeover = forgetful.client_no_context_takeover = true;
  EXPECT_EQ(answer("permessage-deflate", forgetful), kForget);
}

TEST(WebSocketDeflateOfferTest, OffersThatArePassedOver) {
  for (const char* bad : {
           "permessage-bzip2",
           "Permessage-Deflate",
           "permessage-deflate; unknown",
           "permessage-deflate; server_no_context_takeover=1",
           "permessage-deflate; server_no_context_takeover; server_no_context_takeover",
           "permessage-deflate; client_no_context_takeover=yes",
           "permessage-deflate; client_no_context_takeover; client_no_context_takeover",
           "permessage-deflate; server_max_window_bits",
           "permessage-deflate; server_max_window_bits=7",
           "permessage-deflate; server_max_window_bits=16",
           "permessage-deflate; server_max_window_bits=08",
           "permessage-deflate; server_max_window_bits=+9",
           "permessage-deflate; server_max_window_bits=1x",
           "permessage-deflate; server_max_window_bits=9; server_max_window_bits=9",
           "permessage-deflate; client_max_window_bits=7",
           "permessage-deflate; client_max_window_bits=010",
           "permessage-deflate; client_max_window_bits; client_max_window_bits",
           "permessage-deflate; client_max_window_bits=9; client_max_window_bits",
       }) {
    EXPECT_EQ(answer(bad), "-") << bad;
    EXPECT_EQ(answer(std::string(bad) + ", permessage-deflate"), "permessage-deflate") << "the next one: " << bad;
  }
}

TEST(WebSocketDeflateOfferTest, WhatIsNoListEndsTheHandshake) {
  for (const char* bad : {"", " ", ",", ";", "permessage-deflate;", "permessage-deflate;;", "a b", "a;b=", "a;b=\"",
                          "a;b=\"\"", "a;b=\"x y\"", "a;b=\"x\\", "a=b", "\"a\"", "a;\x80", "a;b=c d"}) {
    EXPECT_EQ(answer(bad), "!") << bad;
  }
  EXPECT_EQ(answer("a;b=\"c\", ,"), "-");
}

// The terms, or "-" or "!".
std::string agreed(std::string_view text, const WebSocketDeflateTerms& wanted = {}) {
  const auto terms = websocket_deflate_agreed(wanted, text);
  if (!terms) return "!";
  if (!*terms) return "-";
  return std::to_string((*terms)->server_max_window_bits) + ((*terms)->server_no_context_takeover ? "f " : " ") +
         std::to_string((*terms)->client_max_window_bits) + ((*terms)->client_no_context_takeover ? "f" : "");
}

TEST(WebSocketDeflateAnswerTest, AnswersThatAreTaken) {
  EXPECT_EQ(agreed(""), "-");
  EXPECT_EQ(agreed("permessage-deflate"), "15 15");
  EXPECT_EQ(agreed(kForget), "15f 15f");
  EXPECT_EQ(agreed("permessage-deflate; server_max_window_bits=9; client_max_window_bits=10"), "9 10");
  EXPECT_EQ(agreed("permessage-deflate; server_max_window_bits=12", small()), "12 11") << "what it wished for itself";
}

TEST(WebSocketDeflateAnswerTest, AnswersThatEndTheConnection) {
  WebSocketDeflateTerms forgetful;
  forgetful.server_no_context_takeover = true;
  EXPECT_EQ(agreed("permessage-deflate", forgetful), "!");
  EXPECT_EQ(agreed("permessage-deflate; server_no_context_takeover", forgetful), "15f 15");
  EXPECT_EQ(agreed("permessage-deflate", small()), "!") << "its window is 15";
  EXPECT_EQ(agreed("permessage-deflate; server_max_window_bits=13", small()), "!");
  for (const char* bad : {"permessage-bzip2", "permessage-deflate, permessage-deflate", "permessage-deflate; x",
                          "permessage-deflate; client_max_window_bits", "permessage-deflate; client_max_window_bits=16",
                          "permessage-deflate; server_max_window_bits=9; server_max_window_bits=9", ";"}) {
    EXPECT_EQ(agreed(bad), "!") << bad;
  }
}

TEST(WebSocketDeflateOfferTest, BothSidesUnderstandEachOther) {
  EXPECT_EQ(websocket_deflate_offer({}), "permessage-deflate; client_max_window_bits");
  const std::string offer = websocket_deflate_offer(small());
  EXPECT_EQ(offer, "permessage-deflate; server_max_window_bits=12; client_max_window_bits=11");
  const auto server = websocket_deflate_answer({}, offer);
  ASSERT_TRUE(server && *server);
  EXPECT_EQ((*server)->text, offer);
  EXPECT_EQ(agreed((*server)->text, small()), "12 11");
}

}  // namespace
}  // namespace poe::test
