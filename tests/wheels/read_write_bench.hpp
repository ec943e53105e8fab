// SPDX-License-Identifier: MIT
//
// A bench for ReadWrite: a session with one wheel on one end of a socket pair, the bare other end, and a log of what
// the wheel said. The test drives the kernel by hand, so it says when something happens.
#pragma once

#include <sys/socket.h>

#include <string>
#include <string_view>
#include <utility>

#include "poe/filters/line.hpp"
#include "poe/filters/stream.hpp"
#include "poe/wheels/pipe.hpp"
#include "poe/wheels/read_write.hpp"
#include "wheel_bench.hpp"

namespace poe::test {

using Bench = WheelHolder<ReadWrite>;

/// One bench on a loop, and what a test does with it.
class ReadWriteRig {
 public:
  explicit ReadWriteRig(const std::string& loop) : kernel(std::make_unique<OneLoop>(loop_plugin(loop)), quiet()) {
    id = kernel.spawn<Bench>();
    auto pair = make_two_way(sys(), PipeKind::socketpair);
    near = std::move(pair->a.input);
    far = std::move(pair->b.input);
  }

  const poe_sys& sys() { return **kernel.system(); }

  template <class F>
  void as_session(F f) {
    const auto done = kernel.with<Bench>(id, f);
    ASSERT_TRUE(done) << done.error().report();
  }
  /// Runs until nothing happens any more.
  void settle() {
    for (int quiet = 0; quiet < 3; ++quiet) {
      const auto before = kernel.counts();
      const auto ran = kernel.run_one_timeslice(std::chrono::milliseconds(1));
      ASSERT_TRUE(ran) << ran.error().report();
      if (kernel.counts().events != before.events || kernel.counts().reports != before.reports) quiet = -1;
    }
  }

  /// Writes all of `text` on the bare end; the simulated world may take it piece by piece.
  std::int64_t say(std::string_view text) {
    std::int64_t sum = 0;
    while (!text.empty()) {
      const poe_iovec part{const_cast<char*>(text.data()), text.size()};
      const std::int64_t took = sys().writev(sys().ctx, far.get(), &part, 1);
      if (took <= 0) break;
      sum += took;
      text.remove_prefix(static_cast<std::size_t>(took));
    }
    return sum;
  }
  /// Everything the bare end can read now.
  std::string hear() {
    std::string all;
    char some[4096];
    const poe_iovec part{some, sizeof some};
    for (;;) {
      const std::int64_t got = sys().readv(sys().ctx, far.get(), &part, 1);
      if (got <= 0) {
        far_ended = got == 0;
        return all;
      }
      all.append(some, static_cast<std::size_t>(got));
    }
  }

  /// Options for the near end whose callbacks write into `log`.
  ReadWriteOptions logging() { return logging(ReadWriteOptions(std::move(near))); }
  ReadWriteOptions logging(ReadWriteOptions options) {
    options.on_record = [this](std::string_view record) { note("record " + std::string(record)); };
    options.on_error = [this](const Error& error) {
      note("error " + error.operation() + " " + std::to_string(error.number()) + " " +
           std::string(to_string(error.code())));
    };
    options.on_flushed = [this] { note("flushed"); };
    options.on_high = [this] { note("high"); };
    options.on_low = [this] { note("low"); };
    return options;
  }
  void make(ReadWriteOptions options) {
    as_session([&](Bench& bench) { bench.wheel = ReadWrite(bench, std::move(options)); });
  }
  void note(const std::string& what) {
    log.push_back(what);
    if (on_note) on_note(what);  // not log.back(): the log may grow inside
  }
  /// The wheel, for a test that is not inside the session.
  ReadWrite& wheel() {
    ReadWrite* found = nullptr;
    as_session([&](Bench& bench) { found = &bench.wheel; });
    return *found;
  }
  template <class F>
  void with_wheel(F f) {
    as_session([&](Bench& bench) { f(bench.wheel); });
  }

  static KernelOptions quiet() {
    KernelOptions options;
    options.os_signals = false;
    return options;
  }

  std::function<void(const std::string&)> on_note;  // runs inside the callback
  Log log;
  Kernel kernel;
  SessionId id;
  Fd near;
  Fd far;
  bool far_ended = false;
};

class ReadWriteTest : public testing::TestWithParam<std::string>, protected ReadWriteRig {
 protected:
  ReadWriteTest() : ReadWriteRig(GetParam()) {}
};

}  // namespace poe::test
