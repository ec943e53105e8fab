// SPDX-License-Identifier: MIT
//
// A process whose privileges the kernel raised (R91, R92): no variable of ours has an effect, and trust is stricter. A
// set-group-id copy of a helper program is started with hostile variables.
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cstdio>
#include <filesystem>

#include "refusal.hpp"

namespace poe::test {
namespace {

class LoaderSecureTest : public testing::Test {
 protected:
  void SetUp() override {
    box.add("good");
    helper = box.path() + "/raised";
    std::filesystem::copy_file(POE_TEST_RAISED_HELPER, helper);
    ASSERT_EQ(chmod(helper.c_str(), 0755), 0);
    if (geteuid() != 0) GTEST_SKIP() << "NOT TESTED: only root can make a set-group-id program of another group";
    ASSERT_EQ(chown(helper.c_str(), 0, 54321), 0);
    ASSERT_EQ(chmod(helper.c_str(), 02755), 0);
    if (run().find("secure=1\n") == std::string::npos)
      GTEST_SKIP() << "NOT TESTED: " << box.path() << " is on a file system that ignores set-group-id";
  }

  std::string run(const std::string& argument = {}) const {
    std::string output;
    const std::string command = helper + " " + argument + " 2>&1";
    FILE* pipe = popen(command.c_str(), "r");
    std::array<char, 512> part;
    while (pipe && fgets(part.data(), part.size(), pipe)) output += part.data();
    if (pipe) pclose(pipe);
    return output;
  }

  Sandbox box;
  std::string helper;
};

TEST_F(LoaderSecureTest, NoVariableHasAnEffectPain38) {
  box.environment("POE_LOOP_PATH", box.path());
  box.environment("POE_EVENT_LOOP", "good");
  const std::string output = run();
  EXPECT_EQ(output.find("POE_LOOP_PATH\n"), std::string::npos) << output;
  EXPECT_NE(output.find("good=there is no libpoe_loop_good.so in the search path\n"), std::string::npos) << output;
  EXPECT_EQ(output.find("chosen=good"), std::string::npos) << output;
  EXPECT_NE(output.find("this process has raised privileges, so its environment is ignored"), std::string::npos)
      << output;
}

TEST_F(LoaderSecureTest, TheSameVariablesWorkWithoutRaisedPrivileges) {
  ASSERT_EQ(chmod(helper.c_str(), 0755), 0);
  box.environment("POE_LOOP_PATH", box.path());
  box.environment("POE_EVENT_LOOP", "good");
  const std::string output = run();
  EXPECT_NE(output.find("secure=0\nfolder=POE_LOOP_PATH\n"), std::string::npos) << output;
  EXPECT_NE(output.find("chosen=good\n"), std::string::npos) << output;
}

TEST_F(LoaderSecureTest, TheProgramItselfMayStillNameAFolder) {
  const std::string output = run(box.path());
  EXPECT_NE(output.find("good=loaded\n"), std::string::npos) << output;
}

TEST_F(LoaderSecureTest, AGroupWritableFileIsRefused) {
  ASSERT_EQ(chmod(box.file("good").c_str(), 0664), 0);
  const std::string output = run(box.path());
  EXPECT_NE(output.find("good=the file may be changed by group 0 (mode 0664)\n"), std::string::npos) << output;
}

TEST_F(LoaderSecureTest, AForeignOwnedFolderAboveIsRefused) {
  const std::string inner = box.folder("outer/inner");
  std::filesystem::rename(box.file("good"), inner + "/libpoe_loop_good.so");
  EXPECT_NE(run(inner).find("good=loaded\n"), std::string::npos);
  ASSERT_EQ(chown((box.path() + "/outer").c_str(), 54321, 0), 0);
  const std::string output = run(inner);
  EXPECT_NE(output.find("/outer belongs to user 54321"), std::string::npos) << output;
}

}  // namespace
}  // namespace poe::test
