// SPDX-License-Identifier: MIT
//
// Only plug-ins whose SHA-256 is in a list of sha256sum's are opened. Lists are made by sha256sum itself.
#include <gtest/gtest.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <csignal>
#include <filesystem>
#include <fstream>

#include "outcome.hpp"
#include "poe/open.hpp"
#include "refusal.hpp"

namespace poe::test {
namespace {

class LoaderAllowListTest : public testing::Test {
 protected:
  LoaderAllowListTest() {
    good = box.add("good");
    list = box.path() + "/loops.sha256";
  }

  /// As an administrator does it.
  void make_list(const std::string& options = {}) {
    const Outcome made =
        outcome_of("cd " + box.path() + " && umask 022 && sha256sum " + options + " libpoe_loop_*.so >loops.sha256");
    ASSERT_EQ(made.code, 0) << made.out;
  }

  void write_list(const std::string& text) {
    std::ofstream(list) << text;
    std::filesystem::permissions(list, std::filesystem::perms(0644));
  }

  std::string sha256(const std::string& file) const { return outcome_of("sha256sum " + file).out.substr(0, 64); }

  std::string load(const std::string& name = "good") const {
    const auto loaded = LoopRegistry({box.path()}, list).load(name);
    return loaded ? "loaded" : whole(loaded.error(), box);
  }

  static std::string unusable(const std::string& why, const std::string& tried, const std::string& advice) {
    return "poe: cannot load loop \"good\": the allow-list SANDBOX/loops.sha256 cannot be used: " + why +
           "\n"
           "  file:  SANDBOX/libpoe_loop_good.so\n"
           "  tried: " +
           tried + "\n  found: <loops>\n  do:    " + advice;
  }

  static constexpr const char* kMakeIt = "make it: sha256sum libpoe_loop_*.so >SANDBOX/loops.sha256";
  static constexpr const char* kRead = "read it as sha256sum's output";

