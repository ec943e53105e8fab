// SPDX-License-Identifier: MIT
//
// A bench for FollowTail: a session with one wheel, a folder of its own, and a log of what the wheel said. Real loops
// only: sim has no files that change.
#pragma once

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <functional>
#include <string>
#include <utility>

#include "poe/wheels/follow_tail.hpp"
#include "wheel_bench.hpp"

namespace poe::test {

#ifdef POE_PORTABLE
inline constexpr bool kCanBeTold = false;  // asked for all the same
#else
inline constexpr bool kCanBeTold = true;
#endif

using Reader = WheelHolder<FollowTail>;

class FollowTailRig {
 public:
  explicit FollowTailRig(const std::string& loop) : kernel(std::make_unique<OneLoop>(loop_plugin(loop))) {
    id = kernel.spawn<Reader>();
    char made[] = "/tmp/poe-tail-XXXXXX";
    folder = ::mkdtemp(made);
  }
  ~FollowTailRig() {
    if (kernel.alive(id)) drop();
    std::filesystem::remove_all(folder);
  }

  std::string path(const std::string& name = "log") const { return folder + "/" + name; }
  /// Appends, as a logger does.
  void append(const std::string& text, const std::string& name = "log") const {
    std::ofstream(path(name), std::ios::app) << text;
  }
  void truncate(const std::string& text) const { std::ofstream(path(), std::ios::trunc) << text; }
  void make_folder(const std::string& name) const { ASSERT_TRUE(std::filesystem::create_directory(path(name))); }
  void rename(const std::string& from, const std::string& to) const { std::filesystem::rename(path(from), path(to)); }

  FollowTailOptions logging(FollowTailOptions options) {
    options.on_record = [this](std::string_view record) { note(std::string(record)); };
    options.on_error = [this](const Error& error) {
      note("error " + error.operation() + " " + std::to_string(error.number()));
    };
    options.on_reset = [this] { note("reset"); };
    options.notices = notices;
    options.poll_interval = notices && kCanBeTold ? 10s : 5ms;  // so that nobody is helped by looking
    return options;
  }
  FollowTailOptions logging() { return logging(FollowTailOptions(path())); }
  void make(FollowTailOptions options) {
    as_session([&](Reader& reader) { reader.wheel = FollowTail(reader, std::move(options)); });
    slice();
    slice();
  }
  /// Which also looks soon where nobody can be told.
  void make_looking(FollowTailOptions options) {
    options.poll_interval = 5ms;
    make(std::move(options));
  }
  void drop() {
    as_session([](Reader& reader) { reader.wheel = FollowTail(); });
  }
  template <class F>
  void as_session(F f) {
    const auto done = kernel.with<Reader>(id, f);
    ASSERT_TRUE(done) << done.error().report();
  }
  FollowTail& wheel() {
    FollowTail* found = nullptr;
    as_session([&](Reader& reader) { found = &reader.wheel; });
    return *found;
  }
  void note(const std::string& what) {
    log.push_back(what);
    if (on_note) on_note(what);
  }
  void slice() { ASSERT_TRUE(kernel.run_one_timeslice(2ms)); }
  /// Runs until the log has that many lines, and a little more to see that none follows.
  void until(std::size_t lines) {
    const auto limit = std::chrono::steady_clock::now() + 10s;
    while (log.size() < lines && std::chrono::steady_clock::now() < limit) slice();
    for (int i = 0; i < 5; ++i) slice();
  }
  void expect(const Log& expected) {
    until(expected.size());
    EXPECT_EQ(log, expected) << (notices ? "told" : "looked at");
    log.clear();
  }

  bool notices = true;
  std::function<void(const std::string&)> on_note;
  Log log;
  Kernel kernel;
  SessionId id;
  std::string folder;
};

/// Each test twice: with notices, and without.
class FollowTailTest : public testing::TestWithParam<std::string> {
 protected:
  static void both(const std::function<void(FollowTailRig&)>& test) {
    for (const bool notices : {true, false}) {
      FollowTailRig rig(GetParam());
      rig.notices = notices;
      test(rig);
    }
  }
};

}  // namespace poe::test
