// SPDX-License-Identifier: MIT
//
// Owner and mode: who may change a plug-in file or its folder decides whether it is opened (plugins/README.md).
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>

#include "refusal.hpp"

namespace poe::test {
namespace {

class LoaderTrustTest : public testing::Test {
 protected:
  LoaderTrustTest() { path = box.add("good"); }

  std::string refusal_text(const std::string& why, const std::string& advice) {
    return "poe: cannot load loop \"good\": " + why +
           "\n"
           "  file:  SANDBOX/libpoe_loop_good.so\n"
           "  tried: check who may change it\n"
           "  found: <loops>\n"
           "  do:    " +
           advice;
  }

  /// Loads through POE_LOOP_PATH, not through an argument.
  std::string refusal_from_environment() {
    box.environment("POE_LOOP_PATH", box.path());
    const auto loaded = LoopRegistry().load("good");
    return loaded ? "loaded" : whole(loaded.error(), box);
  }

  Sandbox box;
  std::string path;
};

TEST_F(LoaderTrustTest, AWorldWritableFileIsRefusedPain38) {
  ASSERT_EQ(chmod(path.c_str(), 0666), 0);
  EXPECT_EQ(refusal(box, "good"), refusal_text("the file may be changed by every user (mode 0666)",
                                               "chmod o-w SANDBOX/libpoe_loop_good.so, if you trust what is in it"));
  EXPECT_FALSE(code_ran());
}

TEST_F(LoaderTrustTest, AWorldWritableFolderIsRefusedPain38) {
  ASSERT_EQ(chmod(box.path().c_str(), 0777), 0);
  EXPECT_EQ(refusal(box, "good"), refusal_text("the folder SANDBOX may be changed by every user (mode 0777)",
                                               "chmod o-w SANDBOX, if you trust what is in it"));
  ASSERT_EQ(chmod(box.path().c_str(), 01777), 0);  // sticky does not help the folder itself: all may add files
  EXPECT_NE(refusal(box, "good"), "loaded");
  EXPECT_FALSE(code_ran());
}

TEST_F(LoaderTrustTest, AFolderBelowAWorldWritableOneIsRefusedUnlessThatIsSticky) {
  const std::string outer = box.folder("outer");
  const std::string inner = box.folder("outer/inner");
  ASSERT_EQ(rename(path.c_str(), (inner + "/libpoe_loop_good.so").c_str()), 0);
  ASSERT_EQ(chmod(outer.c_str(), 0777), 0);
  const auto loaded = LoopRegistry({inner}).load("good");
  ASSERT_FALSE(loaded);
  EXPECT_EQ(box.masked(loaded.error().reason()),
            "the folder SANDBOX/outer, above it, may be changed by others (mode 0777)");
  EXPECT_EQ(box.masked(loaded.error().advice()), "chmod go-w SANDBOX/outer, or keep it elsewhere");
  ASSERT_EQ(chmod(outer.c_str(), 01777), 0);
  EXPECT_TRUE(LoopRegistry({inner}).load("good"));
}

TEST_F(LoaderTrustTest, AGroupWritableFileOnlyWarnsWhenGivenByTheProgram) {
  ASSERT_EQ(chmod(path.c_str(), 0664), 0);
  std::vector<std::string> warnings;
  const auto loaded = LoopRegistry({box.path()}).load("good", &warnings);
  ASSERT_TRUE(loaded) << loaded.error().report();
  EXPECT_EQ(warnings,
            std::vector<std::string>{"the file may be changed by group " + std::to_string(getegid()) + " (mode 0664)"});
}

TEST_F(LoaderTrustTest, AGroupWritableFileIsRefusedWhenRootFoundItThroughTheEnvironment) {
  ASSERT_EQ(chmod(path.c_str(), 0664), 0);
  if (geteuid() == 0) {
    EXPECT_EQ(refusal_from_environment(),
              refusal_text("the file may be changed by group 0 (mode 0664)",
                           "chmod g-w SANDBOX/libpoe_loop_good.so, if you trust what is in it"));
  } else {
    EXPECT_EQ(refusal_from_environment(), "loaded");
  }
}

TEST_F(LoaderTrustTest, AGroupWritableFolderIsRefusedWhenRootFoundItThroughTheEnvironment) {
  ASSERT_EQ(chmod(box.path().c_str(), 0775), 0);
  EXPECT_EQ(refusal(box, "good"), "loaded");
  if (geteuid() == 0) {
    EXPECT_EQ(refusal_from_environment(), refusal_text("the folder SANDBOX may be changed by group 0 (mode 0775)",
                                                       "chmod g-w SANDBOX, if you trust what is in it"));
  }
}

TEST_F(LoaderTrustTest, AForeignOwnersFileIsRefused) {
  if (geteuid() != 0) GTEST_SKIP() << "NOT TESTED: only root can give a file to another user";
  ASSERT_EQ(chown(path.c_str(), 54321, 0), 0);
  EXPECT_EQ(
      refusal(box, "good"),
      refusal_text("the file belongs to user 54321, who is neither root, nor the user running this, nor the owner "
                   "of this program",
                   "have root or yourself own SANDBOX/libpoe_loop_good.so, if you trust what is in it"));
  EXPECT_FALSE(code_ran());
}

TEST_F(LoaderTrustTest, AForeignOwnersFolderIsRefused) {
  if (geteuid() != 0) GTEST_SKIP() << "NOT TESTED: only root can give a folder to another user";
  ASSERT_EQ(chown(box.path().c_str(), 54321, 0), 0);
  EXPECT_EQ(
      refusal(box, "good"),
      refusal_text("the folder SANDBOX belongs to user 54321, who is neither root, nor the user running this, nor "
                   "the owner of this program",
                   "have root or yourself own SANDBOX, if you trust what is in it"));
}

TEST_F(LoaderTrustTest, ALinkOutOfTheFolderIsRefusedPain38) {
  const std::string other = box.folder("other");
  ASSERT_EQ(symlink(path.c_str(), (other + "/libpoe_loop_good.so").c_str()), 0);
  const auto loaded = LoopRegistry({other}).load("good");
  ASSERT_FALSE(loaded);
  EXPECT_EQ(whole(loaded.error(), box),
            "poe: cannot load loop \"good\": the file is a link out of its folder, to SANDBOX/libpoe_loop_good.so\n"
            "  file:  SANDBOX/other/libpoe_loop_good.so\n"
            "  tried: open it without following links\n"
            "  found: <loops>\n"
            "  do:    put the file itself there, or add its own folder to POE_LOOP_PATH");
  EXPECT_FALSE(code_ran());
}

TEST_F(LoaderTrustTest, ALinkWithinTheFolderIsFollowedOnce) {
  const std::string versioned = path + ".1";
  ASSERT_EQ(rename(path.c_str(), versioned.c_str()), 0);
  ASSERT_EQ(symlink("libpoe_loop_good.so.1", path.c_str()), 0);
  EXPECT_EQ(refusal(box, "good"), "loaded");
  ASSERT_EQ(unlink(versioned.c_str()), 0);
  ASSERT_EQ(symlink("libpoe_loop_good.so", versioned.c_str()), 0);  // now they point at each other
  EXPECT_NE(refusal(box, "good"), "loaded");
}

TEST_F(LoaderTrustTest, TheRefusedFileIsListedWithItsReason) {
  ASSERT_EQ(chmod(path.c_str(), 0666), 0);
  for (const auto& all : {LoopRegistry({box.path()}).candidates(), LoopRegistry({box.path()}).inspect()}) {
    const auto good = std::find_if(all.begin(), all.end(), [](const auto& c) { return c.name == "good"; });
    ASSERT_NE(good, all.end());
    EXPECT_EQ(good->status, LoopStatus::refused);
    EXPECT_EQ(good->error->code(), Errc::untrusted);
    EXPECT_EQ(good->reason, "the file may be changed by every user (mode 0666)");
  }
  EXPECT_FALSE(code_ran());
}

}  // namespace
}  // namespace poe::test