  Sandbox box;
  std::string good, list;
};

TEST_F(LoaderAllowListTest, AListedPluginIsOpened) {
  make_list();
  EXPECT_EQ(load(), "loaded");
}

TEST_F(LoaderAllowListTest, BinaryModeCapitalsCommentsAndFoldersInNamesAreUnderstood) {
  make_list("--binary");
  EXPECT_EQ(load(), "loaded");
  std::string digest = sha256(good);
  std::transform(digest.begin(), digest.end(), digest.begin(), [](unsigned char c) { return std::toupper(c); });
  write_list("# ours\n\n" + digest + "  /opt/x/libpoe_loop_good.so");
  EXPECT_EQ(load(), "loaded");
  write_list("\\" + sha256(good) + "  a name with\\n a line's end\n");
  EXPECT_EQ(load(), "loaded") << "the content decides, not the name";
}

TEST_F(LoaderAllowListTest, APluginThatIsNotListedIsRefusedWithoutRunning) {
  make_list();
  const std::string second = box.add("second");
  EXPECT_EQ(load("second"),
            "poe: cannot load loop \"second\": it is not in the allow-list SANDBOX/loops.sha256\n"
            "  file:  SANDBOX/libpoe_loop_second.so\n"
            "  tried: compare its SHA-256, " +
                sha256(second) +
                "\n"
                "  found: <loops>\n"
                "  do:    if you trust it: sha256sum SANDBOX/libpoe_loop_second.so >>SANDBOX/loops.sha256");
  EXPECT_FALSE(code_ran());
}

TEST_F(LoaderAllowListTest, AChangedPluginIsToldFromAnUnknownOne) {
  make_list();
  std::string bytes = read_file(good);
  bytes += '\0';  // behind all that matters to the dynamic linker
  box.write("good", bytes);
  EXPECT_EQ(load(),
            "poe: cannot load loop \"good\": its content is not what the allow-list SANDBOX/loops.sha256 has under its "
            "name\n"
            "  file:  SANDBOX/libpoe_loop_good.so\n"
            "  tried: compare its SHA-256, " +
                sha256(good) +
                "\n"
                "  found: <loops>\n"
                "  do:    put the listed file back, or list this one, if you trust it: sha256sum "
                "SANDBOX/libpoe_loop_good.so");
  EXPECT_FALSE(code_ran());
}

TEST_F(LoaderAllowListTest, AMissingListAllowsNothing) {
  EXPECT_EQ(load(), unusable("No such file or directory", "open it", kMakeIt));
  list = box.path() + "/nowhere/loops.sha256";
  EXPECT_NE(load().find("nowhere/loops.sha256 cannot be used: No such file or directory\n"), std::string::npos);
  EXPECT_FALSE(code_ran());
}

TEST_F(LoaderAllowListTest, AMalformedListAllowsNothingAndNamesTheLine) {
  const std::string digest = sha256(good);
  const std::string malformed = "is no \"<64 hexadecimal digits>  <file>\"";
  for (const std::string& line :
       {std::string("good"), digest, digest + "  ", digest + "x  f", "z" + digest.substr(1) + "  f",
        "SHA256 (libpoe_loop_good.so) = " + digest, digest.substr(1) + "  libpoe_loop_good.so"}) {
    write_list(digest + "  libpoe_loop_good.so\n" + line + "\n");
    EXPECT_EQ(load(), unusable("line 2 " + malformed, kRead, kMakeIt)) << line;
  }
  write_list("# nothing yet\n");
  EXPECT_EQ(load(), unusable("there is no line in it", kRead, kMakeIt));
  EXPECT_FALSE(code_ran());
}

TEST_F(LoaderAllowListTest, AListThatOthersMayChangeAllowsNothing) {
  make_list();
  ASSERT_EQ(chmod(list.c_str(), 0666), 0);
  EXPECT_EQ(load(), unusable("the file may be changed by every user (mode 0666)", "check who may change it",
                             "chmod o-w SANDBOX/loops.sha256, if you trust what is in it"));
  EXPECT_FALSE(code_ran());
}

TEST_F(LoaderAllowListTest, AListInAFolderThatOthersMayChangeAllowsNothing) {
  make_list();
  const std::string open_to_all = box.folder("open");
  std::filesystem::rename(list, open_to_all + "/loops.sha256");
  list = open_to_all + "/loops.sha256";
  ASSERT_EQ(chmod(open_to_all.c_str(), 0777), 0);
  EXPECT_NE(load().find("the folder SANDBOX/open may be changed by every user (mode 0777)"), std::string::npos)
      << load();
}

TEST_F(LoaderAllowListTest, AListBelowAFolderThatOthersMayChangeAllowsNothing) {
  make_list();
  const std::string outer = box.folder("outer");
  const std::string inner = box.folder("outer/inner");
  std::filesystem::rename(list, inner + "/loops.sha256");
  list = inner + "/loops.sha256";
  ASSERT_EQ(chmod(outer.c_str(), 0777), 0);
  EXPECT_EQ(
      load(),
      "poe: cannot load loop \"good\": the allow-list SANDBOX/outer/inner/loops.sha256 cannot be used: the folder "
      "SANDBOX/outer, above it, may be changed by others (mode 0777)\n"
      "  file:  SANDBOX/libpoe_loop_good.so\n"
      "  tried: check who may change it\n"
      "  found: <loops>\n"
      "  do:    chmod go-w SANDBOX/outer, or keep it elsewhere");
  ASSERT_EQ(chmod(outer.c_str(), 01777), 0);
  EXPECT_EQ(load(), "loaded");
}

TEST_F(LoaderAllowListTest, AnotherUsersListAllowsNothing) {
  if (geteuid() != 0) GTEST_SKIP() << "NOT TESTED: only root can give a file to another user";
  make_list();
  ASSERT_EQ(chown(list.c_str(), 54321, 0), 0);
  EXPECT_EQ(load(), unusable("the file belongs to user 54321, who is neither root, nor the user running this, nor the "
                             "owner of this program",
                             "check who may change it",
                             "have root or yourself own SANDBOX/loops.sha256, if you trust what is in it"));
}

TEST_F(LoaderAllowListTest, ALinkOutOfItsFolderIsNoList) {
  make_list();
  const std::string other = box.folder("other");
  ASSERT_EQ(symlink(list.c_str(), (other + "/loops.sha256").c_str()), 0);
  list = other + "/loops.sha256";
  const std::string said = load();
  EXPECT_NE(said.find("the file is a link out of its folder, to SANDBOX/loops.sha256"), std::string::npos) << said;
  EXPECT_NE(said.find("  do:    name the file itself"), std::string::npos) << said;
}

TEST_F(LoaderAllowListTest, ARelativePathIsRefused) {
  make_list();
  list = "loops.sha256";
  const std::string said = load();
  EXPECT_NE(said.find("the allow-list loops.sha256 cannot be used: a relative path would mean the current folder\n"),
            std::string::npos)
      << said;
  EXPECT_NE(said.find("  do:    give the absolute path"), std::string::npos) << said;
}

TEST_F(LoaderAllowListTest, AGroupWritableListIsAWarning) {
  make_list();
  ASSERT_EQ(chmod(list.c_str(), 0664), 0);
  std::vector<std::string> warnings;
  ASSERT_TRUE(LoopRegistry({box.path()}, list).load("good", &warnings));
  ASSERT_EQ(warnings.size(), 1u);
  EXPECT_EQ(box.masked(warnings[0]), "the allow-list SANDBOX/loops.sha256: the file may be changed by group " +
                                         std::to_string(getegid()) + " (mode 0664)");
}

/// For its lifetime no file grows beyond `bytes`, memory that is one included; the signal of that is ignored.
class FileSizeLimit {
 public:
  explicit FileSizeLimit(rlim_t bytes) : handler_(std::signal(SIGXFSZ, SIG_IGN)) {
    getrlimit(RLIMIT_FSIZE, &before_);
    const rlimit small{bytes, before_.rlim_max};
    setrlimit(RLIMIT_FSIZE, &small);
  }
  FileSizeLimit(const FileSizeLimit&) = delete;
  ~FileSizeLimit() {
    setrlimit(RLIMIT_FSIZE, &before_);
    std::signal(SIGXFSZ, handler_);
  }

