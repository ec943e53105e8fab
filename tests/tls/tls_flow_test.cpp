// SPDX-License-Identifier: MIT
//
// ReadWrite over TLS: much of it, what cannot go on, coroutines and files.
#include "glass.hpp"
#include "sent_file.hpp"
#include "tls_bench.hpp"

namespace poe::test {
namespace {

using namespace std::chrono_literals;

TEST_P(TlsWheelTest, MarksAndTheLimitCountWhatWaitsForTheHandshake) {
  ReadWriteOptions options = serving();
  options.high_water = 1000, options.low_water = 10, options.output_limit = 2000;
  make(std::move(options));
  with_wheel([](ReadWrite& w) {
    EXPECT_EQ(w.put(std::string(999, 'a')), Output::high);
    EXPECT_EQ(w.put(std::string(999, 'b')), Output::high);
    const auto refused = w.put("c");
    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error().code(), Errc::limit);
    EXPECT_EQ(w.out_octets(), 2000u);
  });
  client_begins();
  talk();
  EXPECT_EQ(side->heard, std::string(999, 'a') + "\n" + std::string(999, 'b') + "\n");
  EXPECT_EQ(log, (Log{"high", "error write 0 limit", "secured", "low", "flushed"}));
}

TEST_P(TlsWheelTest, MuchGoesOutAsFastAsItIsTaken) {
  ReadWriteOptions options = serving();
  options.filter = StreamFilter();
  options.output_limit = 8 << 20;
  open_as_server(std::move(options));
  std::string all;
  for (int i = 0; all.size() < 3'000'000; ++i) all += std::to_string(i) + ' ';
  with_wheel([&](ReadWrite& w) {
    for (std::size_t at = 0; at < all.size(); at += 10'000)
      ASSERT_TRUE(w.put(std::string_view(all).substr(at, 10'000)));
  });
  settle();
  with_wheel([&](ReadWrite& w) { EXPECT_GT(w.out_octets(), 1'000'000u) << "nobody takes it yet"; });
  while (side->heard.size() < all.size()) ASSERT_TRUE(carry() || side->heard.size() == all.size() || (settle(), true));
  EXPECT_TRUE(side->heard == all);
  settle();
  EXPECT_EQ(log, (Log{"secured", "high", "low", "flushed"}));
}

TEST_P(TlsWheelTest, MuchComesInByTheBudgetAndAPausedWheelReadsNoMore) {
  ReadWriteOptions options = serving();
  options.budget.records = 3;
  open_as_server(std::move(options));
  for (int i = 0; i < 20'000; ++i) side->say("line " + std::to_string(i) + "\n");
  on_note = [this](const std::string& what) {
    if (what == "record line 100") with_wheel([](ReadWrite& w) { w.pause_input(); });
  };
  for (int i = 0; i < 50; ++i) carry();
  EXPECT_EQ(log.size(), 102u);
  with_wheel([](ReadWrite& w) { w.resume_input(); });
  while (log.size() < 20'001) ASSERT_TRUE(carry() || log.size() == 20'001 || (settle(), true));
  for (std::size_t i = 0; i < 20'000; ++i) ASSERT_EQ(log[i + 1], "record line " + std::to_string(i));
}

/// Answers whatever it hears with much, and never opens.
class Chatterbox final : public StreamLayer {
 public:
  Result<void> begin(std::string&) override { return {}; }
  Result<std::size_t> decode(std::string_view wire, std::span<char>, std::string& answer) override {
    if (!wire.empty()) answer.append(100'000, 'x');
    return std::size_t{0};
  }
  Result<void> encode(std::string_view, std::string&) override { return {}; }
  void end(std::string&) override {}
  bool is_open() const noexcept override { return false; }
  bool input_ended() const noexcept override { return false; }
  Error cut_off() const override { return {Errc::protocol, "secure"}; }
  Duration opening_limit() const noexcept override { return kForever; }
  Error too_slow() const override { return {Errc::timed_out, "secure"}; }
};

TEST_P(TlsWheelTest, WhoMakesTheLayerTalkAndDoesNotListenIsRefused) {
  ReadWriteOptions options = logging_tls();
  options.layer = std::make_unique<Chatterbox>();
  options.output_limit = 100'000;
  make(std::move(options));
  for (int i = 0; i < 500 && log.empty(); ++i) {
    say("?");
    settle();
    with_wheel([](ReadWrite& w) { EXPECT_LT(w.out_octets(), 600'000u); });
  }
  EXPECT_EQ(log, Log{"error secure 0 limit"});
}

// ---- a layer that fails when it is open

TEST_P(TlsWheelTest, AFlushThatHasToWaitForTheLayersOwnWordsIsTold) {
  Glass::Wishes wishes{std::string(2'000'000, 'w')};
  ReadWriteOptions options = logging_tls();
  options.layer = std::make_unique<Glass>(wishes);
  make(std::move(options));
  on_note = [this](const std::string& what) {
    if (what == "secured") with_wheel([](ReadWrite& w) { w.flush(); });
  };
  say("!");
  settle();
  EXPECT_EQ(log, Log{"secured"});
  for (int i = 0; i < 2000 && log.size() < 2; ++i) {
    static_cast<void>(hear());
    ASSERT_TRUE(kernel.run_one_timeslice(1ms));
  }
  EXPECT_EQ(log, (Log{"secured", "flushed"}));
}

TEST_P(TlsWheelTest, OutputThatCannotBeEncodedEndsBothDirections) {
  Glass::Wishes wishes;
  ReadWriteOptions options = logging_tls();
  options.layer = std::make_unique<Glass>(wishes);
  make(std::move(options));
  say("!one\n");
  settle();
  wishes.spoil_output = true;
  with_wheel([](ReadWrite& w) { EXPECT_TRUE(w.put("never")); });
  settle();
  EXPECT_EQ(log, (Log{"secured", "record one", "error secure 0 protocol"}));
  say("two\n");
  with_wheel([](ReadWrite& w) {
    EXPECT_FALSE(w.read_now()) << "its input has ended";
    EXPECT_EQ(w.put("more").error().code(), Errc::closed);
  });
  settle();
  EXPECT_EQ(log.size(), 3U);
}

TEST_P(TlsWheelTest, OutputThatCannotBeEncodedBehindTheEndOfTheInputIsTold) {
  Glass::Wishes wishes;
  ReadWriteOptions options = logging_tls();
  options.layer = std::make_unique<Glass>(wishes);
  make(std::move(options));
  say("!");
  settle();
  with_wheel([](ReadWrite& w) { w.shutdown_input(); });
  wishes.spoil_output = true;
  with_wheel([](ReadWrite& w) { EXPECT_TRUE(w.put("never")); });
  settle();
  EXPECT_EQ(log, (Log{"secured", "error secure 0 protocol"}));
}

TEST_P(TlsWheelTest, SpoiledInputIsToldBehindTheRecordsBeforeItP106) {
  Glass::Wishes wishes;
  ReadWriteOptions options = logging_tls();
  options.layer = std::make_unique<Glass>(wishes);
  make(std::move(options));
  on_note = [this](const std::string& what) {
    if (what == "record one") with_wheel([](ReadWrite& w) { w.pause_input(); });
  };
  say("!");
  settle();
  wishes.spoil_input = true;
  say("one\ntwo\n");
  settle();
  EXPECT_EQ(log, (Log{"secured", "record one"}));
  with_wheel([](ReadWrite& w) { w.resume_input(); });
  settle();
  EXPECT_EQ(log, (Log{"secured", "record one", "record two", "error secure 0 protocol"}));
}

TEST_P(TlsWheelTest, WhoPausesUntilItsOutputHasGoneHearsThatItNeverWill) {
  Glass::Wishes wishes;
  ReadWriteOptions options = logging_tls();
  options.layer = std::make_unique<Glass>(wishes);
  options.output_limit = std::size_t{8} << 20;
  make(std::move(options));
  on_note = [this](const std::string& what) {
    if (what != "record one") return;
    with_wheel([](ReadWrite& w) { w.pause_input(); });
  };
  say("!");
  settle();
  as_session([this](Bench& bench) {
    EXPECT_TRUE(bench.wheel.put(std::string(4'000'000, 'x')));
    bench.launch([](TlsWheelTest& test, Bench& self) -> Task<> {
      const auto done = co_await self.wheel.flushed();
      test.note(done ? "task done" : "task " + std::string(to_string(done.error().code())));
    }(*this, bench));
  });
  settle();
  wishes.spoil_input = true;
  say("one\n");
  settle();
  EXPECT_TRUE(said("task protocol"));
  EXPECT_TRUE(said("error secure 0 protocol"));
  EXPECT_EQ(std::count(log.begin(), log.end(), "error secure 0 protocol"), 1);
}

// ---- coroutines

TEST_P(TlsWheelTest, ACoroutineAwaitsTheHandshakeAndReads) {
  as_session([this](Bench& bench) {
    bench.wheel = ReadWrite(bench, ReadWriteOptions(std::move(near)));
    bench.launch([](TlsWheelTest& test, Bench& self) -> Task<> {
      const auto none = co_await self.wheel.secured();
      EXPECT_EQ(none.error().code(), Errc::invalid_argument) << "there is no layer";
      const auto request = co_await self.wheel.read();
      test.note("read " + *request);
      EXPECT_TRUE(self.wheel.secure(layer_of(server_context())));
      const auto open = co_await self.wheel.secured();
      test.note(open ? "secured" : open.error().message());
      for (;;) {
        const auto line = co_await self.wheel.read();
        test.note(line ? "read " + *line : "ended " + std::string(to_string(line.error().code())));
        if (!line) co_return;
        EXPECT_TRUE(self.wheel.put("echo " + *line));
        EXPECT_TRUE(co_await self.wheel.flushed());
      }
    }(*this, bench));
  });
  say("STARTTLS\n");
  settle();
  client_begins();
  talk();
  side->say("one\ntwo\n");
  side->layer->end(side->said);
  talk();
  EXPECT_EQ(log, (Log{"read STARTTLS", "secured", "read one", "read two", "ended end_of_file"}));
  EXPECT_EQ(side->heard, "echo one\necho two\n");
}

TEST_P(TlsWheelTest, ACoroutineThatReadsHearsThatTheOutputCannotBeEncoded) {
  Glass::Wishes wishes;
  as_session([&](Bench& bench) {
    ReadWriteOptions options(std::move(near));
    options.layer = std::make_unique<Glass>(wishes);
    bench.wheel = ReadWrite(bench, std::move(options));
    bench.launch([](TlsWheelTest& test, Bench& self) -> Task<> {
      const auto line = co_await self.wheel.read();
      test.note(line ? "read" : "no: " + line.error().reason());
    }(*this, bench));
  });
  say("!");
  settle();
  wishes.spoil_output = true;
  with_wheel([](ReadWrite& w) { EXPECT_TRUE(w.put("never")); });
  settle();
  EXPECT_EQ(log, Log{"no: the output is spoiled"});
}

TEST_P(TlsWheelTest, ACoroutineHearsWhyThereIsNoHandshake) {
  as_session([this](Bench& bench) {
    ReadWriteOptions options(std::move(near));
    options.layer = layer_of(client_context(), "localhost");
    bench.wheel = ReadWrite(bench, std::move(options));
    bench.launch([](TlsWheelTest& test, Bench& self) -> Task<> {
      const auto open = co_await self.wheel.secured();
      test.note(open ? "secured" : "no: " + std::string(to_string(open.error().code())));
      const auto line = co_await self.wheel.read();
      test.note(line ? "read" : "no: " + std::string(to_string(line.error().code())));
    }(*this, bench));
  });
  side.emplace(layer_of(server_context("untrusted")));
  talk();
  EXPECT_EQ(log, (Log{"no: untrusted", "no: untrusted"}));
}

TEST_P(TlsWheelTest, AFileGoesThroughItInItsPlace) {
  const std::string text = numbered(1 << 20);
  const SentFile file(sys(), text);
  ReadWriteOptions options = serving();
  options.output_limit = 1000;
  make(std::move(options));
  with_wheel([&](ReadWrite& w) {
    w.put("before");
    EXPECT_EQ(w.put_file(file.open(), 0, text.size()), Output::high);
    w.put("between");
    w.put_file(file.open(), 7, 5);
    w.put("after");
    EXPECT_FALSE(w.put(std::string(1000, 'x'))) << "the limit is for what is in memory";
    EXPECT_EQ(w.out_octets(), 7 + text.size() + 8 + 5 + 6);
    w.shutdown_output();
  });
  client_begins();
  talk();
  EXPECT_TRUE(side->heard == "before\n" + text + "between\n" + text.substr(7, 5) + "after\n") << side->heard.size();
  EXPECT_TRUE(said("flushed"));
  with_wheel([](ReadWrite& w) { EXPECT_EQ(w.out_octets(), 0u); });
}

TEST_P(TlsWheelTest, AFileIsClosedWhenAllOfItHasBeenRead) {
  constexpr std::size_t kSize = 1 << 20;
  const SentFile file(sys(), numbered(kSize));
  open_as_server();
  int number = -1;
  with_wheel([&](ReadWrite& w) {
    Fd fd = file.open();
    number = fd.get();
    w.put_file(std::move(fd), 0, kSize);
  });
  talk();
  EXPECT_EQ(side->heard.size(), kSize);
  EXPECT_EQ(sys().kind(sys().ctx, number), -EBADF);
}

TEST_P(TlsWheelTest, AFileThatHasBecomeShorterIsAnErrorOfTheOutput) {
  const SentFile file(sys(), numbered(1 << 20));
  open_as_server();
  with_wheel([&](ReadWrite& w) { w.put_file(file.open(), 0, 1 << 20); });
  file.cut();
  talk();
  EXPECT_TRUE(said("error write 0 invalid_argument"));
  EXPECT_NE(last_error.find("shorter"), std::string::npos) << last_error;
  side->say("still heard\n");
  talk();
  EXPECT_TRUE(said("record still heard")) << "of the output alone";
}

}  // namespace
}  // namespace poe::test
