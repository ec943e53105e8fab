// SPDX-License-Identifier: MIT
//
// Which loop a kernel gets. The plug-ins are made for the tests: native ones by name, and three whose hosts are live
// when a pretended toolkit library is loaded and an environment variable says so.
#include <dlfcn.h>
#include <gtest/gtest.h>

#include <algorithm>

#include "refusal.hpp"

namespace poe::test {
namespace {

/// Loads a pretended toolkit for the length of a test.
class Toolkit {
 public:
  explicit Toolkit(const std::string& kind) {
    handle_ = dlopen((std::string(POE_TEST_PLUGIN_DIR) + "/hosts/libpoe_test_host_" + kind + ".so").c_str(), RTLD_NOW);
    EXPECT_NE(handle_, nullptr) << dlerror();
  }
  ~Toolkit() {
    if (handle_) dlclose(handle_);
  }

 private:
  void* handle_;
};

class Lines : public LogSink {
 public:
  void write(LogLevel level, std::string_view line) noexcept override {
    (level == LogLevel::debug ? debug : warning).emplace_back(line);
  }
  LogLevel threshold() const noexcept override { return LogLevel::debug; }
  std::vector<std::string> debug, warning;
};

class SelectionTest : public testing::Test {
 protected:
  SelectionTest() {
    for (const char* name : {"epoll", "poll", "select", "qt", "glib", "other", "good"}) box.add(name);
  }
  std::unique_ptr<LoopProvider> provider(const std::string& loop = {}) {
    return make_loop_provider({loop, {box.path()}, &log});
  }
  std::string chosen(const std::string& loop = {}) {
    const auto choice = provider(loop)->choose();
    return choice ? choice->plugin->name : whole(choice.error(), box);
  }
  std::string joined(const Host& host) {
    const auto choice = provider()->join(host);
    return choice ? choice->plugin->name : whole(choice.error(), box);
  }
  void host(const std::string& kind, const char* state) { box.environment("POE_TEST_HOST_" + kind, state); }