 private:
  rlimit before_{};
  void (*handler_)(int);
};

TEST_F(LoaderAllowListTest, ACopyThatFindsNoRoomSaysThatAndNotThatMemoryIsForbidden) {
  make_list();
  const FileSizeLimit limit(1024);
  EXPECT_EQ(load(),
            "poe: cannot load loop \"good\": no sealed copy of it can be made, and only that can be held to the "
            "allow-list: File too large\n"
            "  file:  SANDBOX/libpoe_loop_good.so\n"
            "  tried: copy it to memory\n"
            "  found: <loops>\n"
            "  do:    let the file be read to its end, and leave memory for it (see ulimit -a), or use no allow-list");
}

// Where no copy can be made the files are still told apart: none is made to judge them.
TEST_F(LoaderAllowListTest, FilesAreJudgedWithoutACopy) {
  make_list();
  box.add("second");
  const FileSizeLimit limit(0);
  const auto all = LoopRegistry({box.path()}, list).candidates();
  const auto status = [&](std::string_view name) {
    return std::find_if(all.begin(), all.end(), [&](const LoopCandidate& c) { return c.name == name; })->status;
  };
  EXPECT_EQ(status("good"), LoopStatus::usable);
  EXPECT_EQ(status("second"), LoopStatus::refused);
  EXPECT_NE(load(), "loaded") << "else the limit limits nothing";
}

TEST_F(LoaderAllowListTest, TheEnvironmentNarrowsAndNeverWidens) {
  make_list();
  const std::string second = box.add("second");
  const std::string both = box.path() + "/both.sha256";
  ASSERT_EQ(outcome_of("cd " + box.path() + " && umask 022 && sha256sum libpoe_loop_*.so >both.sha256").code, 0);
  box.environment("POE_LOOP_ALLOW", both);
  EXPECT_NE(load("second"), "loaded") << "the program's own list holds";
  EXPECT_TRUE(LoopRegistry({box.path()}).load("second"));
  box.environment("POE_LOOP_ALLOW", list);
  const auto loaded = LoopRegistry({box.path()}, both).load("second");
  ASSERT_FALSE(loaded);
  EXPECT_EQ(box.masked(loaded.error().reason()), "it is not in the allow-list SANDBOX/loops.sha256");
}

TEST_F(LoaderAllowListTest, TheOptionOfOpenKernelReachesTheLoader) {
  OpenOptions options;
  options.loop = "good";
  options.plugin_dirs = {box.path()};
  options.allow_list = list;
  const auto refused = open_kernel(options);
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code(), Errc::untrusted);
  make_list();
  EXPECT_TRUE(open_kernel(options));
}

TEST_F(LoaderAllowListTest, CandidatesAreJudgedByTheListToo) {
  make_list();
  box.add("second");
  const LoopRegistry registry({box.path()}, list);
  for (const auto& all : {registry.candidates(), registry.inspect()}) {
    const auto named = [&](std::string_view name) {
      return *std::find_if(all.begin(), all.end(), [&](const LoopCandidate& c) { return c.name == name; });
    };
    EXPECT_EQ(named("good").status, LoopStatus::usable);
    EXPECT_EQ(named("second").status, LoopStatus::refused);
    EXPECT_EQ(box.masked(named("second").reason), "it is not in the allow-list SANDBOX/loops.sha256");
  }
}

}  // namespace
}  // namespace poe::test
