// SPDX-License-Identifier: MIT
#include "read_write_bench.hpp"

namespace poe::test {
namespace {

class ReadWriteInputTest : public ReadWriteTest {};
POE_ON_EVERY_LOOP(ReadWriteInputTest);

TEST_P(ReadWriteInputTest, RecordsComeOneAtATimeP106) {
  make(logging());
  say("one\ntwo\nthr");
  settle();
  EXPECT_EQ(log, (Log{"record one", "record two"}));
  say("ee\n");
  settle();
  EXPECT_EQ(log.back(), "record three");
}

TEST_P(ReadWriteInputTest, PausingBetweenTwoRecordsHoldsTheSecondBackP106) {
  make(logging());
  on_note = [this](const std::string& what) {
    if (what == "record one") with_wheel([](ReadWrite& w) { w.pause_input(); });
  };
  say("one\ntwo\n");
  settle();
  EXPECT_EQ(log, Log{"record one"});
  say("three\n");
  settle();
  EXPECT_EQ(log, Log{"record one"}) << "a paused wheel has read";

  with_wheel([](ReadWrite& w) { w.resume_input(); });
  EXPECT_EQ(log.size(), 1u) << "resume_input() delivered before it returned";
  settle();
  EXPECT_EQ(log, (Log{"record one", "record two", "record three"}));
}

TEST_P(ReadWriteInputTest, PauseAndResumeInOneCallbackLosesNothing) {
  make(logging());
  on_note = [this](const std::string&) {
    with_wheel([](ReadWrite& w) {
      w.pause_input();
      w.resume_input();
    });
  };
  say("a\nb\nc\n");
  settle();
  EXPECT_EQ(log, (Log{"record a", "record b", "record c"}));
}

TEST_P(ReadWriteInputTest, ANewInputFilterGetsTheRestBeforeTheSetterReturnsP107Pain09) {
  make(logging());
  on_note = [this](const std::string& what) {
    if (what != "record switch") return;
    with_wheel([](ReadWrite& w) { w.set_input_filter(LineOptions(";")); });
    log.push_back("setter returned");
  };
  say("switch\na;b;c");
  settle();
  EXPECT_EQ(log, (Log{"record switch", "record a", "record b", "setter returned"}));
  say(";");
  settle();
  EXPECT_EQ(log.back(), "record c") << "the unfinished record went with the rest";
}

TEST_P(ReadWriteInputTest, NestedSwitchesDeliverInOrderP108) {
  make(logging());
  on_note = [this](const std::string& what) {
    if (what == "record 1") with_wheel([](ReadWrite& w) { w.set_input_filter(LineOptions(";")); });
    if (what == "record 2") with_wheel([](ReadWrite& w) { w.set_input_filter(LineOptions(",")); });
    if (what == "record 3") with_wheel([](ReadWrite& w) { w.set_input_filter(LineOptions("\n")); });
  };
  say("1\n2;3,4\n5\n");
  settle();
  EXPECT_EQ(log, (Log{"record 1", "record 2", "record 3", "record 4", "record 5"}));
}

// A peer that makes us switch with every record must not use up the stack.
TEST_P(ReadWriteInputTest, ThousandsOfSwitchesInOneReadP108) {
  make(logging());
  std::size_t records = 0;
  on_note = [&](const std::string&) {
    ++records;
    with_wheel([&](ReadWrite& w) { w.set_input_filter(LineOptions(records % 2 == 0 ? "\n" : ";")); });
  };
  std::string text;
  for (int i = 0; i < 5000; ++i) text += i % 2 == 0 ? "x\n" : "y;";
  ASSERT_EQ(say(text), static_cast<std::int64_t>(text.size()));
  settle();
  EXPECT_EQ(records, 5000u);
  EXPECT_EQ(log.front(), "record x");
  EXPECT_EQ(log.back(), "record y");
}

TEST_P(ReadWriteInputTest, EndOfFileIsNumberZeroAndOutputGoesOnP114) {
  make(logging());
  say("one\nunfinished");
  ASSERT_EQ(sys().shutdown(sys().ctx, far.get(), SHUT_WR), 0);
  settle();
  EXPECT_EQ(log, (Log{"record one", "error read 0 end_of_file"}));
  with_wheel([](ReadWrite& w) { EXPECT_TRUE(w.put("still here")); });
  settle();
  EXPECT_EQ(hear(), "still here\n");
  EXPECT_EQ(log.back(), "flushed");
}

TEST_P(ReadWriteInputTest, AnUnfinishedRecordIsDeliveredIfAskedFor) {
  ReadWriteOptions options = logging();
  options.deliver_unfinished = true;
  make(std::move(options));
  say("one\nunfinished");
  far.reset();
  settle();
  EXPECT_EQ(log, (Log{"record one", "record unfinished", "error read 0 end_of_file"}));
}

TEST_P(ReadWriteInputTest, WithoutOnRecordNothingIsReadP121) {
  ReadWriteOptions options = logging();
  options.on_record = nullptr;
  make(std::move(options));
  say("one\n");
  far.reset();
  settle();
  EXPECT_EQ(log, Log{}) << "an end nobody reads for was noticed";

  with_wheel([this](ReadWrite& w) { w.on_record([this](std::string_view r) { note("record " + std::string(r)); }); });
  settle();
  EXPECT_EQ(log, (Log{"record one", "error read 0 end_of_file"}));
}

TEST_P(ReadWriteInputTest, ACallbackMayReplaceItself) {
  make(logging());
  with_wheel([this](ReadWrite& w) {
    w.on_record([this, kept = std::string("alive until it returns")](std::string_view record) {
      with_wheel([this](ReadWrite& same) {
        same.on_record([this](std::string_view r) { note("second " + std::string(r)); });
      });
      note(kept + " " + std::string(record));
    });
  });
  say("1\n2\n");
  settle();
  EXPECT_EQ(log, (Log{"alive until it returns 1", "second 2"}));
}

TEST_P(ReadWriteInputTest, AFloodLeavesTurnsToOthers) {
  ReadWriteOptions options = logging();
  options.budget.records = 10;
  make(std::move(options));
  std::string flood;
  for (int i = 0; i < 1000; ++i) flood += "x\n";
  say(flood);
  std::size_t most_between = 0;
  std::size_t seen = 0;
  std::function<void(Bench&)> other = [&](Bench& bench) {  // another session's worth of work, posted again and again
    most_between = std::max(most_between, log.size() - seen);
    seen = log.size();
    if (seen < 1000) bench.defer([&other, &bench] { other(bench); });
  };
  as_session([&](Bench& bench) { other(bench); });
  settle();
  EXPECT_EQ(log.size(), 1000u);
  EXPECT_LE(most_between, 30u) << "records went by without a turn for the others";
}

TEST_P(ReadWriteInputTest, ALineOverTheLimitIsAnErrorAndTheNextFollowsR38) {
  ReadWriteOptions options = logging();
  LineOptions lines;
  lines.max_length = 8;
  options.filter = lines;
  make(std::move(options));
  say("before\n123456789 too long\nafter\n");
  settle();
  EXPECT_EQ(log, (Log{"record before", "error read 0 limit", "record after"}));
}

TEST_P(ReadWriteInputTest, ShutdownInputEndsReadingAloneP120) {
  make(logging());
  on_note = [this](const std::string& what) {
    if (what == "record one") with_wheel([](ReadWrite& w) { w.shutdown_input(); });
  };
  say("one\ntwo\n");
  settle();
  EXPECT_EQ(log, Log{"record one"});
  with_wheel([](ReadWrite& w) { w.put("answer"); });
  settle();
  EXPECT_EQ(hear(), "answer\n");
}

TEST_P(ReadWriteInputTest, AThrowingCallbackLosesNoOtherRecordsR66) {
  make(logging());
  std::vector<SignalWatch> watches;
  as_session([&](Bench& bench) {
    watches.push_back(*bench.on_signal("DIE", [this](const Signal& signal) {
      log.push_back("DIE");
      signal.handled();
    }));
  });
  on_note = [](const std::string& what) {
    if (what == "record bad") throw std::runtime_error("bad record");
  };
  say("one\nbad\ntwo\n");
  settle();
  std::erase(log, "DIE");  // when it comes among the records is the kernel's business
  EXPECT_EQ(log, (Log{"record one", "record bad", "record two"}));
  EXPECT_TRUE(kernel.alive(id));
}

TEST_P(ReadWriteInputTest, WithNobodyToHearTheEndTheSessionMayEnd) {
  ReadWriteOptions options = logging();
  options.on_error = nullptr;
  make(std::move(options));
  as_session([](Bench& bench) { bench.hold.cancel(); });
  settle();
  EXPECT_TRUE(kernel.alive(id)) << "a wheel that reads keeps its session";
  far.reset();
  settle();
  EXPECT_FALSE(kernel.alive(id));
}

TEST_P(ReadWriteInputTest, ABadDescriptorIsReportedLaterPain10) {
  make(logging(ReadWriteOptions(Fd(987654, &sys()))));
  EXPECT_EQ(log, Log{}) << "the constructor called back";
  settle();
  ASSERT_EQ(log.size(), 1u);
  EXPECT_EQ(log.front().substr(0, 12), "error watch ");
}

TEST_P(ReadWriteInputTest, TwoWheelsOfDifferentSessionsDoNotMixP112) {
  make(logging());
  auto pair = make_two_way(sys());
  const SessionId second = kernel.spawn<Bench>();
  ASSERT_TRUE(kernel.with<Bench>(second, [&](Bench& bench) {
    ReadWriteOptions options(std::move(pair->a.input));
    options.on_record = [this](std::string_view r) { note("second " + std::string(r)); };
    bench.wheel = ReadWrite(bench, std::move(options));
    with_wheel([](ReadWrite& w) { w = ReadWrite(); });  // dropped while another session is active (P113)
  }));
  say("lost\n");
  const poe_iovec part{const_cast<char*>("kept\n"), 5};
  sys().writev(sys().ctx, pair->b.input.get(), &part, 1);
  settle();
  EXPECT_EQ(log, Log{"second kept"});
}

}  // namespace
}  // namespace poe::test
