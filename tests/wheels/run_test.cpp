// SPDX-License-Identifier: MIT
//
// Run: what goes in, what comes out, and in which order it ends.
#include "poe/wheels/run.hpp"

#include <unistd.h>

#include <cstdio>

#include "run_bench.hpp"

namespace poe::test {
namespace {

class RunTest : public OnRealLoop {};
POE_ON_REAL_LOOPS(RunTest);

TEST_P(RunTest, FunctionPrintsOnBothOutputsClosesOnceAndExitsLastP149P090) {
  run(logging_both(RunOptions::call([] {
    std::puts("one");
    std::fputs("two\n", stderr);
    std::puts("three");
    return 7;
  })));
  ASSERT_EQ(log.size(), 7U);
  EXPECT_EQ(lines(), (Log{"one", "three"}));
  for (const char* expected : {"err two", "error out read 0", "error err read 0"}) {
    EXPECT_EQ(std::count(log.begin(), log.end(), expected), 1) << expected;
  }
  EXPECT_EQ(log[5], "close");
  EXPECT_EQ(log[6], "exit 7");
}

TEST_P(RunTest, WordsOfAListReachTheProgramAsTheyAre) {
  run(logging(RunOptions({"printf", "%s\\n", "a  b", "$HOME", "*", ""})));
  EXPECT_EQ(lines(), (Log{"a  b", "$HOME", "*", ""}));
}

TEST_P(RunTest, LineIsForTheShell) {
  run(logging(RunOptions::shell("x=4; echo $x | tr 4 5; exit 9")));
  EXPECT_EQ(log, (Log{"out 5", "error out read 0", "close", "exit 9"}));
}

TEST_P(RunTest, WhatIsPutComesToItsStdin) {
  RunOptions options = logging(RunOptions({"cat"}));
  options.on_stdin_flushed = [this] { note("flushed"); };
  run(std::move(options), [](RunWheel& cat) {
    EXPECT_TRUE(cat.put("one"));
    EXPECT_TRUE(cat.put("two"));
    EXPECT_EQ(cat.out_octets(), 8U);
    EXPECT_EQ(cat.out_messages(), 2U);
    cat.shutdown_stdin();
  });
  EXPECT_EQ(lines(), (Log{"one", "two"}));
  EXPECT_EQ(std::count(log.begin(), log.end(), "flushed"), 1);
  EXPECT_EQ(log.back(), "exit 0");
}

TEST_P(RunTest, ShuttingStdinWaitsForWhatWasPutAndLaterPutsFailP156) {
  RunOptions options = logging(RunOptions({"wc", "-c"}));
  options.stdin_filter = StreamFilter();
  run(std::move(options), [](RunWheel& count) {
    EXPECT_TRUE(count.put(std::string(1 << 20, 'x')));
    count.shutdown_stdin();
    const auto late = count.put("late");
    ASSERT_FALSE(late);
    EXPECT_EQ(late.error().code(), Errc::closed);
  });
  EXPECT_EQ(lines(), (Log{"1048576"}));
}

TEST_P(RunTest, LastLineWithoutItsEndingIsOutputToo) {
  run(logging(RunOptions({"printf", "one\\ntwo"})));
  EXPECT_EQ(lines(), (Log{"one", "two"}));
}

TEST_P(RunTest, AllItWroteIsDeliveredBeforeItsExitP090) {
  std::size_t octets = 0;
  RunOptions options = logging_end(RunOptions({"head", "-c", "5000000", "/dev/zero"}));
  options.stdout_filter = StreamFilter();
  options.on_stdout = [&](std::string_view bytes) { octets += bytes.size(); };
  on_note = [&](const std::string& what) { EXPECT_EQ(octets, 5'000'000U) << what; };
  run(std::move(options));
  EXPECT_EQ(log, (Log{"error out read 0", "close", "exit 0"}));
}

TEST_P(RunTest, AllItWroteIsDeliveredBeforeItsExitAlsoOneRecordATurnP090) {
  RunOptions options = logging(RunOptions({"seq", "2000"}));  // writes them all at once
  options.budget.records = 1;
  run(std::move(options));
  EXPECT_EQ(lines().size(), 2000U);
  EXPECT_EQ(log.back(), "exit 0");
}

TEST_P(RunTest, ExitDoesNotWaitForGrandchildrenThatKeepTheOutputOpenP090) {
  on_note = [this](const std::string& what) {
    if (what == "exit 3") wheel->shutdown_stdin();
  };
  run(logging(RunOptions::shell("exec 3<&0; (read x <&3; echo late) & echo mine; exit 3")));
  EXPECT_EQ(log, (Log{"out mine", "exit 3", "out late", "error out read 0", "close"}));
}

TEST_P(RunTest, GrandchildThatFloodsDoesNotHoldBackTheExit) {
  RunOptions options = logging_end(RunOptions::shell("yes & exit 2"));
  options.on_stdout = [](std::string_view) {};
  on_note = [this](const std::string&) { *wheel = RunWheel(); };  // the flood ends with EPIPE
  run(std::move(options));
  EXPECT_EQ(log, Log{"exit 2"});
}

TEST_P(RunTest, PausedOutputHoldsBackTheExitUntilItIsResumed) {
  Timer timer;
  int looks = 0;  // after the process has been reaped
  std::function<void()> look;
  auto shared = std::make_shared<RunOptions>(logging(RunOptions::shell("echo one; echo two")));
  on_note = [&](const std::string& what) {
    if (what == "out one") wheel->pause_stdout();
  };
  run_session([&](Patron& patron) {
    patron.wheel = RunWheel(patron, std::move(*shared));
    wheel = &patron.wheel;
    look = [&] {
      if (::kill(static_cast<pid_t>(wheel->pid()), 0) == 0 || ++looks < 3) {
        timer = patron.after(1ms, [&] { look(); });
        return;
      }
      EXPECT_EQ(log, Log{"out one"});
      wheel->resume_stdout();
    };
    look();
  });
  EXPECT_EQ(log, (Log{"out one", "out two", "error out read 0", "close", "exit 0"}));
}

TEST_P(RunTest, NewOutputFilterGetsWhatIsPendingAndAllThatFollowsP158) {
  on_note = [this](const std::string& what) {
    if (what == "out lines") wheel->set_stdout_filter(LineOptions(";"));
    if (what == "out two") wheel->put("go");
  };
  run(logging(RunOptions::shell("printf 'lines\\none;two;'; read x; printf 'three;four;'")));
  EXPECT_EQ(lines(), (Log{"lines", "one", "two", "three", "four"}));
}

TEST_P(RunTest, FiltersCanBeChosenAndLookedAt) {
  RunOptions options = logging_both(RunOptions::shell("read x; echo \"$x\"; printf 'a,b,' >&2"));
  options.stdin_filter = LineOptions("!\n");
  options.stderr_filter = LineOptions(",");
  run(std::move(options), [](RunWheel& wheel) {
    EXPECT_NE(wheel.stdin_filter(), nullptr);
    EXPECT_NE(wheel.stdout_filter(), wheel.stdin_filter());
    EXPECT_NE(wheel.stderr_filter(), nullptr);
    EXPECT_TRUE(wheel.put("hey"));
  });
  EXPECT_EQ(lines(), Log{"hey!"});
  EXPECT_EQ(std::count(log.begin(), log.end(), "err a"), 1);
  EXPECT_EQ(std::count(log.begin(), log.end(), "err b"), 1);
}

TEST_P(RunTest, WritingToOneThatDoesNotReadIsAnErrorOfStdinR83) {
  RunOptions options = logging(RunOptions::shell("exec <&-; echo closed; exec sleep 10"));
  on_note = [this](const std::string& what) {
    if (what == "out closed") {
      EXPECT_TRUE(wheel->put("anyone?"));
    } else if (what.starts_with("error in")) {
      EXPECT_TRUE(wheel->kill());
    }
  };
  run(std::move(options));
  EXPECT_EQ(log, (Log{"out closed", "error in write 32", "error out read 0", "close", "signal 15"}));
}

TEST_P(RunTest, ChildThatNeverReadsCannotMakeUsKeepMoreThanTheLimitR83) {
  RunOptions options = logging_end(RunOptions({"sleep", "10"}));
  options.stdin_filter = StreamFilter();
  options.output_limit = 300'000;
  run(std::move(options), [](RunWheel& wheel) {
    const std::string much(100'000, 'x');
    int taken = 0;
    while (taken < 100 && wheel.put(much)) ++taken;
    EXPECT_LE(taken, 4) << "the limit, and what a pipe holds";
    EXPECT_TRUE(wheel.kill());
  });
  EXPECT_EQ(log.back(), "signal 15");
}

TEST_P(RunTest, SignalReachesTheWholeGroup) {
  on_note = [this](const std::string& what) {
    if (what == "out ready") {
      EXPECT_TRUE(wheel->kill());
    }
  };
  run(logging(RunOptions::shell("sleep 100 & echo ready; wait")));  // sleep holds stdout: it must die for the end
  ASSERT_EQ(log.size(), 4U);  // the end of stdout shows that sleep is gone, before or after the shell
  EXPECT_EQ(std::count(log.begin(), log.end(), "signal 15"), 1);
  EXPECT_EQ(std::count(log.begin(), log.end(), "close"), 1);
}

TEST_P(RunTest, SignalMayBeForTheProcessAloneP155) {
  on_note = [this](const std::string& what) {
    if (what == "out ready") {
      EXPECT_TRUE(wheel->kill_process(SIGKILL));
    } else if (what == "signal 9") {
      EXPECT_FALSE(wheel->kill()) << "its number may be another's by now";
      wheel->shutdown_stdin();
    }
  };
  run(logging(RunOptions::shell("exec 3<&0; (read x <&3; echo survived) & echo ready; wait")));
  EXPECT_EQ(log, (Log{"out ready", "signal 9", "out survived", "error out read 0", "close"}));
}

TEST_P(RunTest, NoSignalGoesToANumberThatIsFreeAgain) {
  Log refused;
  std::function<void(Patron&)> probe = [&](Patron& patron) {
    if (patron.wheel.exit_status()) return;
    const auto sent = patron.wheel.kill_process(0);
    if (!sent) refused.emplace_back(to_string(sent.error().code()));
    patron.defer([&] { probe(patron); });  // stands before the end in the queue, whenever that comes
  };
  run_session([&](Patron& patron) {
    patron.wheel = RunWheel(patron, logging_end(RunOptions({"true"})));
    probe(patron);
  });
  EXPECT_EQ(log, Log{"exit 0"});
  EXPECT_EQ(refused, Log{"closed"}) << "between its reaping and the news of its end";
}

TEST_P(RunTest, WithoutAnyHandleItStillTellsTheExit) {
  RunOptions options = logging_end(RunOptions({"true"}));
  options.no_stdin = true;
  run(std::move(options), [](RunWheel& wheel) { EXPECT_FALSE(wheel.put("nobody")); });
  EXPECT_EQ(log, Log{"exit 0"});
}

TEST_P(RunTest, TwoSocketsInsteadOfPipes) {
  RunOptions options = logging_both(
      RunOptions::shell("test -S /dev/stdin && test /dev/stdin -ef /dev/stdout && echo same; test -S /dev/stderr && "
                        "echo socket >&2; cat"));
  options.conduit = Conduit::socketpair;
  run(std::move(options), [](RunWheel& wheel) {
    EXPECT_TRUE(wheel.put("echoed"));
    wheel.shutdown_stdin();
  });
  EXPECT_EQ(lines(), (Log{"same", "echoed"}));
  EXPECT_EQ(std::count(log.begin(), log.end(), "err socket"), 1);
  EXPECT_EQ(log.back(), "exit 0");
}

TEST_P(RunTest, DroppedWheelClosesTheConduitsAndItsChildIsReaped) {
  run(logging(RunOptions({"cat"})), [this](RunWheel&) { *wheel = RunWheel(); });
  EXPECT_EQ(log, Log{});  // and TearDown finds nobody
}

TEST_P(RunTest, DroppedWheelMayEndTheChild) {
  RunOptions options = logging(RunOptions::shell("trap '' HUP; sleep 1000 & wait"));
  options.signal_on_drop = SIGKILL;
  run(std::move(options), [this](RunWheel&) { *wheel = RunWheel(); });
  EXPECT_EQ(log, Log{});
}

TEST_P(RunTest, ContradictingOptionsThrow) {
  const auto refused = [this](RunOptions options) {
    run_session([&](Patron& patron) { EXPECT_THROW(RunWheel(patron, std::move(options)), std::invalid_argument); });
  };
  refused(RunOptions(std::vector<std::string>()));
  RunOptions two = logging(RunOptions({"true"}));
  two.read_stdout = true;
  refused(std::move(two));
  RunOptions both = logging(RunOptions({"true"}));
  both.stdout_to = Redirect::null();
  refused(std::move(both));
  RunOptions terminal = logging_both(RunOptions({"true"}));
  terminal.conduit = Conduit::pty;
  refused(std::move(terminal));
  RunOptions nowhere = logging_end(RunOptions({"true"}));
  nowhere.stdout_to = Redirect::descriptor(Fd());
  refused(std::move(nowhere));
  RunOptions kept(std::vector<std::string>{"true"});
  kept.keep_descriptors = {1};
  refused(std::move(kept));
}

TEST(RunOnSimTest, SimulatedWorldHasNoProcesses) {
  RunRig rig("sim");
  rig.run(rig.logging(RunOptions({"true"})), [](RunWheel& wheel) {
    ASSERT_TRUE(wheel.start_error());
    EXPECT_EQ(wheel.start_error()->code(), Errc::not_supported);
    EXPECT_NE(wheel.start_error()->report().find("real loop"), std::string::npos);
    EXPECT_EQ(wheel.pid(), 0);
    EXPECT_FALSE(wheel.put("x"));
  });
  EXPECT_EQ(rig.log, Log{"error start run 0"});
}

}  // namespace
}  // namespace poe::test
