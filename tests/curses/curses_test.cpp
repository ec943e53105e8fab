// SPDX-License-Identifier: MIT
//
// Curses at a pseudo-terminal: what is drawn, which keys come, what may happen inside the callbacks.
#include "poe/wheels/curses_awaits.hpp"
#include "terminal_rig.hpp"

namespace poe::test {
namespace {

using Drawer = WheelHolder<Curses>;

std::string described(const Key& key) {
  switch (key.name) {
    case KeyName::none:
      return key.character < 0x20 ? "^" + std::string(1, static_cast<char>(key.character + 0x40))
                                  : "U+" + std::to_string(static_cast<unsigned>(key.character));
    case KeyName::up:
      return "up";
    case KeyName::left:
      return "left";
    case KeyName::page_down:
      return "page_down";
    case KeyName::del:
      return "del";
    case KeyName::backspace:
      return "backspace";
    case KeyName::enter:
      return "enter";
    case KeyName::function:
      return "F" + std::to_string(key.number);
    case KeyName::mouse:
      return "mouse " + std::to_string(key.mouse.row) + "," + std::to_string(key.mouse.column) + " " +
             std::to_string(key.mouse.button) + (key.mouse.pressed ? " down" : " up");
    case KeyName::resize:
      return "resize " + std::to_string(key.size.rows) + "x" + std::to_string(key.size.columns);
    default:
      return "other " + std::to_string(key.number);
  }
}

class CursesRig : public TerminalRig<Curses> {
 public:
  using TerminalRig::TerminalRig;

