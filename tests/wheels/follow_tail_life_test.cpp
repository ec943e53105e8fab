// SPDX-License-Identifier: MIT
//
// FollowTail in coroutines, what may happen inside its callbacks, and under load.
#include <atomic>
#include <thread>

#include "follow_tail_bench.hpp"
#include "poe/wheels/follow_tail_awaits.hpp"

namespace poe::test {
namespace {

class FollowTailLife : public FollowTailTest {};
POE_ON_REAL_LOOPS(FollowTailLife);

Task<> read_all(FollowTailRig& rig, Reader& reader) {
  FollowTailOptions options = rig.logging();
  options.on_record = nullptr;
  reader.wheel = FollowTail(reader, std::move(options));
  for (;;) {
    const auto line = co_await reader.wheel.read();
    rig.note(line ? *line : std::string(to_string(line.error().code())));
    if (!line) co_return;
  }
}

TEST_P(FollowTailLife, ReadsRecordAfterRecordInACoroutine) {
  both([](FollowTailRig& rig) {
    rig.append("old\n");
    rig.as_session([&](Reader& reader) { reader.launch(read_all(rig, reader)); });
    rig.append("one\ntwo\n");
    rig.expect({"one", "two"});
    rig.append("unfinished");
    rig.expect({});
    rig.rename("log", "log.1");
    rig.append("new\n");
    rig.expect({"unfinished", "reset", "new"});
    rig.drop();
    rig.expect({"closed"});
  });
}

TEST_P(FollowTailLife, CannotBeReadWhereACallbackGetsTheRecords) {
  FollowTailRig rig(GetParam());
  rig.make(rig.logging());
  rig.as_session([&](Reader& reader) {
    reader.launch([](FollowTailRig& at, Reader& self) -> Task<> {
      const auto line = co_await self.wheel.read();
      at.note(line ? *line : std::string(to_string(line.error().code())));
    }(rig, reader));
  });
  rig.expect({"invalid_argument"});
}

TEST_P(FollowTailLife, ReaderIsToldWhenTheNameBecomesAStream) {
  both([](FollowTailRig& rig) {
    rig.append("old\n");
    rig.as_session([&](Reader& reader) { reader.launch(read_all(rig, reader)); });
    rig.append("one\n");
    rig.expect({"one"});
    ASSERT_TRUE(std::filesystem::remove(rig.path()));
    ASSERT_EQ(::mkfifo(rig.path().c_str(), 0600), 0);
    rig.expect({"reset", "not_supported"});
  });
}

// ---- inside the callbacks

const Log kAll{"reset", "line", "idle"};

/// Makes all of it happen, once for each callback that can do the deed, and says what is expected to be heard.
void in_each_callback(FollowTailRig& rig, const std::function<void()>& deed,
                      const std::function<Log(std::size_t)>& expected) {
  for (std::size_t where = 0; where < kAll.size(); ++where) {
    std::filesystem::remove(rig.path());
    rig.on_note = [&, done = false](const std::string& what) mutable {
      if (what == kAll[where] && !std::exchange(done, true)) deed();
    };
    FollowTailOptions options = rig.logging();
    options.poll_interval = 5ms;
    options.on_idle = [&rig] {
      if (!rig.log.empty() && rig.log.back() == "line") rig.note("idle");
    };
    rig.make(std::move(options));
    rig.append("line\n");
    rig.expect(expected(where));
  }
}

Log up_to(std::size_t where) { return {kAll.begin(), kAll.begin() + static_cast<std::ptrdiff_t>(where) + 1}; }

TEST_P(FollowTailLife, ReplacingItsCallbacksInsideThemIsFine) {
  both([](FollowTailRig& rig) {
    const auto deed = [&rig] {
      rig.wheel().on_record([](std::string_view) {});
      rig.wheel().on_reset(nullptr);
      rig.wheel().on_idle(nullptr);
      rig.wheel().on_error(nullptr);
    };
    in_each_callback(rig, deed, up_to);
  });
}

// ---- load

TEST_P(FollowTailLife, NothingIsLostOrDoubledAcrossRotationsUnderLoadR86) {
  both([](FollowTailRig& rig) {
    constexpr int kLines = 40'000, kPerFile = 2'000;
    rig.append("");
    FollowTailOptions options = rig.logging();
    int next = 0, wrong = 0, resets = 0;
    options.poll_interval = rig.notices && kCanBeTold ? Duration(10s) : Duration(1ms);
    options.on_record = [&](std::string_view line) { wrong += line == "line " + std::to_string(next++) ? 0 : 1; };
    options.on_reset = [&] { ++resets; };
    rig.make(std::move(options));
    std::atomic<int> seen = 0;
    std::thread writer([&] {  // a logger that rotates; but never a file the reader has seen nothing of
      for (int file = 0; file * kPerFile < kLines; ++file) {
        while (file > 0 && seen <= (file - 1) * kPerFile) std::this_thread::yield();
        if (file > 0) rig.rename("log", "log." + std::to_string(file));
        std::ofstream log(rig.path(), std::ios::app);
        for (int i = 0; i < kPerFile; ++i) log << "line " << file * kPerFile + i << std::endl;
      }
    });
    const auto limit = std::chrono::steady_clock::now() + 30s;
    while (next < kLines && std::chrono::steady_clock::now() < limit) {
      rig.slice();
      seen = next;
    }
    seen = kLines;  // should it have failed, the writer ends all the same
    writer.join();
    EXPECT_EQ(next, kLines);
    EXPECT_EQ(wrong, 0);
    EXPECT_EQ(resets, kLines / kPerFile - 1);
  });
}

TEST_P(FollowTailLife, RotationsLeaveNoDescriptorBehind) {
  both([](FollowTailRig& rig) {
    rig.append("old\n");
    rig.make(rig.logging());
    const std::size_t before = open_descriptors();
    for (int i = 0; i < 50; ++i) {
      rig.rename("log", "log.1");
      rig.append("new\n");
      rig.expect({"reset", "new"});
    }
    EXPECT_EQ(open_descriptors(), before);
  });
}

}  // namespace
}  // namespace poe::test
