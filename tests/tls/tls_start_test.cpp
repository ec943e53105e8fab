// SPDX-License-Identifier: MIT
//
// ReadWrite over TLS that begins in an open connection: STARTTLS. The other side of it: tls_wheel_test.cpp.
#include "tls_bench.hpp"

namespace poe::test {
namespace {

using namespace std::chrono_literals;

TEST_P(TlsWheelTest, BeginsInAnOpenConnection) {
  make(logging_tls());
  on_note = [this](const std::string& what) {
    if (what != "record STARTTLS") return;
    with_wheel([](ReadWrite& w) {
      w.put("go ahead");
      EXPECT_TRUE(w.secure(layer_of(server_context())));
      EXPECT_EQ(w.secure(layer_of(server_context())).error().code(), Errc::invalid_argument) << "once";
      w.put("protected");
    });
  };
  say("hello\nSTARTTLS\n");
  settle();
  EXPECT_EQ(hear(), "go ahead\n") << "what was put before is plain, and nothing else is";
  client_begins();
  talk();
  side->say("now\n");
  talk();
  EXPECT_EQ(side->heard, "protected\n");
  EXPECT_EQ(log, (Log{"record hello", "record STARTTLS", "secured", "flushed", "record now"}));
}

TEST_P(TlsWheelTest, TextSmuggledInBehindTheRequestIsNeverTakenForProtected) {
  for (const bool one_read : {true, false}) {
    auto pair = make_two_way(sys(), PipeKind::socketpair);
    near = std::move(pair->a.input), far = std::move(pair->b.input);
    log.clear();
    make(logging_tls());
    on_note = [this](const std::string& what) {
      if (what == "record STARTTLS")
        with_wheel([](ReadWrite& w) { EXPECT_TRUE(w.secure(layer_of(server_context()))); });
    };
    say(one_read ? "STARTTLS\nMAIL FROM:<evil>\nRC" : "STARTTLS\n");
    settle();
    if (!one_read) say("MAIL FROM:<evil>\n");
    settle();
    EXPECT_EQ(log, (Log{"record STARTTLS", "error secure 0 protocol"})) << one_read;
    EXPECT_NE(last_error.find("plain text: \"M"), std::string::npos) << last_error;
  }
}

TEST_P(TlsWheelTest, AnAnswerSmuggledInIsNeverTakenForProtectedEither) {
  make(logging_tls());
  on_note = [this](const std::string& what) {
    if (what == "record 220 go") {
      with_wheel([](ReadWrite& w) { EXPECT_TRUE(w.secure(layer_of(client_context(), "good.example"))); });
    }
  };
  say("220 go\n250 AUTH PLAIN\n");
  settle();
  EXPECT_EQ(log, (Log{"record 220 go", "error secure 0 protocol"}));
  with_wheel([](ReadWrite& w) { EXPECT_FALSE(w.put("password")); });
}

TEST_P(TlsWheelTest, AHandshakeRightBehindTheRequestCounts) {
  make(logging_tls());
  on_note = [this](const std::string& what) {
    if (what == "record PROXY") with_wheel([](ReadWrite& w) { EXPECT_TRUE(w.secure(layer_of(server_context()))); });
  };
  client_begins();
  side->said.insert(0, "PROXY\n");
  talk();
  side->say("hello\n");
  talk();
  EXPECT_EQ(log, (Log{"record PROXY", "secured", "record hello"})) << last_error;
}

TEST_P(TlsWheelTest, WhatWasLearntInTheClearIsForgotten) {
  ReadWriteOptions options = logging_tls();
  options.filter = LineOptions::any();
  make(std::move(options));
  on_note = [this](const std::string& what) {
    if (what == "record STARTTLS") with_wheel([](ReadWrite& w) { EXPECT_TRUE(w.secure(layer_of(server_context()))); });
  };
  say("STARTTLS\r");  // lines end in CR, for an `any` filter that has seen no more
  settle();
  say("\n");
  settle();
  EXPECT_EQ(log.back(), "error secure 0 protocol") << "the rest of the line's end came too late";
}

TEST_P(TlsWheelTest, SecureNeedsBothDirections) {
  make(logging_tls());
  with_wheel([](ReadWrite& w) {
    EXPECT_EQ(w.secure(nullptr).error().code(), Errc::invalid_argument);
    w.shutdown_output();
    EXPECT_EQ(w.secure(layer_of(server_context())).error().code(), Errc::closed);
  });
  ReadWrite none;
  EXPECT_EQ(none.secure(layer_of(server_context())).error().code(), Errc::closed);
  EXPECT_EQ(none.layer(), nullptr);
}

}  // namespace
}  // namespace poe::test
