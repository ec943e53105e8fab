// SPDX-License-Identifier: MIT
//
// DirWatch on real folders, told by the system and by looking: each change once, whatever happens meanwhile.
#include "poe/components/dir_watch.hpp"

#include <algorithm>
#include <atomic>
#include <fstream>
#include <set>
#include <thread>

#include "poe/components/dir_watch_awaits.hpp"
#include "wheel_bench.hpp"

namespace poe::test {
namespace {

#ifdef POE_PORTABLE
inline constexpr bool kCanBeTold = false;
#else
inline constexpr bool kCanBeTold = true;
#endif

inline constexpr Event<DirChange> noticed{"noticed"};
using Watcher = WheelHolder<DirWatch>;

std::string name_of(DirEvent what) {
  constexpr const char* kNames[] = {"found", "created", "changed", "removed", "renamed", "gone", "back"};
  return kNames[static_cast<std::size_t>(what)];
}

class DirRig {
 public:
  explicit DirRig(const std::string& loop, bool with_notices)
      : notices(with_notices && kCanBeTold), kernel(std::make_unique<OneLoop>(loop_plugin(loop))) {
    id = kernel.spawn<Watcher>();
    char made[] = "/tmp/poe-dir-XXXXXX";
    base = ::mkdtemp(made);
    folder = base + "/in";
    std::filesystem::create_directory(folder);
  }
  ~DirRig() {
    drop();
    std::filesystem::remove_all(base);
  }
  std::string path(const std::string& name) const { return folder + "/" + name; }
  void write(const std::string& name, const std::string& text = "x") const {
    std::ofstream(path(name), std::ios::app) << text;
  }
  void make_folder(const std::string& name) const { std::filesystem::create_directory(path(name)); }
  void remove(const std::string& name) const { std::filesystem::remove_all(path(name)); }
  void rename(const std::string& from, const std::string& to) const { std::filesystem::rename(path(from), path(to)); }

  DirWatchOptions options() const {
    DirWatchOptions made(folder);
    made.notices = notices;
    made.poll_interval = notices ? 60s : 5ms;  // so that nobody is helped by looking
    made.gather = 5ms;
    return made;
  }
  void note(const DirChange& change) {
    const auto brief = [&](const std::string& path) {
      return path == folder ? std::string() : path.substr(folder.size() + 1);
    };
    std::string line = name_of(change.what) + (change.is_folder ? "/ " : " ");
    if (!change.from.empty()) line += brief(change.from) + " -> ";
    log.push_back(line + brief(change.path));
  }
  void watch(DirWatchOptions with) {
    with.on_error = [this](const Error& error) { log.push_back("error " + std::string(to_string(error.code()))); };
    as_session([&](Watcher& session) {
      session.wheel = DirWatch(session, std::move(with), [this](const DirChange& change) {
        note(change);
        if (on_note) on_note();
      });
    });
    for (int i = 0; i < 3; ++i) slice();
  }
  void watch() { watch(options()); }
  void drop() {
    as_session([](Watcher& session) { session.wheel = DirWatch(); });
  }
  template <class F>
  void as_session(F f) {
    ASSERT_TRUE(kernel.with<Watcher>(id, f));
  }
  void slice() { ASSERT_TRUE(kernel.run_one_timeslice(2ms)); }
  void until(std::size_t lines) {
    const auto limit = std::chrono::steady_clock::now() + 10s;
    while (log.size() < lines && std::chrono::steady_clock::now() < limit) slice();
    const auto rest = std::chrono::steady_clock::now() + 20ms;  // to see that none follows
    while (std::chrono::steady_clock::now() < rest) slice();
  }
  void expect(Log expected) {
    until(expected.size());
    std::sort(log.begin(), log.end());
    std::sort(expected.begin(), expected.end());
    EXPECT_EQ(log, expected) << (notices ? "told" : "looked at");
    log.clear();
  }

