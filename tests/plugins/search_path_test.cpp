// SPDX-License-Identifier: MIT
//
// Where plug-ins are looked for, in which order, and where never.
#include <gtest/gtest.h>
#include <unistd.h>

#include <algorithm>
#include <filesystem>

#include "refusal.hpp"

namespace poe::test {
namespace {

const LoopFolder* find(const std::vector<LoopFolder>& folders, const std::string& path) {
  const auto at = std::find_if(folders.begin(), folders.end(), [&](const LoopFolder& f) { return f.path == path; });
  return at == folders.end() ? nullptr : &*at;
}

TEST(LoaderPathTest, ArgumentsComeBeforeTheEnvironmentAndThatBeforeOurOwnFolders) {
  Sandbox box;
  const std::string a = box.folder("a"), b = box.folder("b"), c = box.folder("c");
  box.environment("POE_LOOP_PATH", b + ":" + c);
  const auto folders = LoopRegistry({a}).folders();
  ASSERT_GE(folders.size(), 4u);
  EXPECT_EQ(folders[0].path, a);
  EXPECT_EQ(folders[0].origin, "argument");
  EXPECT_EQ(folders[1].path, b);
  EXPECT_EQ(folders[1].origin, "POE_LOOP_PATH");
  EXPECT_EQ(folders[2].path, c);
  EXPECT_EQ(folders[3].origin, "beside the library");
  EXPECT_EQ(folders.back().origin, "installed");
}

TEST(LoaderPathTest, OurOwnFolderLiesBesideTheLibrary) {
  Sandbox box;
  const auto folders = LoopRegistry().folders();
  ASSERT_FALSE(folders.empty());
  EXPECT_EQ(folders.front().origin, "beside the library");
  EXPECT_TRUE(folders.front().path.ends_with("/poe/loops-1")) << folders.front().path;
  EXPECT_EQ(folders.front().path.front(), '/');
}

TEST(LoaderPathTest, RelativeAndEmptyElementsAreSkippedAndSaySoPain38) {
  Sandbox box;
  box.add("good");
  const std::string before = std::filesystem::current_path().string();
  ASSERT_EQ(chdir(box.path().c_str()), 0);
  box.environment("POE_LOOP_PATH", ".:");
  const LoopRegistry registry;
  const auto loaded = registry.load("good");
  ASSERT_EQ(chdir(before.c_str()), 0);
  EXPECT_FALSE(loaded) << "found in the current folder";
  const auto folders = registry.folders();
  ASSERT_GE(folders.size(), 2u);
  EXPECT_EQ(folders[0].skipped, "a relative folder is never searched; give the absolute path");
  EXPECT_EQ(folders[1].skipped, "an empty element would mean the current folder");
  EXPECT_FALSE(code_ran());
}

TEST(LoaderPathTest, AFolderGivenTwiceIsSearchedOnce) {
  Sandbox box;
  box.environment("POE_LOOP_PATH",
                  box.path() + "/:" + box.path() + "/../" + box.path().substr(box.path().rfind('/') + 1));
  const auto folders = LoopRegistry({box.path()}).folders();
  EXPECT_EQ(std::count_if(folders.begin(), folders.end(), [&](const auto& f) { return f.path == box.path(); }), 1);
}

TEST(LoaderPathTest, AMissingFolderSaysSo) {
  Sandbox box;
  const auto folders = LoopRegistry({box.path() + "/nowhere"}).folders();
  const LoopFolder* missing = find(folders, box.path() + "/nowhere");
  ASSERT_NE(missing, nullptr);
  EXPECT_EQ(missing->skipped, "No such file or directory");
}

TEST(LoaderPathTest, TheFirstFileOfANameDecidesAndTheOthersAreShadowed) {
  Sandbox box;
  box.add("good");
  const std::string later = box.folder("later");
  std::filesystem::copy_file(box.file("good"), later + "/libpoe_loop_good.so");
  std::vector<LoopCandidate> goods;
  for (const LoopCandidate& c : LoopRegistry({box.path(), later}).inspect())
    if (c.name == "good") goods.push_back(c);
  ASSERT_EQ(goods.size(), 2u);
  EXPECT_EQ(goods[0].status, LoopStatus::usable);
  EXPECT_EQ(goods[1].status, LoopStatus::shadowed);
  EXPECT_EQ(box.masked(goods[1].reason), "shadowed by SANDBOX/libpoe_loop_good.so, which is found first");
}

TEST(LoaderPathTest, ARefusedFirstFileIsNotPassedOverInSilence) {
  Sandbox box;
  box.write("good", "no plug-in");
  const std::string later = box.folder("later");
  box.add("second");
  std::filesystem::rename(box.file("second"), later + "/libpoe_loop_good.so");
  const auto loaded = LoopRegistry({box.path(), later}).load("good");
  ASSERT_FALSE(loaded);
  EXPECT_EQ(loaded.error().reason(), "the file is no ELF shared object");
}

}  // namespace
}  // namespace poe::test