  CursesOptions options() const { return {pty.slave.get(), pty.slave.get()}; }
  CursesOptions logging() {
    CursesOptions made = options();
    made.on_key = [this](const Key& key) { note(described(key)); };
    made.on_error = [this](const Error& why) { note("error " + std::string(to_string(why.code()))); };
    return made;
  }
  void make(CursesOptions with) {
    TerminalRig::make(std::move(with));
    settle();
  }
};

class CursesWheel : public testing::TestWithParam<std::string> {};
POE_ON_REAL_LOOPS(CursesWheel);

TEST_P(CursesWheel, DrawsAndGivesTheTerminalBack) {
  CursesRig rig(GetParam());
  const auto before = rig.pty.settings();
  rig.make(rig.logging());
  ASSERT_FALSE(rig.wheel().open_error());
  EXPECT_TRUE(rig.pty.is_raw());
  EXPECT_EQ(rig.wheel().size().rows, 10);
  EXPECT_EQ(rig.wheel().size().columns, 40);
  rig.wheel().put(0, 0, "title", Look::bold | Look::reverse);
  rig.wheel().put(3, 10, "naïve 漢字");
  rig.wheel().put(99, 99, "outside");
  rig.wheel().refresh();
  rig.settle();
  EXPECT_EQ(rig.pty.screen.rows(), (Log{"title", "", "", "          naïve 漢字"}));
  rig.wheel().clear();
  rig.wheel().put(1, 0, "new");
  rig.wheel().refresh();
  rig.settle();
  EXPECT_EQ(rig.pty.screen.rows(), (Log{"", "new"}));
  rig.pty.written.clear();
  rig.drop();
  rig.pty.look();
  EXPECT_NE(rig.pty.written.find("\033[?1049l"), std::string::npos) << "the screen from before is shown again";
  const auto after = rig.pty.settings();
  EXPECT_EQ(after.c_lflag, before.c_lflag);
  EXPECT_EQ(after.c_iflag, before.c_iflag);
  EXPECT_EQ(after.c_oflag, before.c_oflag);
}

TEST_P(CursesWheel, KeysComeOneByOne) {
  CursesRig rig(GetParam());
  rig.make(rig.logging());
  rig.type("a\xc3\xa9\xe6\xbc\xa2\x01\x03\x1a\r\x7f\t");
  rig.expect({"U+97", "U+233", "U+28450", "^A", "^C", "^Z", "enter", "backspace", "^I"});
  rig.type("\033OA\033OD\033[6~\033[3~\033OP\033[24~");
  rig.expect({"up", "left", "page_down", "del", "F1", "F12"});
}

TEST_P(CursesWheel, KeysShowNothingBeforeTheRefresh) {
  CursesRig rig(GetParam());
  rig.make(rig.logging());
  rig.wheel().put(0, 0, "half a picture");
  rig.type("a");
  rig.expect({"U+97"});
  EXPECT_EQ(rig.pty.screen.rows(), Log{});
  rig.wheel().refresh();
  rig.settle();
  EXPECT_EQ(rig.pty.screen.rows(), Log{"half a picture"});
}

TEST_P(CursesWheel, EscapeAloneIsAKeyAndSoonThere) {
  CursesRig rig(GetParam());
  rig.make(rig.logging());
  rig.type("\033");
  rig.expect({"^["});
  rig.pty.type("\033O");
  rig.pty.type("A");
  rig.expect({"up"});
}

TEST_P(CursesWheel, ManyKeysAtOnceAreAllThere) {
  CursesRig rig(GetParam());
  rig.make(rig.logging());
  rig.type(std::string(1000, 'x'));
  rig.expect(Log(1000, "U+120"));
}

TEST_P(CursesWheel, MouseIsKeysIfAskedFor) {
  CursesRig rig(GetParam());
  CursesOptions options = rig.logging();
  options.mouse = true;
  options.terminal = "xterm";
  rig.make(std::move(options));
  rig.type("\033[<0;5;3M\033[<0;6;3m\033[<64;1;1M");
  rig.expect({"mouse 2,4 1 down", "mouse 2,5 1 up", "mouse 0,0 4 down"});
}

TEST_P(CursesWheel, ResizeIsAKeyAndFitsTheScreen) {
  CursesRig rig(GetParam());
  rig.make(rig.logging());
  const winsize other{12, 30, 0, 0};
  ASSERT_EQ(::ioctl(rig.pty.master.get(), TIOCSWINSZ, &other), 0);
  ::raise(SIGWINCH);  // as the terminal would to its foreground group
  rig.expect({"resize 12x30"});
  EXPECT_EQ(rig.wheel().size().rows, 12);
}

TEST_P(CursesWheel, KeysInACoroutineWaitUntilAskedFor) {
  CursesRig rig(GetParam());
  rig.make(rig.options());
  rig.type("ab\033OAq");
  EXPECT_EQ(rig.log, Log{});
  rig.as_session([&](Drawer& drawer) {
    drawer.launch([](CursesRig& at, Drawer& self) -> Task<> {
      for (;;) {
        const auto key = co_await self.wheel.key();
        at.note(key ? described(*key) : std::string(to_string(key.error().code())));
        if (!key) co_return;
      }
    }(rig, drawer));
  });
  rig.expect({"U+97", "U+98", "up", "U+113"});
  rig.drop();
  rig.expect({"closed"});
}

TEST_P(CursesWheel, KeyGoesWithTheScopeOfItsTask) {
  CursesRig rig(GetParam());
  rig.make(rig.options());
  const auto noting = [](CursesRig& at, Drawer& self) -> Task<> {
    const auto key = co_await self.wheel.key();
    at.note(key ? described(*key) : std::string(to_string(key.error().code())));
  };
  std::optional<Scope> reading;
  rig.as_session([&](Drawer& drawer) { reading.emplace(drawer).launch(noting(rig, drawer)); });
  rig.settle();
  reading.reset();
  rig.as_session([&](Drawer& drawer) { drawer.launch(noting(rig, drawer)); });
  rig.type("a");
  rig.expect({"U+97"});
}

TEST_P(CursesWheel, KeyThatIsAwaitedWhenTheWheelIsGoneIsRefused) {
  CursesRig rig(GetParam());
  rig.make(rig.options());
  rig.as_session([&](Drawer& drawer) {
    drawer.launch([](CursesRig& at, Drawer& self) -> Task<> {
      auto later = self.wheel.key();
      self.wheel = Curses();
      const auto key = co_await later;
      at.note(key ? described(*key) : std::string(to_string(key.error().code())));
    }(rig, drawer));
  });
  rig.expect({"closed"});
}

TEST_P(CursesWheel, OnlyOneAtATimeThenTheNext) {
  CursesRig rig(GetParam());
  CursesRig other(GetParam());
  rig.make(rig.logging());
  other.make(other.logging());
  other.expect({"error system"});
  ASSERT_TRUE(other.wheel().open_error());
  EXPECT_EQ(other.wheel().open_error()->number(), EBUSY);
  EXPECT_NE(other.wheel().open_error()->report().find("one at a time"), std::string::npos);
  other.wheel().put(0, 0, "nothing");
  other.wheel().refresh();
  rig.type("a");
  rig.expect({"U+97"});
  rig.drop();
  other.make(other.logging());
  other.type("b");
  other.expect({"U+98"});
}

TEST_P(CursesWheel, NoTerminalOrNoneItKnowsIsTold) {
  CursesRig rig(GetParam());
  CursesOptions options = rig.logging();
  options.input = options.output = -1;
  rig.make(std::move(options));
  rig.expect({"error system"});
  CursesOptions unknown = rig.logging();
  unknown.terminal = "no-such-terminal";
  rig.make(std::move(unknown));
  rig.expect({"error not_supported"});
  EXPECT_TRUE(rig.pty.is_cooked());
  rig.make(rig.logging());
  rig.type("a");
  rig.expect({"U+97"});
}

TEST_P(CursesWheel, HangUpIsTheEnd) {
  CursesRig rig(GetParam());
  rig.make(rig.logging());
  rig.pty.master.reset();
  rig.until([&] { return !rig.log.empty(); });
  for (int i = 0; i < 5; ++i) rig.slice();
  EXPECT_EQ(rig.log, Log{"error end_of_file"});
}

TEST_P(CursesWheel, LeavesTheScreenToOthersAndComesBack) {
  CursesRig rig(GetParam());
  rig.make(rig.logging());
  rig.wheel().put(0, 0, "mine");
  rig.wheel().refresh();
  rig.wheel().leave();
  EXPECT_TRUE(rig.pty.is_cooked());
  rig.wheel().resume();
  rig.settle();
  EXPECT_TRUE(rig.pty.is_raw());
  EXPECT_EQ(rig.pty.screen.rows(), Log{"mine"});
  rig.type("a");
  rig.expect({"U+97"});
}

TEST_P(CursesWheel, DroppedOrMovedInItsCallback) {
  CursesRig rig(GetParam());
  Curses elsewhere;
  rig.on_note = [&](const std::string& what) {
    if (what == "U+109") elsewhere = std::move(rig.wheel());
    if (what == "U+100") elsewhere = Curses();
  };
  rig.make(rig.logging());
  rig.type("amadb");
  rig.expect({"U+97", "U+109", "U+97", "U+100"});
  EXPECT_TRUE(rig.pty.is_cooked());
}

TEST_P(CursesWheel, NestedSliceAndNewCallbackInItsCallback) {
  CursesRig rig(GetParam());
  rig.on_note = [&](const std::string& what) {
    if (what == "U+110") rig.slice();
    if (what == "U+114") rig.wheel().on_key([&](const Key& key) { rig.note("new " + described(key)); });
  };
  rig.make(rig.logging());
  rig.type("narb");
  rig.expect({"U+110", "U+97", "U+114", "new U+98"});
}

TEST_P(CursesWheel, StoppedSessionHearsNothingMore) {
  CursesRig rig(GetParam());
  rig.on_note = [&](const std::string&) { rig.as_session([](Drawer& drawer) { drawer.request_stop(); }); };
  rig.make(rig.logging());
  rig.pty.type("ab");
  const auto limit = std::chrono::steady_clock::now() + 10s;
  while (rig.kernel.alive(rig.id) && std::chrono::steady_clock::now() < limit) rig.slice();
  EXPECT_EQ(rig.log, Log{"U+97"});
  EXPECT_TRUE(rig.pty.is_cooked());
}

struct PressedDrawer : Session {
  static constexpr Event<Key> pressed{"pressed"};
  PressedDrawer(Birth birth, CursesRig* at) : Session(std::move(birth)), rig(at) {}
  static void handlers(Handlers<PressedDrawer>& table) {
    table.on(start, &PressedDrawer::begin).on(pressed, &PressedDrawer::on_pressed);
  }
  void begin() {
    wheel = Curses(*this, rig->options());
    wheel.on_key(pressed);
  }
  void on_pressed(const Key& key) {
    rig->note(poe::test::described(key));
    if (key.is(U'q')) wheel = Curses();
  }
  CursesRig* rig;
  Curses wheel;
};

TEST_P(CursesWheel, KeysComeAsEventsAndKeepTheSession) {
  CursesRig rig(GetParam());
  const SessionId id = rig.kernel.spawn<PressedDrawer>(&rig);
  rig.settle();
  rig.type("a");
  EXPECT_TRUE(rig.kernel.alive(id));
  rig.type("q");
  rig.expect({"U+97", "U+113"});
  EXPECT_FALSE(rig.kernel.alive(id));
}

TEST_P(CursesWheel, LeavesNoDescriptorAndNoHandlerBehind) {
  CursesRig rig(GetParam());
  const auto handler_of = [](int number) {
    struct sigaction now {};
    ::sigaction(number, nullptr, &now);
    return reinterpret_cast<std::uintptr_t>(now.sa_sigaction);
  };
  const std::vector<int> numbers{SIGSEGV, SIGTERM, SIGINT, SIGTSTP};
  std::vector<std::uintptr_t> before;
  for (const int number : numbers) before.push_back(handler_of(number));
  std::size_t descriptors = 0;
  for (int i = 0; i < 5; ++i) {
    rig.make(rig.logging());
    rig.drop();
    if (i == 0) descriptors = open_descriptors();
  }
  EXPECT_EQ(open_descriptors(), descriptors);
  for (std::size_t i = 0; i < numbers.size(); ++i) EXPECT_EQ(handler_of(numbers[i]), before[i]) << numbers[i];
}

}  // namespace
}  // namespace poe::test
