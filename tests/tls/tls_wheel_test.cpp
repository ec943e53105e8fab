// SPDX-License-Identifier: MIT
//
// ReadWrite over TLS, on every loop: the handshake, and the ends of both ways.
#include "glass.hpp"
#include "sent_file.hpp"
#include "tls_bench.hpp"

namespace poe::test {
namespace {

using namespace std::chrono_literals;

POE_ON_EVERY_LOOP(TlsWheelTest);

TEST_P(TlsWheelTest, FiltersAboveKnowNothingOfIt) {
  open_as_server();
  EXPECT_EQ(log, Log{"secured"});
  side->say("one\ntwo\nthr");
  talk();
  with_wheel([](ReadWrite& w) { EXPECT_EQ(w.put("answer"), Output::flowing); });
  talk();
  side->say("ee\n");
  talk();
  EXPECT_EQ(side->heard, "answer\n");
  EXPECT_EQ(log, (Log{"secured", "record one", "record two", "flushed", "record three"}));
  with_wheel([](ReadWrite& w) {
    w.set_filter(StreamFilter());
    EXPECT_EQ(tls_info(w.layer())->name, "good.example");
    EXPECT_EQ(w.out_octets(), 0u);
  });
  side->say("raw");
  talk();
  EXPECT_EQ(log.back(), "record raw");
}

TEST_P(TlsWheelTest, CutAnywhereItIsTheSame) {
  make(serving());
  client_begins();
  side->hear({});
  for (int i = 0; i < 3; ++i) talk(5);
  ASSERT_TRUE(side->layer->is_open()) << side->why();
  for (int i = 0; i < 5; ++i) side->say("line " + std::to_string(i) + "\n");
  talk(1);
  EXPECT_EQ(log, (Log{"secured", "record line 0", "record line 1", "record line 2", "record line 3", "record line 4"}));
}

TEST_P(TlsWheelTest, WhatIsPutBeforeTheHandshakeWaitsForIt) {
  make(serving());
  with_wheel([](ReadWrite& w) {
    EXPECT_EQ(w.put("early"), Output::flowing);
    EXPECT_EQ(w.out_octets(), 6u);
    EXPECT_EQ(w.out_messages(), 1u);
  });
  settle();
  EXPECT_EQ(log, Log{});
  EXPECT_EQ(hear(), "");
  client_begins();
  talk();
  EXPECT_EQ(side->heard, "early\n");
  EXPECT_EQ(log, (Log{"secured", "flushed"}));
}

TEST_P(TlsWheelTest, WhatWasPutNeverLeavesIfTheOtherSideIsNotWhoItShouldBe) {
  ReadWriteOptions options = logging_tls();
  options.layer = layer_of(client_context(), "localhost");
  make(std::move(options));
  with_wheel([](ReadWrite& w) { EXPECT_TRUE(w.put("secret")); });
  side.emplace(layer_of(server_context("expired")));
  talk();
  EXPECT_EQ(log, Log{"error secure 0 untrusted"});
  EXPECT_NE(last_error.find("certificate has expired"), std::string::npos) << last_error;
  EXPECT_EQ(side->heard, "");
  ASSERT_TRUE(side->error) << "it gets the alert";
  with_wheel([](ReadWrite& w) { EXPECT_EQ(w.put("more").error().code(), Errc::closed); });
}

TEST_P(TlsWheelTest, OnSecuredIsThePlaceToSendSomebodyAway) {
  make(serving());
  with_wheel([](ReadWrite& w) { EXPECT_TRUE(w.put("secret")); });
  on_note = [this](const std::string&) { as_session([](Bench& bench) { bench.wheel = ReadWrite(); }); };
  client_begins();
  talk();
  EXPECT_EQ(log, Log{"secured"});
  EXPECT_EQ(side->heard, "");
  EXPECT_FALSE(side->layer->input_ended()) << "what was put is missing: this is no orderly end";
}

TEST_P(TlsWheelTest, NothingLeavesForASessionThatEndsInOnSecured) {
  make(serving());
  with_wheel([](ReadWrite& w) { EXPECT_TRUE(w.put("secret")); });
  on_note = [this](const std::string&) { as_session([](Bench& bench) { bench.request_stop(); }); };
  client_begins();
  talk();
  EXPECT_EQ(log, Log{"secured"});
  EXPECT_EQ(side->heard, "");
}

TEST_P(TlsWheelTest, WhoIsSentAwayWithNothingPutHearsThatThisIsAll) {
  make(serving());
  on_note = [this](const std::string&) { as_session([](Bench& bench) { bench.wheel = ReadWrite(); }); };
  client_begins();
  talk();
  EXPECT_EQ(log, Log{"secured"});
  EXPECT_TRUE(side->layer->input_ended());
}

TEST_P(TlsWheelTest, ACheckThatThrowsLetsNothingPassEitherWay) {
  make(serving());
  as_session([](Bench& bench) {
    SessionOptions careless = bench.options();
    careless.on_throw = OnThrow::report;
    bench.set_options(careless);
  });
  with_wheel([](ReadWrite& w) { EXPECT_TRUE(w.put("secret")); });
  on_note = [](const std::string& what) {
    if (what == "secured") throw std::runtime_error("not the one I know");
  };
  client_begins();
  carry();
  for (int i = 0; i < 50 && !side->layer->is_open(); ++i) carry();
  side->say("at once\n");
  talk();
  EXPECT_EQ(log, (Log{"secured", "error secure 0 exception"}));
  EXPECT_EQ(side->heard, "");
  EXPECT_FALSE(side->layer->input_ended());
  with_wheel([](ReadWrite& w) { EXPECT_EQ(w.put("more").error().code(), Errc::closed); });
}

TEST_P(TlsWheelTest, WhatIsReadInSecuredComesBehindWhatCameWithIt) {
  make(serving());
  client_begins();
  carry();
  for (int i = 0; i < 50 && !side->layer->is_open(); ++i) carry();
  ASSERT_TRUE(side->layer->is_open());
  side->say("one\n");
  on_note = [this](const std::string& what) {
    if (what != "secured") return;
    side->say("two\n");
    say(std::exchange(side->said, {}));
    with_wheel([](ReadWrite& w) { w.read_now(); });
  };
  talk();
  EXPECT_EQ(log, (Log{"secured", "record one", "record two"}));
}

TEST_P(TlsWheelTest, ASlowHandshakeIsEnded) {
  TlsServerOptions hasty = server_identity();
  hasty.handshake_time = 20ms;
  make(serving(must(TlsContext::server(hasty))));
  client_begins();
  say(side->said.substr(0, 10));
  until([this] { return !log.empty(); });
  EXPECT_EQ(log, Log{"error secure 0 timed_out"});
  EXPECT_NE(last_error.find("no handshake within 0.02 s"), std::string::npos) << last_error;
}

TEST_P(TlsWheelTest, HangingUpInTheHandshakeIsToldAlsoWhilePaused) {
  make(serving());
  with_wheel([](ReadWrite& w) { w.pause_input(); });
  client_begins();
  say(side->said.substr(0, 10));
  settle();
  far.reset();
  settle();
  EXPECT_EQ(log, Log{"error secure 0 protocol"});
  EXPECT_NE(last_error.find("closed it during the handshake"), std::string::npos) << last_error;
}

TEST_P(TlsWheelTest, APausedWheelShakesHandsAndKeepsWhatComesP106) {
  make(serving());
  with_wheel([](ReadWrite& w) { w.pause_input(); });
  client_begins();
  talk();
  ASSERT_TRUE(side->layer->is_open());
  side->say("one\n");
  side->layer->end(side->said);
  talk();
  EXPECT_EQ(log, Log{"secured"});
  with_wheel([](ReadWrite& w) { w.resume_input(); });
  settle();
  EXPECT_EQ(log, (Log{"secured", "record one", "error read 0 end_of_file"}));
}

TEST_P(TlsWheelTest, RecordsOfTheLastFlightComeBehindSecured) {
  make(serving());
  client_begins();
  carry();
  for (int i = 0; i < 50 && !side->layer->is_open(); ++i) carry();
  ASSERT_TRUE(side->layer->is_open());
  side->say("at once\n");
  side->layer->end(side->said);
  on_note = [this](const std::string& what) {
    if (what == "secured") with_wheel([](ReadWrite& w) { w.pause_input(); });
  };
  talk();
  EXPECT_EQ(log, Log{"secured"}) << "also its end waits behind the record";
  with_wheel([](ReadWrite& w) { w.resume_input(); });
  settle();
  EXPECT_EQ(log, (Log{"secured", "record at once", "error read 0 end_of_file"}));
}

// ---- the end

TEST_P(TlsWheelTest, TheEndOfTheInputLeavesTheOutputP114) {
  open_as_server();
  side->say("last\n");
  side->layer->end(side->said);
  talk();
  EXPECT_EQ(log, (Log{"secured", "record last", "error read 0 end_of_file"}));
  with_wheel([](ReadWrite& w) { EXPECT_TRUE(w.put("answer")); });
  talk();
  EXPECT_EQ(side->heard, "answer\n");
}

TEST_P(TlsWheelTest, ACutOffStreamIsNoEnd) {
  ReadWriteOptions options = serving();
  options.deliver_unfinished = true;
  open_as_server(std::move(options));
  side->say("whole\nhal");
  talk();
  far.reset();
  settle();
  EXPECT_EQ(log, (Log{"secured", "record whole", "error read 0 truncated"})) << "\"hal\" is not taken for a line";
  EXPECT_NE(last_error.find("cut off"), std::string::npos) << last_error;
}

TEST_P(TlsWheelTest, ShutdownOutputSaysSoBehindWhatWasPutP120) {
  open_as_server();
  with_wheel([](ReadWrite& w) {
    w.put("last words");
    w.shutdown_output();
    EXPECT_EQ(w.put("more").error().code(), Errc::closed);
  });
  talk();
  EXPECT_EQ(side->heard, "last words\n");
  EXPECT_TRUE(side->layer->input_ended());
  EXPECT_TRUE(far_ended);
  side->say("still here\n");
  talk();
  EXPECT_EQ(log.back(), "record still here");
}

TEST_P(TlsWheelTest, ShutdownOutputInTheHandshakeWaitsForIt) {
  make(serving());
  with_wheel([](ReadWrite& w) {
    w.put("first and last");
    w.shutdown_output();
  });
  client_begins();
  talk();
  EXPECT_EQ(side->heard, "first and last\n");
  EXPECT_TRUE(side->layer->input_ended());
}

TEST_P(TlsWheelTest, ADroppedWheelSaysGoodbyeOnlyIfAllIsOut) {
  for (const bool all : {true, false}) {
    ReadWriteRig::near = {}, ReadWriteRig::far = {};
    auto pair = make_two_way(sys(), PipeKind::socketpair);
    near = std::move(pair->a.input), far = std::move(pair->b.input);
    open_as_server();
    with_wheel([](ReadWrite& w) { w.put("text"); });
    if (all) talk();
    as_session([](Bench& bench) { bench.wheel = ReadWrite(); });
    talk();
    EXPECT_EQ(side->layer->input_ended(), all);
    EXPECT_EQ(side->heard, all ? "text\n" : "");
  }
}

TEST_P(TlsWheelTest, LeaveUnendedKeepsTheGoodbyeBack) {
  open_as_server();
  with_wheel([](ReadWrite& w) { w.put("half"); });
  talk();
  as_session([](Bench& bench) {
    bench.wheel.leave_unended();
    bench.wheel = ReadWrite();
  });
  talk();
  EXPECT_EQ(side->heard, "half\n");
  EXPECT_FALSE(side->layer->input_ended());
}

TEST_P(TlsWheelTest, AWheelThatIsToBeLeftUnendedGoesOnUntilItIsDropped) {
  open_as_server();
  with_wheel([](ReadWrite& w) {
    w.leave_unended();
    EXPECT_TRUE(w.put("not yet"));
  });
  for (int i = 0; i < 50; ++i) carry();
  EXPECT_EQ(side->heard, "not yet\n");
  EXPECT_EQ(log, (Log{"secured", "flushed"}));
  as_session([](Bench& bench) { bench.wheel = ReadWrite(); });
  talk();
  EXPECT_FALSE(side->layer->input_ended());
}

TEST_P(TlsWheelTest, TwoPipesWillDo) {
  auto there = make_one_way(sys()), back = make_one_way(sys());
  ASSERT_TRUE(there && back);
  ReadWriteOptions options = logging_tls(ReadWriteOptions(std::move(there->reader), std::move(back->writer)));
  options.layer = layer_of(server_context());
  make(std::move(options));
  client_begins();
  for (int i = 0; i < 20; ++i) {
    const std::string some = std::exchange(side->said, {});
    const poe_iovec part{const_cast<char*>(some.data()), some.size()};
    if (!some.empty()) {
      ASSERT_EQ(sys().writev(sys().ctx, there->writer.get(), &part, 1), std::int64_t(some.size()));
    }
    settle();
    std::swap(far, back->reader);
    side->hear(hear());
    std::swap(far, back->reader);
    if (side->layer->is_open() && i == 10) {
      side->say("through a pipe\n");
      with_wheel([](ReadWrite& w) { w.put("and back"), w.shutdown_output(); });
    }
  }
  EXPECT_EQ(side->heard, "and back\n");
  EXPECT_TRUE(side->layer->input_ended());
  ASSERT_EQ(log.size(), 3U);
  EXPECT_EQ(log[0], "secured");
  std::sort(log.begin(), log.end());  // which of two pipes is ready first is the loop's to say
  EXPECT_EQ(log, (Log{"flushed", "record through a pipe", "secured"}));
}

}  // namespace
}  // namespace poe::test
