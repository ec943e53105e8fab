// SPDX-License-Identifier: MIT
//
// Pain 38 (and R92): a plug-in somebody planted where other loaders look. None is loaded, no code of it runs, and the
// refusal says why. Owner, mode and links: trust_test.cpp; set-uid programs: set_uid_test.cpp.
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>

#include "outcome.hpp"
#include "refusal.hpp"

namespace poe::test {
namespace {

class PlantedPluginTest : public testing::Test {
 protected:
  /// A program of its own, since the dynamic linker reads its variables when a program starts.
  std::string helper(const std::string& before) const {
    return box.masked(outcome_of(before + " " + POE_TEST_RAISED_HELPER).out);
  }

  static void expect_not_loaded(const std::string& output) {
    EXPECT_NE(output.find("\ngood=there is no libpoe_loop_good.so in the search path\n"), std::string::npos) << output;
    EXPECT_NE(output.find("\npoe: cannot load loop \"good\": there is no libpoe_loop_good.so in the search path\n"),
              std::string::npos)
        << output;
    EXPECT_NE(output.find("\n  do:    install the plug-in, name its folder in POE_LOOP_PATH"), std::string::npos)
        << output;
    EXPECT_TRUE(output.ends_with("\nran=nothing\n")) << output;
  }

  Sandbox box;
};

TEST_F(PlantedPluginTest, Pain38InTheCurrentFolderIsNotLoaded) {
  box.add("good");
  expect_not_loaded(helper("cd " + box.path() + " &&"));
}

TEST_F(PlantedPluginTest, Pain38InAPoeFolderBelowTheCurrentOneIsNotLoaded) {
  box.add("good");
  const std::string loops = box.folder("poe/loops-1");
  std::filesystem::rename(box.file("good"), loops + "/libpoe_loop_good.so");
  expect_not_loaded(helper("cd " + box.path() + " &&"));
}

TEST_F(PlantedPluginTest, Pain38OnTheLinkersPathIsNotLoaded) {
  box.add("good");
  expect_not_loaded(helper("LD_LIBRARY_PATH=" + box.path()));
  expect_not_loaded(helper("cd " + box.path() + " && LD_LIBRARY_PATH=.:"));
}

TEST_F(PlantedPluginTest, Pain38OnThePathOfProgramsIsNotLoaded) {
  box.add("good");
  expect_not_loaded(helper("PATH=" + box.path() + ":$PATH"));
}

TEST_F(PlantedPluginTest, Pain38RelativeFoldersOfTheEnvironmentAreNotSearchedAndSaySo) {
  box.add("good");
  box.folder("inner");
  const std::string output = helper("cd " + box.path() + " && POE_LOOP_PATH=.:inner/..::../");
  expect_not_loaded(output);
  EXPECT_NE(output.find("\n  tried: .: a relative folder is never searched; give the absolute path\n"
                        "  tried: inner/..: a relative folder is never searched; give the absolute path\n"
                        "  tried: (empty): an empty element would mean the current folder\n"
                        "  tried: ../: a relative folder is never searched; give the absolute path\n"),
            std::string::npos)
      << output;
}

TEST_F(PlantedPluginTest, Pain38APathInPlaceOfANameIsRefused) {
  const std::string file = box.add("good");
  for (const std::string& typed : {file, std::string("./good"), std::string("../good"), std::string("good.so")}) {
    box.environment("POE_EVENT_LOOP", typed);
    const auto choice = make_loop_provider({{}, {box.path()}, nullptr})->choose();
    ASSERT_FALSE(choice) << typed;
    EXPECT_EQ(choice.error().code(), Errc::invalid_argument);
    EXPECT_EQ(choice.error().reason(), "a loop's name is 1 to 31 of a-z, 0-9 and _");
    EXPECT_EQ(choice.error().advice(), "give a name as poe loops lists it; a folder goes into POE_LOOP_PATH");
  }
  EXPECT_FALSE(code_ran());
}

TEST_F(PlantedPluginTest, Pain38AFolderThatIsALinkIsJudgedByWhereItLeads) {
  const std::string file = box.add("good");
  const std::string evil = box.folder("evil");
  std::filesystem::rename(file, evil + "/libpoe_loop_good.so");
  ASSERT_EQ(chmod(evil.c_str(), 0777), 0);
  const std::string link = box.path() + "/link";
  ASSERT_EQ(symlink(evil.c_str(), link.c_str()), 0);
  const auto loaded = LoopRegistry({link}).load("good");
  ASSERT_FALSE(loaded);
  EXPECT_EQ(whole(loaded.error(), box),
            "poe: cannot load loop \"good\": the folder SANDBOX/evil may be changed by every user (mode 0777)\n"
            "  file:  SANDBOX/evil/libpoe_loop_good.so\n"
            "  tried: check who may change it\n"
            "  found: <loops>\n"
            "  do:    chmod o-w SANDBOX/evil, if you trust what is in it");
  EXPECT_FALSE(code_ran());
}

TEST_F(PlantedPluginTest, Pain38ALinkIntoAnotherFolderByARelativeNameIsRefused) {
  const std::string file = box.add("good");
  const std::string trusted = box.folder("trusted");
  ASSERT_EQ(symlink("../libpoe_loop_good.so", (trusted + "/libpoe_loop_good.so").c_str()), 0);
  const auto loaded = LoopRegistry({trusted}).load("good");
  ASSERT_FALSE(loaded);
  EXPECT_EQ(loaded.error().reason(), "the file is a link out of its folder, to ../libpoe_loop_good.so");
  EXPECT_EQ(loaded.error().advice(), "put the file itself there, or add its own folder to POE_LOOP_PATH");
  EXPECT_FALSE(code_ran());
}

TEST_F(PlantedPluginTest, Pain38AnotherUsersFileUnderASecondNameIsStillTheirs) {
  if (geteuid() != 0) GTEST_SKIP() << "NOT TESTED: only root can give a file to another user";
  const std::string file = box.add("good");
  ASSERT_EQ(chown(file.c_str(), 54321, 54321), 0);
  const std::string trusted = box.folder("trusted");
  ASSERT_EQ(link(file.c_str(), (trusted + "/libpoe_loop_good.so").c_str()), 0);
  const auto loaded = LoopRegistry({trusted}).load("good");
  ASSERT_FALSE(loaded);
  EXPECT_EQ(loaded.error().reason(),
            "the file belongs to user 54321, who is neither root, nor the user running this, nor the owner of this "
            "program");
  EXPECT_FALSE(code_ran());
}

TEST_F(PlantedPluginTest, Pain38APipeInPlaceOfTheFileIsRefusedAndNotWaitedFor) {
  ASSERT_EQ(mkfifo(box.file("good").c_str(), 0644), 0);
  EXPECT_EQ(refusal(box, "good"),
            "poe: cannot load loop \"good\": it is no regular file\n"
            "  file:  SANDBOX/libpoe_loop_good.so\n"
            "  tried: look at it\n"
            "  found: <loops>\n"
            "  do:    remove it from this folder");
}

}  // namespace
}  // namespace poe::test
