// SPDX-License-Identifier: MIT
#include "poe/wheels/pipe.hpp"

#include <cerrno>

#include "read_write_bench.hpp"

namespace poe::test {
namespace {

class PipeTest : public ReadWriteTest {
 protected:
  /// The simulated world also takes less at a time than it could.
  void write(const Fd& to, std::string_view text) {
    while (!text.empty()) {
      const poe_iovec part{const_cast<char*>(text.data()), text.size()};
      const std::int64_t took = sys().writev(sys().ctx, to.get(), &part, 1);
      ASSERT_GT(took, 0);
      text.remove_prefix(static_cast<std::size_t>(took));
    }
    settle();
  }
  /// All there is, or the error; the simulated world also gives less at a time than it has.
  std::string read(const Fd& from) {
    std::string all;
    char some[64];
    const poe_iovec part{some, sizeof some};
    for (;;) {
      const std::int64_t got = sys().readv(sys().ctx, from.get(), &part, 1);
      if (got < 0 && all.empty()) return "error " + std::to_string(-got);
      if (got <= 0) return all;
      all.append(some, static_cast<std::size_t>(got));
    }
  }
};
POE_ON_EVERY_LOOP(PipeTest);

TEST_P(PipeTest, OneWayCarriesBytesAndTheEndForBothKinds) {
  for (const std::optional<PipeKind> kind :
       {std::optional<PipeKind>(), std::optional(PipeKind::pipe), std::optional(PipeKind::socketpair)}) {
    auto pipe = make_one_way(sys(), kind);
    ASSERT_TRUE(pipe) << pipe.error().report();
    EXPECT_EQ(read(pipe->reader), "error " + std::to_string(EAGAIN)) << "it would block";
    write(pipe->writer, "x");
    EXPECT_EQ(read(pipe->reader), "x");
    pipe->writer.reset();
    settle();
    EXPECT_EQ(read(pipe->reader), "");
  }
}

TEST_P(PipeTest, TwoWayCarriesBytesBothWaysForBothKinds) {
  for (const std::optional<PipeKind> kind :
       {std::optional<PipeKind>(), std::optional(PipeKind::pipe), std::optional(PipeKind::socketpair)}) {
    auto pipe = make_two_way(sys(), kind);
    ASSERT_TRUE(pipe) << pipe.error().report();
    const Fd& a_out = pipe->a.output ? pipe->a.output : pipe->a.input;
    const Fd& b_out = pipe->b.output ? pipe->b.output : pipe->b.input;
    write(a_out, "to b");
    EXPECT_EQ(read(pipe->b.input), "to b");
    write(b_out, "to a");
    EXPECT_EQ(read(pipe->a.input), "to a");
  }
}

TEST_P(PipeTest, WheelsOnBothSidesOfTwoPipesTalk) {
  auto pipe = make_two_way(sys(), PipeKind::pipe);
  ASSERT_TRUE(pipe);
  make(logging(std::move(pipe->a).options()));
  const SessionId other = kernel.spawn<Bench>();
  ASSERT_TRUE(kernel.with<Bench>(other, [&](Bench& bench) {
    ReadWriteOptions options = std::move(pipe->b).options();
    options.on_record = [&bench](std::string_view line) { bench.wheel.put("echo " + std::string(line)); };
    bench.wheel = ReadWrite(bench, std::move(options));
  }));
  with_wheel([](ReadWrite& w) { w.put("hello"); });
  settle();
  EXPECT_EQ(log, (Log{"flushed", "record echo hello"}));
  with_wheel([](ReadWrite& w) { w.shutdown_output(); });  // closes that pipe
  settle();
  ASSERT_TRUE(kernel.with<Bench>(other, [](Bench& bench) { bench.wheel = ReadWrite(); }));
  settle();
  EXPECT_EQ(log.back(), "error read 0 end_of_file");
}

TEST_P(PipeTest, WritingToAPipeNobodyReadsIsAnErrorNotASignal) {
  auto pipe = make_one_way(sys());
  make(logging(ReadWriteOptions(Fd(), std::move(pipe->writer))));
  pipe->reader.reset();
  with_wheel([](ReadWrite& w) { w.put("x"); });
  settle();
  EXPECT_EQ(log, Log{"error write " + std::to_string(EPIPE) + " system"});
}

}  // namespace
}  // namespace poe::test