  bool notices;
  std::function<void()> on_note;
  Log log;
  Kernel kernel;
  SessionId id;
  std::string base, folder;
};

/// Each test twice: with notices, and without.
class DirWatchTest : public testing::TestWithParam<std::string> {
 protected:
  static void both(const std::function<void(DirRig&)>& test) {
    for (const bool notices : {true, false}) {
      DirRig rig(GetParam(), notices);
      test(rig);
    }
  }
};
POE_ON_REAL_LOOPS(DirWatchTest);

TEST_P(DirWatchTest, TellsWhatComesChangesAndGoes) {
  both([](DirRig& rig) {
    rig.write("old");
    rig.watch();
    rig.expect({"found old"});
    rig.write("a");
    rig.until(1);
    EXPECT_EQ(rig.log.front(), "created a");
    rig.log.clear();
    rig.write("old", "more");
    rig.expect({"changed old"});
    rig.remove("a");
    rig.expect({"removed a"});
  });
}

TEST_P(DirWatchTest, TellsOfRenaming) {
  both([](DirRig& rig) {
    rig.write("a");
    rig.write("b");
    rig.make_folder("sub");
    DirWatchOptions options = rig.options();
    options.existing = false;
    options.recursive = true;
    rig.watch(std::move(options));
    rig.expect({});
    rig.rename("a", "c");
    rig.expect({"renamed a -> c"});
    rig.rename("c", "sub/c");
    rig.expect({"renamed c -> sub/c"});
    rig.rename("sub/c", "b");  // over another one
    rig.expect({"removed sub/c", "changed b"});
    rig.rename("b", "../outside");
    rig.expect({"removed b"});
    rig.rename("../outside", "b");
    rig.expect({"created b"});
  });
}

TEST_P(DirWatchTest, NamesThatDoNotFitAreNotThere) {
  both([](DirRig& rig) {
    DirWatchOptions options = rig.options();
    options.patterns = {"*.csv", "x?"};
    rig.watch(std::move(options));
    rig.write("a.tmp");
    rig.write(".b.csv");
    rig.write("x1");
    rig.until(1);
    EXPECT_EQ(rig.log.front(), "created x1");
    rig.log.clear();
    rig.rename("a.tmp", "a.csv");
    rig.expect({"created a.csv"});
    rig.rename("a.csv", "a.done");
    rig.expect({"removed a.csv"});
  });
}

TEST_P(DirWatchTest, FollowsFoldersBelow) {
  both([](DirRig& rig) {
    rig.make_folder("old");
    rig.write("old/a");
    DirWatchOptions options = rig.options();
    options.recursive = true;
    options.folders = true;
    rig.watch(std::move(options));
    rig.expect({"found/ old", "found old/a"});
    std::filesystem::create_directories(rig.path("new/deep"));
    rig.expect({"created/ new", "created/ new/deep"});
    rig.write("new/deep/b", "");
    rig.expect({"created new/deep/b"});
    rig.rename("new", "old/new");
    rig.expect({"renamed/ new -> old/new"});
    rig.write("old/new/deep/b", "more");
    rig.expect({"changed old/new/deep/b"});
    rig.remove("old");
    rig.expect(
        {"removed/ old", "removed old/a", "removed/ old/new", "removed/ old/new/deep", "removed old/new/deep/b"});
    rig.as_session([](Watcher& session) { EXPECT_EQ(session.wheel.entries(), 0U); });
  });
}

TEST_P(DirWatchTest, SettledMeansClosedOrMovedHereOrResting) {
  both([](DirRig& rig) {
    rig.write("../moved");
    rig.write("fresh");
    DirWatchOptions options = rig.options();
    options.settled = true;
    options.settle_time = rig.notices ? Duration(60s) : Duration(300ms);
    options.existing = false;
    rig.watch(std::move(options));
    std::ofstream open(rig.path("a"));
    for (int i = 0; i < 20; ++i) {
      open << "more" << std::flush;
      for (int turn = 0; turn < 4; ++turn) rig.slice();
    }
    EXPECT_EQ(rig.log, Log{}) << "it is being written";
    open.close();
    rig.expect({"created a"});
    rig.rename("../moved", "b");
    rig.expect({"created b"});
    rig.write("a", "again");
    rig.expect({"changed a"});
    std::ofstream never(rig.path("never"));
    rig.slice();
    rig.remove("never");
    rig.expect({});
  });
}

TEST_P(DirWatchTest, TheFolderItselfMayGoAndComeBack) {
  both([](DirRig& rig) {
    rig.write("a");
    DirWatchOptions options = rig.options();
    options.poll_interval = 5ms;  // for the one that is not there
    rig.watch(std::move(options));
    rig.expect({"found a"});
    std::filesystem::remove_all(rig.folder);
    rig.until(1);
    EXPECT_EQ(rig.log.back(), "gone/ ");
    rig.log.clear();
    std::filesystem::create_directory(rig.folder);
    rig.expect({"back/ "});
    rig.write("b", "");
    rig.expect({"created b"});
    std::filesystem::create_directory(rig.base + "/other");
    std::ofstream(rig.base + "/other/c") << "";
    std::filesystem::rename(rig.folder, rig.base + "/former");
    std::filesystem::rename(rig.base + "/other", rig.folder);
    rig.expect({"gone/ ", "back/ ", "created c"});
    std::ofstream(rig.base + "/former/not ours") << "";
    rig.expect({});
    rig.write("d", "");
    rig.expect({"created d"});
  });
}

// What stands for the name may change where nobody tells of it: a link, or a folder above.
TEST_P(DirWatchTest, TheNameCountsAlsoWhereALinkLeadsElsewhere) {
  both([](DirRig& rig) {
    std::filesystem::create_directory(rig.base + "/other");
    std::ofstream(rig.base + "/other/c") << "";
    std::filesystem::create_directory_symlink(rig.base + "/in", rig.base + "/link");
    std::filesystem::create_directory_symlink(rig.base + "/other", rig.base + "/next");
    rig.folder = rig.base + "/link";
    DirWatchOptions options = rig.options();
    options.poll_interval = 5ms;
    rig.watch(std::move(options));
    rig.write("a", "");
    rig.expect({"created a"});
    std::filesystem::rename(rig.base + "/next", rig.folder);
    rig.expect({"gone/ ", "back/ ", "created c"});
    rig.write("d", "");
    rig.expect({"created d"});
  });
}

// A folder made anew may have the number of the one that went, and looks the same.
TEST_P(DirWatchTest, AFolderMadeAnewIsFollowed) {
  both([](DirRig& rig) {
    rig.make_folder("sub");
    DirWatchOptions options = rig.options();
    options.recursive = true;
    rig.watch(std::move(options));
    for (int i = 0; i < 3; ++i) {
      rig.remove("sub");
      rig.make_folder("sub");
      rig.expect({});
      rig.write("sub/a", "");
      rig.expect({"created sub/a"});
      rig.remove("sub/a");
      rig.expect({"removed sub/a"});
    }
  });
}

TEST_P(DirWatchTest, AFolderMayTakeTheNameOfAnother) {
  both([](DirRig& rig) {
    for (const char* const name : {"cur", "next", "d0", "d1"}) rig.make_folder(name);
    rig.write("cur/old", "");
    rig.write("next/new", "");
    rig.write("d0/zero", "");
    rig.write("d1/one", "");
    DirWatchOptions options = rig.options();
    options.recursive = true;
    options.folders = true;
    options.existing = false;
    rig.watch(std::move(options));
    rig.expect({});
    rig.remove("cur");
    rig.rename("next", "cur");
    rig.expect({"removed/ cur", "removed cur/old", "renamed/ next -> cur"});
    rig.write("cur/later", "");
    rig.expect({"created cur/later"});
    rig.rename("d1", "d2");
    rig.rename("d0", "d1");
    rig.expect({"renamed/ d1 -> d2", "renamed/ d0 -> d1"});
    rig.write("d1/later", "");
    rig.write("d2/later", "");
    rig.expect({"created d1/later", "created d2/later"});
    rig.rename("d1", "x");
    rig.rename("d2", "d1");
    rig.rename("x", "d2");
    rig.until(3);
    rig.log.clear();  // which of the two is told as renamed does not matter
    rig.write("d1/last", "");
    rig.write("d2/last", "");
    rig.expect({"created d1/last", "created d2/last"});
    rig.remove("d1/one");
    rig.remove("d2/zero");
    rig.expect({"removed d1/one", "removed d2/zero"});
    rig.as_session([](Watcher& session) { EXPECT_EQ(session.wheel.entries(), 9U); });
  });
}

TEST_P(DirWatchTest, AFolderThatMovesIsAsDeepAsItsPlaceIs) {
  both([](DirRig& rig) {
    std::filesystem::create_directories(rig.path("a/b/c/d"));
    rig.make_folder("z");
    DirWatchOptions options = rig.options();
    options.recursive = true;
    options.max_depth = 2;
    rig.watch(std::move(options));
    rig.rename("a/b/c", "c");
    rig.expect({});
    rig.write("c/d/x", "");
    rig.expect({"created c/d/x"});
    rig.rename("c", "z/c");
    rig.expect({"removed z/c/d/x"});
    rig.write("z/c/y", "");
    rig.write("z/c/d/y", "");
    rig.expect({"created z/c/y"});
  });
}

TEST_P(DirWatchTest, AFolderThatIsNotThereIsWaitedFor) {
  both([](DirRig& rig) {
    std::filesystem::remove_all(rig.folder);
    DirWatchOptions options = rig.options();
    options.poll_interval = 5ms;
    rig.watch(std::move(options));
    rig.expect({"gone/ "});
    std::filesystem::create_directory(rig.folder);
    rig.expect({"back/ "});
  });
}

TEST_P(DirWatchTest, ALimitIsToldOnceAndRoomIsUsed) {
  both([](DirRig& rig) {
    for (const char* const name : {"a", "b", "c", "d"}) rig.write(name);
    DirWatchOptions options = rig.options();
    options.max_entries = 2;
    rig.watch(std::move(options));
    rig.expect({"error limit", "found a", "found b"});
    rig.remove("a");
    rig.remove("b");
    rig.expect({"removed a", "removed b", "created c", "created d"});
  });
}

// More notices than the system keeps: those that are lost are made up for by looking.
TEST_P(DirWatchTest, LostNoticesLoseAndDoubleNothing) {
  DirRig rig(GetParam(), true);
  rig.watch();
  rig.write("a", "");
  rig.expect({"created a"});
  for (int i = 0; i < 9001; ++i) rig.rename(i % 2 == 0 ? "a" : "b", i % 2 == 0 ? "b" : "a");  // of 16384 that are kept
  Log expected{"renamed a -> b"};
  for (int i = 0; i < 100; ++i) {
    rig.write(std::to_string(i), "");
    expected.push_back("created " + std::to_string(i));
  }
  rig.expect(expected);
}

// What is told, applied one by one to what was known, gives what is there.
TEST_P(DirWatchTest, WhileOthersWorkEachChangeIsToldOnce) {
  both([](DirRig& rig) {
    std::atomic<bool> done = false;
    std::thread other([&] {
      for (int i = 0; i < 3000; ++i) {
        const std::string name = std::to_string(i % 17);
        std::error_code ignored;
        if (i % 5 == 0) {
          std::filesystem::remove(rig.path(name), ignored);
        } else if (i % 7 == 0) {
          std::filesystem::rename(rig.path(name), rig.path(std::to_string(i % 11)), ignored);
        } else {
          rig.write(name);
        }
      }
      done = true;
    });
    rig.watch();
    while (!done) rig.slice();
    other.join();
    rig.until(rig.log.size());
    std::set<std::string> known, present;
    for (const std::string& line : rig.log) {
      const std::string what = line.substr(0, line.find(' '));
      const std::string name = line.substr(line.rfind(' ') + 1);
      if (what == "renamed") {
        EXPECT_EQ(known.erase(line.substr(8, line.find(" ->") - 8)), 1U) << line;
      }
      if (what == "removed") {
        EXPECT_EQ(known.erase(name), 1U) << line;
      } else if (what == "changed") {
        EXPECT_EQ(known.count(name), 1U) << line;
      } else {
        EXPECT_TRUE(known.insert(name).second) << line;
      }
    }
    for (const auto& entry : std::filesystem::directory_iterator(rig.folder)) present.insert(entry.path().filename());
    EXPECT_EQ(known, present);
  });
}

TEST_P(DirWatchTest, MayBeDroppedInsideItsCallback) {
  both([](DirRig& rig) {
    rig.write("a");
    rig.write("b");
    rig.on_note = [&] { rig.drop(); };
    rig.watch();
    rig.expect({"found a"});
  });
}

TEST_P(DirWatchTest, GivesChangesToCoroutinesAndAsEvents) {
  DirRig rig(GetParam(), true);
  rig.write("a");
  rig.write("b");
  rig.kernel.spawn([&](Self& self) -> Task<> {
    DirWatch watch(self, rig.options());
    for (int i = 0; i < 3; ++i) {
      const auto change = co_await watch.next();
      if (change) rig.note(*change);
      if (i == 1) rig.write("c", "");
    }
    const auto late = co_await watch.next().within(5ms);
    EXPECT_EQ(late.error().code(), Errc::timed_out);
  });
  rig.expect({"found a", "found b", "created c"});
  rig.kernel.spawn(Inline(DirWatch())
                       .on(start, [&](DirWatch& watch, Self& self) { watch = DirWatch(self, rig.options(), noticed); })
                       .on(noticed, [&](DirWatch& watch, Self&, const DirChange& change) {
                         rig.note(change);
                         if (rig.log.size() == 3) watch = DirWatch();
                       }));
  rig.expect({"found a", "found b", "found c"});
}

TEST(DirWatchAloneTest, ASimulatedWorldHasNoFolders) {
  Kernel kernel(std::make_unique<OneLoop>(loop_plugin("sim")));
  bool told = false;
  kernel.spawn([&](Self& self) -> Task<> {
    DirWatch watch(self, DirWatchOptions("/tmp"));
    const auto change = co_await watch.next();
    told = !change && change.error().code() == Errc::not_supported;
  });
  ASSERT_TRUE(kernel.run());
  EXPECT_TRUE(told);
}

}  // namespace
}  // namespace poe::test
