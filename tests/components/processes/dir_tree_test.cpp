// SPDX-License-Identifier: MIT
//
// What DirWatch looks with, turned by hand: what happens between a notice and the look that it leads to.
#include "dir_tree.hpp"

#include <gtest/gtest.h>
#include <stdlib.h>

#include <algorithm>
#include <filesystem>
#include <fstream>

namespace poe::test {
namespace {

class DirTreeTest : public testing::Test {
 protected:
  DirTreeTest() { look(); }
  ~DirTreeTest() override { std::filesystem::remove_all(options.folder); }

  static DirWatchOptions in_a_new_folder() {
    char made[] = "/tmp/poe-tree-XXXXXX";
    DirWatchOptions options(::mkdtemp(made));
    options.recursive = true;
    return options;
  }
  std::string path(const std::string& name) const { return options.folder + "/" + name; }
  void touch(const std::string& name) const { const std::ofstream file(path(name)); }
  /// The paths that are told, without the folder's, sorted.
  std::vector<std::string> look() {
    std::vector<DirChange> changes;
    std::vector<Error> errors;
    tree.look(now += std::chrono::seconds(1), changes, errors);
    faults += errors.size();
    std::vector<std::string> names;
    names.reserve(changes.size());
    for (const DirChange& change : changes) names.push_back(change.path.substr(options.folder.size() + 1));
    std::sort(names.begin(), names.end());
    return names;
  }
  std::vector<std::string> look_after_hearing() {
    tree.hear();
    return look();
  }

  TimePoint now{};
  std::size_t faults = 0;
  DirWatchOptions options = in_a_new_folder();
  DirTree tree{options};
};

TEST_F(DirTreeTest, AFolderThatMovesBetweenANoticeAndTheLookIsStillWatched) {
  std::filesystem::create_directories(path("old/M/below"));
  look_after_hearing();
  std::filesystem::create_directory(path("new"));
  tree.hear();
  std::filesystem::rename(path("old/M"), path("new/M"));
  look();  // finds new/M, and knows nothing of old/M yet
  look_after_hearing();
  EXPECT_TRUE(tree.has_notices() || tree.notice_fd() < 0);
  touch("new/M/file");
  touch("new/M/below/file");
  EXPECT_EQ(look_after_hearing(), (std::vector<std::string>{"new/M/below/file", "new/M/file"}));
}

TEST_F(DirTreeTest, RoomThatAFolderLeavesIsUsed) {
  options.max_entries = 2;
  options.folders = true;
  std::filesystem::create_directory(path("folder"));
  look_after_hearing();
  touch("a");
  look_after_hearing();
  touch("b");
  EXPECT_EQ(look_after_hearing(), std::vector<std::string>());
  EXPECT_EQ(faults, 1u);
  std::filesystem::remove(path("folder"));
  EXPECT_EQ(look_after_hearing(), std::vector<std::string>{"folder"});
  EXPECT_EQ(tree.due(now), now) << "there is room";
  EXPECT_EQ(look(), std::vector<std::string>{"b"});
  EXPECT_EQ(faults, 1u);
}

}  // namespace
}  // namespace poe::test
