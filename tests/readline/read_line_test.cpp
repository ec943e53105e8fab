// SPDX-License-Identifier: MIT
//
// ReadLine at a terminal: typing, editing, history, completion, output meanwhile. Looked at on the screen.
#include <sys/stat.h>

#include <filesystem>
#include <fstream>
#include <sstream>

#include "read_line_bench.hpp"

namespace poe::test {
namespace {

class ReadLineEdit : public ReadLineTest {};
POE_ON_REAL_LOOPS(ReadLineEdit);

TEST_P(ReadLineEdit, LineComesOnceAndTheTerminalIsAsItWas) {
  ReadLineRig rig(GetParam());
  const auto before = rig.pty.settings();
  rig.make();
  EXPECT_TRUE(rig.wheel().is_terminal());
  EXPECT_TRUE(rig.pty.is_cooked()) << "nobody has asked yet";
  rig.ask();
  EXPECT_TRUE(rig.pty.is_raw());
  rig.type("hello");
  EXPECT_EQ(rig.shown(), Log{"> hello"});
  EXPECT_EQ(rig.log, Log{});
  rig.type("\r");
  rig.expect({"hello"});
  const auto after = rig.pty.settings();
  EXPECT_EQ(after.c_lflag, before.c_lflag);
  EXPECT_EQ(after.c_iflag, before.c_iflag);
  EXPECT_EQ(after.c_oflag, before.c_oflag);
  EXPECT_TRUE(std::equal(std::begin(after.c_cc), std::end(after.c_cc), std::begin(before.c_cc)));
  EXPECT_EQ(rig.pty.screen.row(), 1U);
}

TEST_P(ReadLineEdit, KeysEditTheLine) {
  ReadLineRig rig(GetParam());
  rig.make();
  rig.ask();
  rig.type_slowly("wrld\033[D\033[D\033[Do\033[H>\033[F!");  // left three times, home, end
  EXPECT_EQ(rig.shown(), Log{"> >world!"});
  rig.type("\x01\x04");  // ^A ^D
  rig.type("\x05\x7f");  // ^E, backspace
  EXPECT_EQ(rig.shown(), Log{"> world"});
  rig.type("\x15new\r");  // ^U
  rig.expect({"new"});
}

TEST_P(ReadLineEdit, WideAndAccentedCharactersAreCharacters) {
  ReadLineRig rig(GetParam());
  rig.make();
  rig.ask("\xc3\xa9> ");
  rig.type("na\xc3");
  rig.type(
      "\xaf"
      "ve \xe6\xbc\xa2\xe5\xad\x97");  // a character cut across two reads
  EXPECT_EQ(rig.shown(), Log{"é> naïve 漢字"});
  rig.type("\x7f\033[D\033[D!\r");
  rig.expect({"naïve! 漢"});
}

TEST_P(ReadLineEdit, EscapeAloneHoldsUpNobody) {
  ReadLineRig rig(GetParam());
  rig.make();
  rig.ask();
  rig.type("one two\033");
  bool ticked = false;
  Timer timer;
  rig.as_session([&](Asker& asker) { timer = asker.after(1ms, [&] { ticked = true; }); });
  rig.until([&] { return ticked; });
  rig.type("b+\r");  // Escape b: a word back
  rig.expect({"one +two"});
}

TEST_P(ReadLineEdit, SearchOfTheHistoryHoldsUpNobody) {
  ReadLineRig rig(GetParam());
  rig.make();
  for (const char* line : {"make all", "git status", "make check"}) rig.wheel().add_history(line);
  rig.ask();
  rig.type("\x12");
  rig.type("git");
  EXPECT_NE(rig.pty.screen.last().find("git"), std::string::npos);
  bool ticked = false;
  Timer timer;
  rig.as_session([&](Asker& asker) { timer = asker.after(1ms, [&] { ticked = true; }); });
  rig.until([&] { return ticked; });
  rig.type("\033\r");
  rig.expect({"git status"});
}

TEST_P(ReadLineEdit, HistoryIsWalkedThrough) {
  ReadLineRig rig(GetParam());
  rig.make();
  for (const char* line : {"one", "two", "two", "", "three"}) rig.wheel().add_history(line);
  EXPECT_EQ(rig.wheel().history(), (std::deque<std::string>{"one", "two", "three"}));
  rig.ask();
  rig.type("\033[A\033[A");
  EXPECT_EQ(rig.shown(), Log{"> two"});
  rig.type("\033[A\033[B\033[B!\r");
  rig.expect({"three!"});
  rig.wheel().set_history_limit(1);
  rig.ask();
  rig.type("\033[A\033[A\033[A\r");
  rig.expect({"three"});
}

TEST_P(ReadLineEdit, HistoryIsSavedForItsOwnerAlone) {
  ReadLineRig rig(GetParam());
  rig.make();
  char folder[] = "/tmp/poe-history-XXXXXX";
  ASSERT_NE(::mkdtemp(folder), nullptr);
  const std::string path = std::string(folder) + "/history";
  EXPECT_TRUE(rig.wheel().load_history(path)) << "a missing one has nothing";
  rig.wheel().add_history("première");
  rig.wheel().add_history("two\nlines");
  ASSERT_TRUE(rig.wheel().save_history(path));
  struct stat facts {};
  ASSERT_EQ(::stat(path.c_str(), &facts), 0);
  EXPECT_EQ(facts.st_mode & 0777, 0600U);
  std::ostringstream text;
  text << std::ifstream(path).rdbuf();
  EXPECT_EQ(text.str(), "première\ntwo lines\n");
  rig.wheel().clear_history();
  ASSERT_TRUE(rig.wheel().load_history(path));
  EXPECT_EQ(rig.wheel().history(), (std::deque<std::string>{"première", "two lines"}));
  rig.ask();
  rig.type("\033[A\033[A\r");
  rig.expect({"première"});
  const auto refused = rig.wheel().save_history(std::string(folder) + "/no/such");
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().number(), ENOENT);
  std::filesystem::remove_all(folder);
}

ReadLineOptions with_words(ReadLineOptions options, std::vector<std::string> words) {
  options.complete = [words = std::move(words)](const LineCompletion& asked) {
    std::vector<std::string> fit;
    for (const std::string& word : words) {
      if (word.starts_with(asked.word)) fit.push_back(word);
    }
    return fit;
  };
  return options;
}

TEST_P(ReadLineEdit, TabPutsTheOnlyWordThatFits) {
  ReadLineRig rig(GetParam());
  rig.make(with_words(rig.options(), {"status", "commit", "lib/"}));
  rig.ask();
  rig.type("git st\tli\tx\r");
  rig.expect({"git status lib/x"});
}

TEST_P(ReadLineEdit, TabPutsWhatAllHaveInCommonThenListsThem) {
  ReadLineRig rig(GetParam());
  rig.make(with_words(rig.options(), {"checkout", "check", "cherry"}));
  rig.ask();
  rig.type("c\t");
  EXPECT_EQ(rig.shown(), Log{"> che"});
  rig.type("\t");
  EXPECT_EQ(rig.shown(), (Log{"> che", "checkout  check     cherry", "> che"}));
  rig.type("x\t");
  EXPECT_EQ(rig.pty.screen.bells, 1) << "nothing fits";
  rig.type("\x7f");
  rig.type("r\t.\r");
  rig.expect({"cherry ."});
}

TEST_P(ReadLineEdit, CompletionKnowsTheLine) {
  ReadLineRig rig(GetParam());
  std::string seen;
  ReadLineOptions options = rig.options();
  options.complete = [&](const LineCompletion& asked) {
    seen = std::string(asked.word) + "|" + std::string(asked.line) + "|" + std::to_string(asked.cursor);
    return std::vector<std::string>{"WORD"};
  };
  rig.make(std::move(options));
  rig.ask();
  rig.type("é wo end\033[D\033[D\033[D\033[D\t\r");
  EXPECT_EQ(seen, "wo|é wo end|5");
  rig.expect({"é WORD  end"});
}

TEST_P(ReadLineEdit, LinesPutMeanwhileLeaveTheInputUnharmed) {
  ReadLineRig rig(GetParam());
  rig.make();
  rig.ask();
  rig.type("typing here\033[D\033[D\033[D\033[D");
  rig.wheel().put("news");
  rig.wheel().put("more\nnews\n");
  rig.settle();
  EXPECT_EQ(rig.shown(), (Log{"news", "more", "news", "> typing here"}));
  EXPECT_EQ(rig.pty.screen.column(), 9U) << "and the cursor is where it was";
  rig.type("w\r");
  rig.expect({"typing where"});
}

TEST_P(ReadLineEdit, LinesPutAboveInputOfSeveralRowsLeaveNoRest) {
  ReadLineRig rig(GetParam(), 10, 20);
  rig.make();
  rig.ask();
  const std::string forty = "0123456789012345678901234567890123456789";
  rig.type(forty);
  EXPECT_EQ(rig.shown(), (Log{"> 012345678901234567", "89012345678901234567", "89"}));
  rig.type("\x01\033[C\033[C");  // the cursor in the first row
  rig.wheel().put("news");
  rig.settle();
  EXPECT_EQ(rig.shown(), (Log{"news", "> 012345678901234567", "89012345678901234567", "89"}));
  rig.type("\x05");
  rig.wheel().put("again");
  rig.settle();
  EXPECT_EQ(rig.shown(), (Log{"news", "again", "> 012345678901234567", "89012345678901234567", "89"}));
  rig.type("\x7f\x7f");  // exactly to the edge
  rig.wheel().put("edge");
  rig.settle();
  EXPECT_EQ(rig.shown(), (Log{"news", "again", "edge", "> 012345678901234567", "89012345678901234567"}));
  rig.type("\r");
  rig.expect({forty.substr(0, 38)});
}

TEST_P(ReadLineEdit, TextOfStrangersCannotMoveTheCursor) {
  ReadLineRig rig(GetParam());
  rig.make();
  rig.ask();
  rig.wheel().put(
      "bad \033[2J\x07 \xc2\x9b"
      "2J");
  rig.settle();
  EXPECT_EQ(rig.shown(), (Log{"bad ^[[2J^G ?2J", ">"}));
  EXPECT_EQ(rig.pty.screen.bells, 0);
  rig.wheel().put_raw("\033[1mgood\033[m");
  rig.settle();
  EXPECT_EQ(rig.shown(), (Log{"bad ^[[2J^G ?2J", "good", ">"}));
}

TEST_P(ReadLineEdit, ColoursOfAPromptTakeNoRoom) {
  ReadLineRig rig(GetParam(), 10, 20);
  rig.make();
  rig.ask("\1\033[1m\1bold\1\033[m\1> ");
  rig.type("0123456789012345");
  rig.wheel().put("news");
  rig.settle();
  EXPECT_EQ(rig.shown(), (Log{"news", "bold> 01234567890123", "45"}));
}

TEST_P(ReadLineEdit, ResizeDrawsTheLineAnew) {
  ReadLineRig rig(GetParam(), 10, 40);
  rig.make();
  rig.ask();
  rig.type("0123456789");
  const winsize wider{12, 60, 0, 0};
  ASSERT_EQ(::ioctl(rig.pty.master.get(), TIOCSWINSZ, &wider), 0);
  rig.pty.written.clear();
  ::raise(SIGWINCH);  // as the terminal would to its foreground group
  rig.until([&] { return rig.pty.written.find("0123456789") != std::string::npos; });
  EXPECT_EQ(rig.shown(), Log{"> 0123456789"});
  EXPECT_EQ(rig.wheel().size().columns, 60);
  rig.type("01234567890123456789012345678901234567890123456789");
  EXPECT_EQ(rig.pty.written.find("\r\n"), std::string::npos) << "nothing wraps: there are 60 columns";
}

TEST_P(ReadLineEdit, LineMayBeginWithSomething) {
  ReadLineRig rig(GetParam());
  rig.make();
  LinePrompt prompt("name: ");
  prompt.initial = "nobody";
  rig.ask(prompt);
  EXPECT_EQ(rig.shown(), Log{"name: nobody"});
  rig.type("!\r");
  rig.expect({"nobody!"});
}

TEST_P(ReadLineEdit, HiddenLineIsNeverShown) {
  ReadLineRig rig(GetParam());
  rig.make();
  rig.ask(LinePrompt::hidden("Password: "));
  EXPECT_TRUE(rig.pty.is_raw());
  rig.type("xsecrez\x7ft");
  rig.wheel().put("news");
  rig.settle();
  EXPECT_EQ(rig.shown(), (Log{"news", "Password:"}));
  rig.type("\x15gehe\xc3\xaf\x7fim\r");
  rig.expect({"geheim"});
  EXPECT_EQ(rig.pty.written.find("ecre"), std::string::npos);
  EXPECT_TRUE(rig.pty.is_cooked());
  EXPECT_TRUE(rig.wheel().history().empty());
  rig.ask(LinePrompt::hidden("Password: "));
  rig.type("\x04");
  rig.expect({"<end_of_file>"});
  rig.ask(LinePrompt::hidden("Password: "));
  rig.type("abc\x03");
  rig.expect({"<interrupt>"});
}

TEST_P(ReadLineEdit, WhatIsTypedAheadGoesToTheNextAsk) {
  ReadLineRig rig(GetParam());
  rig.make();
  rig.ask("user: ");
  rig.type("ann\rsecret\rrest");
  rig.expect({"ann"});
  rig.ask(LinePrompt::hidden("password: "));
  rig.expect({"secret"});
  EXPECT_EQ(rig.pty.written.find("secret"), std::string::npos);
  rig.ask();
  rig.type("\r");
  rig.expect({"rest"});
}

TEST_P(ReadLineEdit, EndAndInterruptAndGivingUpAreTold) {
  ReadLineRig rig(GetParam());
  rig.make();
  rig.ask();
  rig.type("\x04");
  rig.expect({"<end_of_file>"});
  rig.ask();
  rig.type("abc\x03");
  rig.expect({"<interrupt>"});
  EXPECT_EQ(rig.pty.screen.last(), "> abc^C");
  rig.ask();
  rig.type("abc\x07");
  rig.expect({"<cancelled>"});
  rig.ask();
  rig.type(
      "\x12"
      "abc\x03");  // inside a search
  rig.expect({"<interrupt>"});
  EXPECT_TRUE(rig.pty.is_cooked());
  rig.ask();
  rig.type("still there\r");
  rig.expect({"still there"});
}

TEST_P(ReadLineEdit, EndOfInputTypedAheadIsOne) {
  ReadLineRig rig(GetParam());
  rig.make();
  rig.pty.type("one\r\x04");
  rig.ask();
  rig.expect({"one"});
  rig.ask();
  rig.expect({"<end_of_file>"});
}

TEST_P(ReadLineEdit, HangUpIsTheEnd) {
  ReadLineRig rig(GetParam());
  rig.make();
  rig.ask();
  rig.type("half a li");
  rig.pty.master.reset();
  rig.until([&] { return !rig.log.empty(); });
  EXPECT_EQ(rig.log, Log{"<end_of_file>"});
}

TEST_P(ReadLineEdit, CommandsChangeTheKeys) {
  ReadLineRig rig(GetParam());
  rig.make();
  ASSERT_TRUE(rig.wheel().command({"bind", "-v"}));
  const auto refused = rig.wheel().command({"no-such-command"});
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code(), Errc::invalid_argument);
  EXPECT_TRUE(rig.pty.is_cooked());
  rig.ask();
  rig.type("abc\033");
  rig.type("0iX\r");  // vi: to the start, insert
  rig.expect({"Xabc"});
}

TEST_P(ReadLineEdit, InitFileIsObeyed) {
  ReadLineRig rig(GetParam());
  char path[] = "/tmp/poe-editrc-XXXXXX";
  const Fd file(::mkstemp(path));
  std::ofstream(path) << "poe-test:bind ^T ed-move-to-beg\nother:bind ^T ed-move-to-end\n";
  ReadLineOptions options = rig.options();
  options.use_init_file = true;
  options.init_file = path;
  options.app_name = "poe-test";
  rig.make(std::move(options));
  rig.ask();
  rig.type("abc\x14X\r");
  rig.expect({"Xabc"});
  std::filesystem::remove(path);
}

}  // namespace
}  // namespace poe::test
