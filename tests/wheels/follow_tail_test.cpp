// SPDX-License-Identifier: MIT
//
// FollowTail on real files and FIFOs, told by the system and by looking.
#include <algorithm>

#include "follow_tail_bench.hpp"
#include "poe/filters/block.hpp"
#include "poe/filters/line.hpp"

namespace poe::test {
namespace {

POE_ON_REAL_LOOPS(FollowTailTest);

TEST_P(FollowTailTest, ShowsWhatIsAppendedAndTheRestOfAnUnfinishedLineP141) {
  both([](FollowTailRig& rig) {
    rig.append("old\npart");
    rig.make(rig.logging());
    rig.append("ial\nnew\n");
    rig.expect({"partial", "new"});
    EXPECT_EQ(rig.wheel().tell(), 16U);
    rig.append("unfin");
    rig.expect({});
    EXPECT_EQ(rig.wheel().tell(), 16U) << "where the next record begins";
    rig.append("ished\n");
    rig.expect({"unfinished"});
  });
}

TEST_P(FollowTailTest, TruncatedItIsReadFromTheTopP142) {
  both([](FollowTailRig& rig) {
    rig.append("one\ntwo\n");
    rig.make(rig.logging());
    rig.append("three\n");
    rig.expect({"three"});
    rig.truncate("");
    rig.expect({"reset"});
    rig.append("a\n");
    rig.expect({"a"});
    rig.truncate("b\n");
    rig.until(2);
    EXPECT_EQ(rig.log, (Log{"reset", "b"}));
  });
}

TEST_P(FollowTailTest, RenamedAwayItIsReadToItsEndFirstP143) {
  both([](FollowTailRig& rig) {
    rig.append("old\n");
    rig.make(rig.logging());
    rig.append("one\n");
    rig.rename("log", "log.1");
    rig.append("two\n", "log.1");
    rig.expect({"one", "two"});
    rig.append("three\n", "log.1");
    rig.expect({"three"});
    rig.append("four\n", "log.1");
    rig.append("five\n");
    rig.expect({"four", "reset", "five"});
    rig.append("six\n");
    rig.expect({"six"});
  });
}

TEST_P(FollowTailTest, SuccessorThatIsEmptyYetDoesNotEndTheFormerOneP143) {
  both([](FollowTailRig& rig) {
    rig.append("old\n");
    rig.make(rig.logging());
    rig.rename("log", "log.1");
    rig.append("");  // made, and nothing in it
    rig.append("late\n", "log.1");
    rig.expect({"late"});
    rig.append("later, not ended", "log.1");
    rig.append("new\n");
    rig.expect({"later, not ended", "reset", "new"});
  });
}

TEST_P(FollowTailTest, ReplacedByAnotherInodeItIsFollowedP144) {
  both([](FollowTailRig& rig) {
    rig.append("old\n");
    rig.make(rig.logging());
    rig.append("new\n", "other");
    rig.rename("other", "log");
    rig.expect({"reset", "new"});
  });
}

TEST_P(FollowTailTest, HardLinkIsNoResetP144) {
  both([](FollowTailRig& rig) {
    rig.append("old\n");
    rig.make(rig.logging());
    std::filesystem::create_hard_link(rig.path(), rig.path("link"));
    rig.expect({});
    rig.append("new\n", "link");
    rig.expect({"new"});
  });
}

TEST_P(FollowTailTest, MissingFileIsNoErrorAndReadFromItsStartOnceItIsThereP145) {
  both([](FollowTailRig& rig) {
    rig.make(rig.logging());
    rig.expect({});
    rig.append("one\ntwo\n");
    rig.expect({"reset", "one", "two"});
    ASSERT_TRUE(std::filesystem::remove(rig.path()));
    rig.expect({});
    rig.append("three\n");
    rig.expect({"reset", "three"});
  });
}

TEST_P(FollowTailTest, SeeksStayWithinTheFileP145) {
  both([](FollowTailRig& rig) {
    rig.append("one\ntwo\n");
    const auto from = [&](std::optional<std::int64_t> seek, std::optional<std::uint64_t> back, const Log& expected) {
      FollowTailOptions options = rig.logging();
      options.seek = seek;
      options.seek_back = back;
      rig.make(std::move(options));
      rig.append("+\n");
      Log all = expected;
      all.push_back("+");
      rig.expect(all);
      rig.drop();
      std::filesystem::resize_file(rig.path(), 8);
    };
    from(0, std::nullopt, {"one", "two"});
    from(4, std::nullopt, {"two"});
    from(-4, std::nullopt, {"two"});
    from(-400, std::nullopt, {"one", "two"});
    from(400, std::nullopt, {});
    from(std::nullopt, 4, {"two"});
    from(std::nullopt, 400, {"one", "two"});
    from(std::nullopt, 0, {});
  });
}

TEST_P(FollowTailTest, RewrittenToALargerSizeItIsReadFromTheTopP146) {
  both([](FollowTailRig& rig) {
    rig.append("old\n");
    rig.make(rig.logging());
    rig.append("new\n");
    rig.expect({"new"});
    rig.truncate("these are\nother lines\n");
    rig.expect({"reset", "these are", "other lines"});
  });
}

TEST_P(FollowTailTest, FifoSurvivesItsWritersP147) {
  both([](FollowTailRig& rig) {
    ASSERT_EQ(::mkfifo(rig.path().c_str(), 0600), 0);
    rig.make(rig.logging());
    rig.append("one\n");
    rig.expect({"one"});
    rig.append("two\n");
    rig.expect({"two"});
    ASSERT_TRUE(std::filesystem::remove(rig.path()));
    rig.append("a file now\n");
    rig.expect({"reset", "a file now"});
  });
}

TEST_P(FollowTailTest, FifoThatIsReplacedIsReadToItsEndFirstP147) {
  both([](FollowTailRig& rig) {
    ASSERT_EQ(::mkfifo(rig.path().c_str(), 0600), 0);
    rig.make(rig.logging());
    rig.append("one\ntwo\nunfinished");
    ASSERT_TRUE(std::filesystem::remove(rig.path()));
    rig.append("a file now\n");
    rig.expect({"one", "two", "unfinished", "reset", "a file now"});
  });
}

TEST_P(FollowTailTest, FifoThatIsReplacedWhileItIsPausedKeepsItsRecords) {
  both([](FollowTailRig& rig) {
    ASSERT_EQ(::mkfifo(rig.path().c_str(), 0600), 0);
    rig.make(rig.logging());
    rig.wheel().pause();
    rig.append("one\n");
    ASSERT_TRUE(std::filesystem::remove(rig.path()));
    rig.append("a file now\n");
    rig.expect({});
    rig.wheel().resume();
    rig.expect({"one", "reset", "a file now"});
  });
}

TEST_P(FollowTailTest, FifoIsLeftUnreadUntilSomebodyTakesItsRecords) {
  both([](FollowTailRig& rig) {
    ASSERT_EQ(::mkfifo(rig.path().c_str(), 0600), 0);
    FollowTailOptions options = rig.logging();
    options.on_record = nullptr;
    rig.make(std::move(options));
    rig.append("one\n");
    rig.expect({});
    rig.wheel().on_record([&rig](std::string_view record) { rig.note(std::string(record)); });
    rig.expect({"one"});
    rig.append("two\n");
    rig.expect({"two"});
  });
}

TEST_P(FollowTailTest, WhileThereIsDataNobodyWaitsForTheIntervalP148) {
  both([](FollowTailRig& rig) {
    std::string much;
    for (int i = 0; i < 200'000; ++i) much += "a line\n";  // more than one read
    rig.append(much);
    FollowTailOptions options = rig.logging();
    options.seek = 0;
    options.poll_interval = 1h;
    std::size_t lines = 0;
    options.on_record = [&](std::string_view) { ++lines; };
    rig.make(std::move(options));
    for (int i = 0; i < 100'000 && lines < 200'000; ++i) rig.slice();
    EXPECT_EQ(lines, 200'000U);
  });
}

TEST_P(FollowTailTest, WhatTheFilterSaysOfAnUnfinishedRecordIsTold) {
  both([](FollowTailRig& rig) {
    rig.append("");
    FollowTailOptions options = rig.logging();
    options.filter = BlockFilter(BlockOptions::netstring());
    rig.make(std::move(options));
    rig.append("3:one,5:tw");
    rig.expect({"one"});
    rig.rename("log", "log.1");
    rig.append("5:three,");
    rig.expect({"error read 0", "reset", "three"});
  });
}

TEST_P(FollowTailTest, IdleIsToldAtTheEndOnceAnInterval) {
  both([](FollowTailRig& rig) {
    rig.append("old\n");
    FollowTailOptions options = rig.logging();
    options.poll_interval = 20ms;
    options.on_idle = [&] { rig.note("idle"); };
    rig.make(std::move(options));
    rig.append("new\n");
    rig.until(4);
    const auto line = std::find(rig.log.begin(), rig.log.end(), "new");  // a slow machine may have been idle before
    ASSERT_GE(rig.log.end() - line, 3);
    EXPECT_EQ(Log(line, line + 3), (Log{"new", "idle", "idle"}));
  });
}

TEST_P(FollowTailTest, FolderAndForbiddenFileAreToldOnce) {
  both([](FollowTailRig& rig) {
    ASSERT_TRUE(std::filesystem::create_directory(rig.path()));
    rig.make(rig.logging());
    rig.expect({"error open 21"});
    ASSERT_TRUE(std::filesystem::remove(rig.path()));
    rig.append("a file\n", "other");
    rig.rename("other", "log");
    rig.expect({"reset", "a file"});
  });
}

TEST_P(FollowTailTest, OpenFileIsFollowedWhateverItsName) {
  both([](FollowTailRig& rig) {
    rig.append("old\n");
    rig.make(rig.logging(FollowTailOptions(Fd(::open(rig.path().c_str(), O_RDONLY | O_CLOEXEC)))));
    rig.rename("log", "elsewhere");
    rig.append("new\n", "elsewhere");
    rig.append("not ours\n");
    rig.expect({"new"});
  });
}

TEST_P(FollowTailTest, FollowsALinkToItsNewTarget) {
  both([](FollowTailRig& rig) {
    rig.append("old\n", "a");
    std::filesystem::create_symlink(rig.path("a"), rig.path());
    rig.make(rig.logging());
    rig.append("one\n", "a");
    rig.expect({"one"});
    rig.append("two\n", "b");
    std::filesystem::create_symlink(rig.path("b"), rig.path("new"));
    rig.rename("new", "log");
    rig.expect({"reset", "two"});
  });
}

TEST_P(FollowTailTest, LinkIntoAnotherFolderIsFollowedWhenItsTargetIsRotated) {
  both([](FollowTailRig& rig) {
    rig.make_folder("data");
    rig.append("old\n", "data/log");
    std::filesystem::create_symlink(rig.path("data/log"), rig.path());
    rig.make_looking(rig.logging());
    for (int i = 1; i < 3; ++i) {
      rig.rename("data/log", "data/log." + std::to_string(i));
      rig.expect({});  // the name leads to nothing now
      rig.append("new\n", "data/log");
      rig.expect({"reset", "new"});
    }
  });
}

TEST_P(FollowTailTest, FolderRemovedAndMadeAnewIsFollowed) {
  both([](FollowTailRig& rig) {
    rig.make_folder("folder");
    rig.append("old\n", "folder/log");
    rig.make_looking(rig.logging(FollowTailOptions(rig.path("folder/log"))));
    for (int i = 0; i < 2; ++i) {
      std::filesystem::remove_all(rig.path("folder"));
      rig.expect({});
      rig.make_folder("folder");
      rig.append("new\n", "folder/log");
      rig.expect({"reset", "new"});
    }
  });
}

TEST_P(FollowTailTest, FolderMovedAwayAndMadeAnewTellsOfItsNamesAgain) {
  both([](FollowTailRig& rig) {
    rig.make_folder("folder");
    rig.append("old\n", "folder/log");
    rig.append("one\n", "a");
    rig.append("two\n", "b");
    rig.make_looking(rig.logging(FollowTailOptions(rig.path("folder/log"))));
    rig.rename("folder", "folder.old");
    rig.expect({});
    rig.make_folder("folder");
    std::filesystem::create_symlink(rig.path("a"), rig.path("folder/log"));
    rig.expect({"reset", "one"});
    std::filesystem::create_symlink(rig.path("b"), rig.path("folder/new"));
    rig.rename("folder/new", "folder/log");  // which no file hears of, only the folder
    rig.expect({"reset", "two"});
  });
}

TEST_P(FollowTailTest, PausesBetweenTwoRecordsAndSwapsItsFilter) {
  both([](FollowTailRig& rig) {
    rig.make(rig.logging());
    rig.on_note = [&rig](const std::string& what) {
      if (what == "one") rig.wheel().pause();
      if (what == "two") rig.wheel().set_filter(LineOptions(";"));
    };
    rig.append("one\ntwo\nthree;");
    rig.expect({"reset", "one"});
    rig.wheel().resume();
    rig.expect({"two", "three"});
    rig.append("four;");
    rig.expect({"four"});
  });
}

TEST(FollowTailOptionsTest, ContradictionsThrowAndSimSaysThatItCannot) {
  FollowTailRig rig("sim");
  rig.as_session([&](Reader& reader) {
    EXPECT_THROW(FollowTail(reader, FollowTailOptions(std::string())), std::invalid_argument);
    FollowTailOptions two = rig.logging();
    two.seek = 0;
    two.seek_back = 0;
    EXPECT_THROW(FollowTail(reader, std::move(two)), std::invalid_argument);
  });
  FollowTailOptions options = rig.logging();
  std::string report;
  int told = 0;
  options.on_error = [&](const Error& error) {
    EXPECT_EQ(error.code(), Errc::not_supported);
    report = error.report();
    ++told;
  };
  rig.append("a file\n");
  options.on_reset = [&] { ++told; };
  rig.make(std::move(options));
  rig.until(0);
  EXPECT_NE(report.find("real loop"), std::string::npos) << report;
  EXPECT_EQ(told, 1) << "it goes on all the same";
  EXPECT_EQ(rig.kernel.snapshot().timers.size(), 0U);
}

}  // namespace
}  // namespace poe::test