  Sandbox box;
  Lines log;
};

TEST_F(SelectionTest, TheArgumentGoesBeforeTheEnvironment) {
  box.environment("POE_EVENT_LOOP", "poll");
  EXPECT_EQ(chosen("select"), "select");
  EXPECT_EQ(chosen(), "poll");
}

TEST_F(SelectionTest, TheEnvironmentTakesAliasesAndAnyCase) {
  box.environment("POE_EVENT_LOOP", "IO_Poll");
  EXPECT_EQ(chosen(), "poll");
  box.environment("POE_EVENT_LOOP", "POE::Loop::Select");
  EXPECT_EQ(chosen(), "select");
}

TEST_F(SelectionTest, AnEmptyVariableIsAsNone) {
  box.environment("POE_EVENT_LOOP", "");
  EXPECT_EQ(chosen(), "epoll");
}

TEST_F(SelectionTest, WithoutAWishTheBestNativeLoopIsTaken) {
  EXPECT_EQ(chosen(), "epoll");
  for (const char* broken : {"epoll", "poll"}) box.write(broken, "no plug-in");
  EXPECT_EQ(chosen(), "select");
}

TEST_F(SelectionTest, WithoutAnyNativeLoopTheErrorTellsOfEach) {
  for (const char* broken : {"epoll", "poll", "select"}) box.write(broken, "no plug-in");
  EXPECT_EQ(chosen(),
            "poe: cannot choose a loop: none of epoll, poll, select can be used\n"
            "  tried: epoll: the file is no ELF shared object\n"
            "  tried: poll: the file is no ELF shared object\n"
            "  tried: select: the file is no ELF shared object\n"
            "  found: <loops>\n"
            "  do:    install the plug-ins, or name their folder in POE_LOOP_PATH");
}

TEST_F(SelectionTest, ALoopAskedForThatIsBrokenIsAnErrorAndNotAnotherLoop) {
  box.write("other", "no plug-in");
  box.environment("POE_EVENT_LOOP", "other");
  EXPECT_NE(chosen().find("cannot load loop \"other\": the file is no ELF shared object"), std::string::npos);
}

TEST_F(SelectionTest, AToolkitThatIsNotLoadedIsNotAsked) {
  host("QT", "1");
  EXPECT_EQ(chosen(), "epoll");
}

TEST_F(SelectionTest, ALiveHostThatDoesNotRunIsRunByUs) {
  const Toolkit loaded("glib");
  host("GLIB", "1");
  const auto choice = provider()->choose();
  ASSERT_TRUE(choice) << choice.error().report();
  EXPECT_STREQ(choice->plugin->name, "glib");
  EXPECT_EQ(choice->foreign, nullptr);
  EXPECT_EQ(choice->options, (std::vector<std::pair<std::string, std::string>>{{"context", "default"}}));
  EXPECT_EQ(choice->why, "it is live on this thread: the test host is idle");
}

TEST_F(SelectionTest, ALoadedToolkitWithoutAHostIsNotChosen) {
  const Toolkit loaded("glib");
  EXPECT_EQ(chosen(), "epoll");
}

TEST_F(SelectionTest, InsideARunningHostRunIsRefusedAndAttachNamed) {
  const Toolkit loaded("glib");
  host("GLIB", "2");
  const auto choice = provider()->choose();
  ASSERT_FALSE(choice);
  EXPECT_EQ(choice.error().code(), Errc::already_running);
  EXPECT_EQ(whole(choice.error(), box),
            "poe: cannot run loop \"glib\": this thread is inside that host's run: the test host runs\n"
            "  do: attach to it: kernel.attach(poe::host::glib())");
}

TEST_F(SelectionTest, AskedForByNameInsideItsOwnRunIsRefusedToo) {
  host("GLIB", "2");
  EXPECT_NE(chosen("glib").find("kernel.attach(poe::host::glib())"), std::string::npos);
  EXPECT_EQ(chosen("epoll"), "epoll");  // an own loop inside a host's callback is the caller's decision
}

TEST_F(SelectionTest, QtGoesBeforeTheGlibItRunsOnPain22) {
  const Toolkit glib("glib"), qt("qt");
  host("GLIB", "1");
  host("QT", "1");
  EXPECT_EQ(chosen(), "qt");
  const auto asked = provider();
  ASSERT_TRUE(asked->choose());
  EXPECT_NE(asked->explain().find("live too, but qt runs on it and goes first"), std::string::npos);
}

TEST_F(SelectionTest, TwoLiveHostsWithoutARuleAreAnErrorThatListsBothPain22) {
  const Toolkit glib("glib"), other("other");
  host("GLIB", "1");
  host("OTHER", "2");
  const std::string text =
      "poe: cannot choose a loop: 2 hosts are live on this thread\n"
      "  found: glib: the test host is idle\n"
      "  found: other: the test host runs\n"
      "  do:    name one: POE_EVENT_LOOP=glib, OpenOptions::loop, or kernel.attach(poe::host::glib())";
  const auto choice = provider()->choose();
  ASSERT_FALSE(choice);
  EXPECT_EQ(choice.error().code(), Errc::ambiguous_loop);
  EXPECT_EQ(choice.error().report(), text);
  const auto joined_live = provider()->join(host::live());
  ASSERT_FALSE(joined_live);
  EXPECT_EQ(joined_live.error().report(), text);
  EXPECT_EQ(chosen("other").substr(0, 28), "poe: cannot run loop \"other\"");  // named: no ambiguity
}

TEST_F(SelectionTest, JoinTakesTheHostNamedAndItsObjectPain43) {
  int object = 0;
  const auto choice = provider()->join(Host{"glib", &object});
  ASSERT_TRUE(choice) << choice.error().report();
  EXPECT_STREQ(choice->plugin->name, "glib");
  EXPECT_EQ(choice->foreign, &object);
}

TEST_F(SelectionTest, JoinWithoutAnObjectAsksThePlugin) {
  EXPECT_EQ(
      joined(Host{"Gtk2", nullptr}),
      "poe: cannot attach to loop \"glib\": no host object was given, and none is live on this thread: there is no "
      "test host\n"
      "  do: pass the host's loop: kernel.attach(poe::host::glib())");
  host("GLIB", "2");
  const auto choice = provider()->join(host::glib());
  ASSERT_TRUE(choice) << choice.error().report();
  EXPECT_NE(choice->foreign, nullptr);
}

TEST_F(SelectionTest, APluginThatFindsItsHostItselfIsToldTo) {
  const auto choice = provider()->join(Host{"other", nullptr});
  ASSERT_TRUE(choice) << choice.error().report();
  EXPECT_EQ(choice->foreign, nullptr);
  EXPECT_TRUE(choice->guest);
  EXPECT_EQ(choice->options, (std::vector<std::pair<std::string, std::string>>{{"guest", "yes"}}));
}

TEST_F(SelectionTest, JoinWithoutANameTakesTheLiveHost) {
  EXPECT_NE(joined(host::live()).find("cannot attach to a host: none is live on this thread"), std::string::npos);
  const Toolkit glib("glib"), other("other");
  host("OTHER", "2");
  EXPECT_EQ(joined(host::live()), "other");
  host("GLIB", "2");
  box.environment("POE_EVENT_LOOP", "glib");
  EXPECT_EQ(joined(host::live()), "glib");  // two are live, and the name asked for decides
}

TEST_F(SelectionTest, TheDecisionIsLoggedOnceAtDebugLevel) {
  const auto asked = provider("good");
  ASSERT_TRUE(asked->choose());
  ASSERT_TRUE(asked->choose());
  EXPECT_EQ(log.debug, std::vector<std::string>{"loop good: asked for by the argument \"good\""});
  EXPECT_TRUE(log.warning.empty());
}

/// Columns are as wide as the longest name, which need not be one of ours.
std::string squeezed(std::string text) {
  text.erase(std::unique(text.begin(), text.end(), [](char a, char b) { return a == ' ' && b == ' '; }), text.end());
  return text;
}

TEST_F(SelectionTest, ExplainTellsOfEveryCandidate) {
  box.write("select", "no plug-in");
  const auto asked = provider();
  EXPECT_EQ(asked->explain().substr(0, asked->explain().find('\n')), "no loop has been chosen yet");
  ASSERT_TRUE(asked->choose());
  const std::string text = squeezed(box.masked(asked->explain()));
  for (const char* part :
       {"loop epoll: no loop was asked for, no host is live on this thread, and it is the best native loop here\n",
        "asked for: nothing (no name was given and POE_EVENT_LOOP is not set)\n", "  SANDBOX (argument)\n",
        "  epoll   chosen: no loop was asked for", "  poll    usable: native loop 2\n",
        "  select  refused: the file is no ELF shared object\n",
        "          do: put the built plug-in in its place, or remove the file\n",
        "  good    usable: used only when asked for\n",
        "  glib    usable: no live host: libnosuchthing.so.9, libpoe_test_host_glib.so not loaded by this program\n"})
    EXPECT_NE(text.find(squeezed(part)), std::string::npos) << part << "\nis not in\n" << text;
}

}  // namespace
}  // namespace poe::test
