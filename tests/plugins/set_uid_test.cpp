// SPDX-License-Identifier: MIT
//
// Pain 38 (and R91): a set-uid program started by an unprivileged user, who prepared the environment and the folders.
// Set-group-id programs: secure_test.cpp.
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>

#include "outcome.hpp"
#include "refusal.hpp"

namespace poe::test {
namespace {

constexpr uid_t kNobody = 65534;

/// The parameter: who owns the set-uid program.
class SetUidTest : public testing::TestWithParam<uid_t> {
 protected:
  void SetUp() override {
    if (geteuid() != 0) GTEST_SKIP() << "NOT TESTED: only root can make a set-uid program and start it as another user";
    helper = box.path() + "/raised";
    std::filesystem::copy_file(POE_TEST_RAISED_HELPER, helper);
    ASSERT_EQ(chown(helper.c_str(), GetParam(), 0), 0);
    ASSERT_EQ(chmod(helper.c_str(), 04755), 0);
    plant();
    const std::string output = start();
    if (output.find("secure=1\n") == std::string::npos)
      GTEST_SKIP() << "NOT TESTED: " << box.path()
                   << " is on a file system that ignores set-uid, or user nobody cannot "
                   << "read the build folder: " << output;
    ASSERT_TRUE(output.starts_with("user=65534 effective=" + std::to_string(GetParam()) + "\n")) << output;
  }

  /// A folder of the attacker's with a plug-in of theirs, and all variables that could lead to it.
  void plant() {
    planted = box.folder("planted");
    std::filesystem::rename(box.add("good"), planted + "/libpoe_loop_good.so");
    ASSERT_EQ(chown(planted.c_str(), kNobody, kNobody), 0);
    ASSERT_EQ(chown((planted + "/libpoe_loop_good.so").c_str(), kNobody, kNobody), 0);
    box.environment("POE_EVENT_LOOP", "good");
    box.environment("POE_LOOP_PATH", planted);
    box.environment("POE_LOOP_ALLOW", planted + "/loops.sha256");
    box.environment("LD_LIBRARY_PATH", planted);
  }

  std::string start(const std::string& arguments = {}) const {
    return box.masked(outcome_of("cd " + planted + " && setpriv --reuid=65534 --regid=65534 --clear-groups " + helper +
                                 " " + arguments)
                          .out);
  }

  static void expect_ignored(const std::string& output) {
    EXPECT_EQ(output.find("folder=POE_LOOP_PATH\n"), std::string::npos) << output;
    EXPECT_EQ(output.find("chosen=good"), std::string::npos) << output;
    EXPECT_NE(output.find("\nasked for: nothing (this process has raised privileges, so its environment is ignored)\n"),
              std::string::npos)
        << output;
    EXPECT_NE(output.find("\npoe: cannot load loop \"good\": there is no libpoe_loop_good.so in the search path\n"),
              std::string::npos)
        << output;
    EXPECT_NE(output.find("\n  note:  POE_EVENT_LOOP is ignored: this process runs with raised privileges\n"
                          "  note:  POE_LOOP_PATH is ignored: this process runs with raised privileges\n"
                          "  note:  POE_LOOP_ALLOW is ignored: this process runs with raised privileges\n"),
              std::string::npos)
        << output;
    EXPECT_TRUE(output.ends_with("\nran=nothing\n")) << output;
  }

  Sandbox box;
  std::string helper;
  std::string planted;
};

TEST_P(SetUidTest, Pain38NoVariableOfTheCallerHasAnEffect) { expect_ignored(start()); }

TEST_P(SetUidTest, Pain38AlsoWhereTheFolderItselfIsTrusted) {
  ASSERT_EQ(chown(planted.c_str(), 0, 0), 0);
  ASSERT_EQ(chown((planted + "/libpoe_loop_good.so").c_str(), 0, 0), 0);
  expect_ignored(start());
}

TEST_P(SetUidTest, Pain38DroppingThePrivilegesDoesNotBringTheVariablesBack) {
  const std::string output = start("- drop");
  EXPECT_TRUE(output.starts_with("user=65534 effective=65534\n")) << output;
  expect_ignored(output);
}

TEST_P(SetUidTest, Pain38AFolderOfTheCallersIsRefusedAlsoWhenTheProgramNamesIt) {
  const std::string output = start(planted);
  EXPECT_NE(
      output.find("poe: cannot load loop \"good\": the folder SANDBOX/planted belongs to user 65534, who is neither "
                  "root, nor the user running this, nor the owner of this program\n"
                  "  file:  SANDBOX/planted/libpoe_loop_good.so\n"
                  "  tried: check who may change it\n"),
      std::string::npos)
      << output;
  EXPECT_NE(output.find("  do:    have root or yourself own SANDBOX/planted, if you trust what is in it\n"),
            std::string::npos)
      << output;
  EXPECT_TRUE(output.ends_with("\nran=nothing\n")) << output;
}

TEST_P(SetUidTest, Pain38AnAllowListOfTheCallersCannotTurnTheProgramsLoopsAway) {
  box.environment("POE_EVENT_LOOP", std::nullopt);
  const std::string output = start();  // no such list: it would allow nothing
  EXPECT_NE(output.find("the best native loop here"), std::string::npos) << output;
}

TEST_P(SetUidTest, Pain38WithoutTheBitTheSameCallIsObeyed) {
  box.environment("POE_LOOP_ALLOW", std::nullopt);
  ASSERT_EQ(chmod(helper.c_str(), 0755), 0);
  const std::string output = start();  // the caller's own privileges, plug-in and folder
  EXPECT_NE(output.find("secure=0\n"), std::string::npos) << output;
  EXPECT_NE(output.find("\nchosen=good\n"), std::string::npos) << output;
}

INSTANTIATE_TEST_SUITE_P(Owners, SetUidTest, testing::Values(uid_t{0}, uid_t{1}),
                         [](const auto& owner) { return owner.param == 0 ? "Root" : "AnotherUser"; });

}  // namespace
}  // namespace poe::test
