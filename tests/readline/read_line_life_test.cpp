// SPDX-License-Identifier: MIT
//
// ReadLine as calls, events and coroutines; input without a terminal; what may happen inside its callbacks; one a
// terminal.
#include <sys/wait.h>

#include "read_line_bench.hpp"

namespace poe::test {
namespace {

class ReadLineLife : public ReadLineTest {};
POE_ON_REAL_LOOPS(ReadLineLife);

TEST_P(ReadLineLife, ReadsLineAfterLineInACoroutine) {
  ReadLineRig rig(GetParam());
  rig.make();
  rig.as_session([&](Asker& asker) {
    asker.launch([](ReadLineRig& at, Asker& self) -> Task<> {
      for (;;) {
        const auto line = co_await self.wheel.read("> ");
        at.note(described(line));
        if (!line && !was_interrupted(line.error())) co_return;
      }
    }(rig, asker));
  });
  rig.settle();
  rig.type("one\rtwo\r\x03");
  rig.expect({"one", "two", "<interrupt>"});
  rig.drop();
  rig.expect({"<closed>"});
  EXPECT_TRUE(rig.pty.is_cooked());
}

TEST_P(ReadLineLife, ReadGoesWithTheScopeOfItsTask) {
  ReadLineRig rig(GetParam());
  rig.make();
  std::optional<Scope> reading;
  rig.as_session([&](Asker& asker) {
    reading.emplace(asker).launch(
        [](ReadLineRig& at, Asker& self) -> Task<> { at.note(described(co_await self.wheel.read("> "))); }(rig, asker));
  });
  rig.type("lost");
  reading.reset();
  EXPECT_TRUE(rig.pty.is_cooked());
  EXPECT_FALSE(rig.wheel().asking());
  rig.ask();
  rig.type("x\r");
  rig.expect({"x"});
}

TEST_P(ReadLineLife, ReadThatIsAwaitedWhenTheWheelIsGoneIsRefused) {
  ReadLineRig rig(GetParam());
  rig.make();
  rig.as_session([&](Asker& asker) {
    asker.launch([](ReadLineRig& at, Asker& self) -> Task<> {
      auto later = self.wheel.read("> ");
      self.wheel = ReadLine();
      at.note(described(co_await later));
    }(rig, asker));
  });
  rig.expect({"<closed>"});
}

TEST_P(ReadLineLife, GivesTheLineUpWhenNobodyWaitsAnyMore) {
  ReadLineRig rig(GetParam());
  rig.make();
  rig.as_session([&](Asker& asker) {
    asker.launch([](ReadLineRig& at, Asker& self) -> Task<> {
      at.note(described(co_await self.wheel.read("> ").within(1ms)));
      at.note(at.pty.is_cooked() ? "cooked" : "raw");
      at.note(described(co_await self.wheel.read("again> ")));
    }(rig, asker));
  });
  rig.until([&] { return rig.log.size() == 2; });
  rig.type("typed\r");
  rig.expect({"<timed_out>", "cooked", "typed"});
}

struct TypedAsker : Session {
  static constexpr Event<ReadLine::Answer> typed{"typed"};
  TypedAsker(Birth birth, ReadLineRig* at) : Session(std::move(birth)), rig(at) {}
  static void handlers(Handlers<TypedAsker>& table) {
    table.on(start, &TypedAsker::begin).on(typed, &TypedAsker::on_typed);
  }
  void begin() {
    wheel = ReadLine(*this, rig->options());
    wheel.get("> ", typed);
  }
  void on_typed(ReadLine::Answer answer) {
    rig->note(described(answer));
    if (answer) return wheel.get("> ", typed);
    wheel = ReadLine();
  }
  ReadLineRig* rig;
  ReadLine wheel;
};

TEST_P(ReadLineLife, LinesComeAsEventsAndKeepTheSession) {
  ReadLineRig rig(GetParam());
  const SessionId id = rig.kernel.spawn<TypedAsker>(&rig);
  rig.settle();
  rig.type("one\rtwo\r\x04");
  rig.expect({"one", "two", "<end_of_file>"});
  EXPECT_FALSE(rig.kernel.alive(id)) << "nothing is asked for any more";
}

TEST_P(ReadLineLife, OnLineGetsWhatNobodyElseAskedFor) {
  ReadLineRig rig(GetParam());
  ReadLineOptions options = rig.options();
  options.on_line = [&](ReadLine::Answer answer) { rig.note("on_line " + described(answer)); };
  rig.make(std::move(options));
  rig.as_session([](Asker& asker) { asker.wheel.get("> "); });
  rig.type("one\r");
  rig.expect({"on_line one"});
}

TEST_P(ReadLineLife, SecondAskIsRefusedAndHarmsNothing) {
  ReadLineRig rig(GetParam());
  rig.make();
  rig.ask();
  rig.ask();
  rig.expect({"<invalid_argument>"});
  rig.type("fine\r");
  rig.expect({"fine"});
}

TEST_P(ReadLineLife, CancelGivesTheLineUp) {
  ReadLineRig rig(GetParam());
  rig.make();
  rig.wheel().cancel();
  rig.ask();
  rig.type("half");
  rig.as_session([](Asker& asker) { asker.wheel.cancel(); });
  EXPECT_TRUE(rig.pty.is_cooked());
  rig.expect({"<cancelled>"});
  rig.ask();
  rig.type("whole\r");
  rig.expect({"whole"});
}

TEST_P(ReadLineLife, OneWheelATerminalThenTheNext) {
  ReadLineRig rig(GetParam());
  rig.make();
  const ReadLine::Answer* told = nullptr;
  ReadLine::Answer answer;
  rig.as_session([&](Asker& asker) {
    ReadLine second(asker, rig.options());
    ASSERT_TRUE(second.open_error());
    EXPECT_EQ(second.open_error()->number(), EBUSY);
    EXPECT_NE(second.open_error()->report().find("another wheel of this program has it"), std::string::npos);
    asker.wheel = std::move(second);  // and the first one goes
    asker.wheel.get("> ", [&](ReadLine::Answer got) {
      answer = std::move(got);
      told = &answer;
    });
  });
  rig.until([&] { return told != nullptr; });
  ASSERT_FALSE(answer);
  EXPECT_EQ(answer.error().number(), EBUSY);
  rig.make();
  rig.ask();
  rig.type("mine now\r");
  rig.expect({"mine now"});
}

TEST_P(ReadLineLife, TwoTerminalsAreTwoWheels) {
  ReadLineRig one(GetParam());
  ReadLineRig two(GetParam());
  one.make();
  two.make();
  one.ask();
  two.ask();
  one.type("first");
  two.type("second\r");
  two.expect({"second"});
  EXPECT_TRUE(two.pty.is_cooked());
  EXPECT_TRUE(one.pty.is_raw());
  one.type("\r");
  one.expect({"first"});
}

// ---- no terminal

struct PlainInput {
  PlainInput() {
    int ends[2] = {-1, -1};
    EXPECT_EQ(::pipe2(ends, O_CLOEXEC), 0);
    from = Fd(ends[0]);
    to = Fd(ends[1]);
  }
  void say(std::string_view text) const {
    EXPECT_EQ(::write(to.get(), text.data(), text.size()), static_cast<ssize_t>(text.size()));
  }
  Fd from, to;
};

TEST_P(ReadLineLife, PipeGivesPlainLines) {
  ReadLineRig rig(GetParam());
  const PlainInput input;
  rig.make(ReadLineOptions(input.from.get(), rig.pty.slave.get()));
  EXPECT_FALSE(rig.wheel().is_terminal());
  input.say("one\ntwo \x03 three\nhal");
  rig.ask();
  rig.ask();
  rig.expect({"one", "two \x03 three"});
  rig.ask();
  input.say("f\nlast");
  rig.expect({"half"});
  rig.ask();
  const_cast<Fd&>(input.to).reset();
  rig.expect({"last"});
  rig.ask();
  rig.ask();
  rig.expect({"<end_of_file>", "<end_of_file>"});
  rig.wheel().put("output");
  rig.settle();
  EXPECT_EQ(rig.shown(), Log{"output"}) << "and no prompt";
}

TEST_P(ReadLineLife, FileGivesPlainLines) {
  ReadLineRig rig(GetParam());
  char path[] = "/tmp/poe-lines-XXXXXX";
  const Fd file(::mkstemp(path));
  ::unlink(path);
  ASSERT_EQ(::write(file.get(), "a\n\nb", 4), 4);
  ASSERT_EQ(::lseek(file.get(), 0, SEEK_SET), 0);
  rig.make(ReadLineOptions(file.get(), rig.pty.slave.get()));
  for (int i = 0; i < 4; ++i) {
    rig.ask();
    rig.settle();
  }
  rig.expect({"a", "", "b", "<end_of_file>"});
}

TEST_P(ReadLineLife, TooLongAPlainLineIsLeftOut) {
  ReadLineRig rig(GetParam());
  const PlainInput input;
  ReadLineOptions options(input.from.get(), rig.pty.slave.get());
  options.max_line = 10;
  rig.make(std::move(options));
  rig.ask();
  input.say("0123456789abc");
  rig.expect({"<limit>"});
  rig.ask();
  input.say("def\nnext\n");
  rig.expect({"next"});
  input.say("0123456789a\n0123456789\n");
  rig.ask();
  rig.expect({"<limit>"});
  rig.ask();
  rig.expect({"0123456789"});
}

TEST_P(ReadLineLife, ClosedDescriptorIsAnError) {
  ReadLineRig rig(GetParam());
  rig.make(ReadLineOptions(-1, rig.pty.slave.get()));
  rig.ask();
  rig.until([&] { return !rig.log.empty(); });
  EXPECT_NE(rig.log, Log{"<end_of_file>"});
}

TEST_P(ReadLineLife, CancelRightAfterTheAskLeavesTheLineToTheNext) {
  ReadLineRig rig(GetParam());
  const PlainInput input;
  rig.make(ReadLineOptions(input.from.get(), rig.pty.slave.get()));
  input.say("first\nx\n");  // both in one read
  rig.ask();
  rig.expect({"first"});
  rig.as_session([&](Asker& asker) {
    asker.wheel.get("", [&rig](ReadLine::Answer answer) { rig.note(described(answer)); });
    asker.wheel.cancel();
  });
  rig.expect({"<cancelled>"});
  rig.ask();
  rig.expect({"x"});
}

// ---- inside its callbacks

TEST_P(ReadLineLife, DroppedInItsCallbackItSaysNothingMore) {
  ReadLineRig rig(GetParam());
  rig.make();
  rig.on_note = [&](const std::string&) { rig.drop(); };
  rig.ask();
  rig.type("one\rtwo\r");
  rig.expect({"one"});
  EXPECT_TRUE(rig.pty.is_cooked());
}

TEST_P(ReadLineLife, DroppedWhileItCompletes) {
  ReadLineRig rig(GetParam());
  ReadLineOptions options = rig.options();
  options.complete = [&](const LineCompletion&) {
    rig.note("complete");
    rig.drop();
    return std::vector<std::string>{"word"};
  };
  rig.make(std::move(options));
  rig.ask();
  rig.type("w\tx\r");
  rig.expect({"complete"});
  EXPECT_TRUE(rig.pty.is_cooked());
}

TEST_P(ReadLineLife, CancelledOrMovedWhileItCompletes) {
  ReadLineRig rig(GetParam());
  ReadLine elsewhere;
  ReadLineOptions options = rig.options();
  options.complete = [&](const LineCompletion& asked) {
    if (asked.word == "c") {
      rig.wheel().cancel();
    } else {
      rig.as_session([&](Asker& asker) { elsewhere = std::move(asker.wheel); });
    }
    return std::vector<std::string>{"word"};
  };
  rig.make(std::move(options));
  rig.ask();
  rig.type("c\t");
  rig.expect({"<cancelled>"});
  rig.ask();
  rig.type("m\t\r");
  rig.expect({"word "});
  elsewhere = ReadLine();
}

TEST_P(ReadLineLife, NestedSliceWhileItCompletesLeavesKeysWaiting) {
  ReadLineRig rig(GetParam());
  ReadLineOptions options = rig.options();
  options.complete = [&](const LineCompletion&) {
    rig.pty.type("!\r");
    for (int i = 0; i < 5; ++i) rig.slice();
    rig.wheel().put("meanwhile");
    rig.note("complete");
    return std::vector<std::string>{"word"};
  };
  rig.make(std::move(options));
  rig.ask();
  rig.type("w\t");
  rig.expect({"complete", "word !"});
  EXPECT_EQ(rig.shown(), (Log{"meanwhile", "> word !"}));
}

TEST_P(ReadLineLife, AsksAgainInItsCallbackAlsoWithANestedSlice) {
  ReadLineRig rig(GetParam());
  rig.make();
  rig.on_note = [&](const std::string& what) {
    if (what == "end") return;
    rig.as_session(
        [&](Asker& asker) { asker.wheel.get("> ", [&rig](ReadLine::Answer answer) { rig.note(described(answer)); }); });
    rig.slice();
  };
  rig.ask();
  rig.type("1\r2\r3\rend\r");
  rig.settle();
  Log sorted = rig.log;
  std::sort(sorted.begin(), sorted.end());
  EXPECT_EQ(sorted, (Log{"1", "2", "3", "end"}));
}

TEST_P(ReadLineLife, StoppedSessionHearsNothingMore) {
  ReadLineRig rig(GetParam());
  rig.make();
  rig.ask();
  rig.type("half");
  rig.as_session([](Asker& asker) { asker.request_stop(); });
  rig.pty.type("\r");
  const auto limit = std::chrono::steady_clock::now() + 10s;
  while (rig.kernel.alive(rig.id) && std::chrono::steady_clock::now() < limit) rig.slice();
  EXPECT_EQ(rig.log, Log{});
  EXPECT_TRUE(rig.pty.is_cooked());
}

TEST_P(ReadLineLife, ForkDoesNotTouchTheTerminal) {
  ReadLineRig rig(GetParam());
  rig.make();
  rig.ask();
  rig.type("typed");
  const pid_t child = ::fork();
  if (child == 0) std::exit(0);  // which runs what is hooked to the exit
  int status = -1;
  ASSERT_EQ(::waitpid(child, &status, 0), child);
  EXPECT_EQ(status, 0);
  EXPECT_TRUE(rig.pty.is_raw());
  rig.type(" on\r");
  rig.expect({"typed on"});
}

TEST_P(ReadLineLife, ForkThatDropsItsReadAndItsWheelDoesNotTouchTheTerminal) {
#ifdef __SANITIZE_THREAD__
  GTEST_SKIP() << "ThreadSanitizer takes a fiber that goes on in a fork for another thread";
#endif
  ReadLineRig rig(GetParam());
  rig.make();
  ReadLine& wheel = rig.wheel();
  std::optional<Scope> reading;
  rig.as_session([&](Asker& asker) {
    reading.emplace(asker).launch(
        [](ReadLineRig& at, Asker& self) -> Task<> { at.note(described(co_await self.wheel.read("> "))); }(rig, asker));
  });
  rig.settle();
  rig.type("typed");
  const termios before = rig.pty.settings();
  rig.pty.written.clear();
  const pid_t child = ::fork();
  if (child == 0) {
    reading.reset();
    wheel = ReadLine();
    ::_exit(0);
  }
  int status = -1;
  ASSERT_EQ(::waitpid(child, &status, 0), child);
  EXPECT_EQ(status, 0);
  const termios after = rig.pty.settings();
  EXPECT_EQ(after.c_lflag, before.c_lflag);
  EXPECT_EQ(after.c_iflag, before.c_iflag);
  EXPECT_EQ(after.c_oflag, before.c_oflag);
  EXPECT_TRUE(std::equal(std::begin(after.c_cc), std::end(after.c_cc), std::begin(before.c_cc)));
  rig.settle();
  EXPECT_EQ(rig.pty.written, "");
  rig.type(" on\r");
  rig.expect({"typed on"});
}

TEST_P(ReadLineLife, SignalThatComesAsALineEndsIsNotLost) {
  ReadLineRig rig(GetParam());
  rig.make();
  rig.ask();
  struct sigaction asked {};
  ::sigaction(SIGUSR1, nullptr, &asked);
  ASSERT_NE(asked.sa_flags & SA_SIGINFO, 0);
  rig.type("x\r");
  rig.expect({"x"});
  const pid_t child = ::fork();
  if (child == 0) {
    asked.sa_sigaction(SIGUSR1, nullptr, nullptr);  // as on a thread that was in it when the line ended on another
    ::_exit(0);
  }
  int status = -1;
  ASSERT_EQ(::waitpid(child, &status, 0), child);
  EXPECT_TRUE(WIFSIGNALED(status) && WTERMSIG(status) == SIGUSR1) << status;
}

TEST_P(ReadLineLife, LeavesNoDescriptorAndNoHandlerBehind) {
  ReadLineRig rig(GetParam());
  const auto handler_of = [](int number) {
    struct sigaction now {};
    ::sigaction(number, nullptr, &now);
    return reinterpret_cast<std::uintptr_t>(now.sa_sigaction);
  };
  const auto fault = handler_of(SIGSEGV);
  const auto term = handler_of(SIGTERM);
  std::size_t before = 0;
  for (int i = 0; i < 20; ++i) {
    rig.make();
    rig.ask();
    rig.type("x\r");
    rig.expect({"x"});
    rig.drop();
    if (i == 0) before = open_descriptors();
  }
  EXPECT_EQ(open_descriptors(), before);
  EXPECT_EQ(handler_of(SIGSEGV), fault);
  EXPECT_EQ(handler_of(SIGTERM), term);
}

}  // namespace
}  // namespace poe::test
