// SPDX-License-Identifier: MIT
// Pipes of the simulated world.
#include "sim_fixture.hpp"

namespace poe::test {
namespace {

struct Pipe {
  explicit Pipe(Sim& sim) {
    int pair[2] = {-1, -1};
    EXPECT_EQ(sim.sys->pipe(sim.sys->ctx, pair), 0);
    reader = pair[0];
    writer = pair[1];
  }
  int reader, writer;
};

TEST(SimPipeTest, BytesComeOutInOrderAndAtOnce) {
  Sim sim(plain());
  const Pipe pipe(sim);
  EXPECT_EQ(sim.send(pipe.writer, "hello "), 6);
  EXPECT_EQ(sim.send(pipe.writer, "world"), 5);
  EXPECT_EQ(sim.receive(pipe.reader, 3), "hel");
  EXPECT_EQ(sim.receive(pipe.reader), "lo world");
  sim.receive(pipe.reader);
  EXPECT_EQ(sim.result, -EAGAIN);
}

TEST(SimPipeTest, PartsAreReadAndWrittenInOrder) {
  Sim sim(plain());
  const Pipe pipe(sim);
  char one[] = "ab", two[] = "cde";
  const poe_iovec out[] = {{one, 2}, {nullptr, 0}, {two, 3}};
  EXPECT_EQ(sim.sys->writev(sim.sys->ctx, pipe.writer, out, 3), 5);
  char first[4] = {}, second[8] = {};
  const poe_iovec in[] = {{first, 3}, {second, 7}};
  EXPECT_EQ(sim.sys->readv(sim.sys->ctx, pipe.reader, in, 2), 5);
  EXPECT_STREQ(first, "abc");
  EXPECT_STREQ(second, "de");
}

TEST(SimPipeTest, AFullPipeIsWritableAgainOnceRead) {
  Sim sim(plain());
  const Pipe pipe(sim);
  EXPECT_EQ(sim.events(pipe.writer, POE_WRITE), POE_WRITE);
  EXPECT_EQ(sim.send(pipe.writer, std::string(100'000, 'x')), 65'536) << "bounded: the rest is not taken";
  EXPECT_EQ(sim.send(pipe.writer, "y"), -EAGAIN);
  EXPECT_EQ(sim.events(pipe.writer, POE_WRITE), 0U);
  EXPECT_EQ(sim.receive(pipe.reader, 4096).size(), 4096U);
  EXPECT_EQ(sim.events(pipe.writer, POE_WRITE), POE_WRITE);
}

TEST(SimPipeTest, SmallWritesAreWholeOrNothing) {
  Sim sim;  // with short counts
  const Pipe pipe(sim);
  size_t taken = 0;
  for (;;) {
    const int64_t count = sim.send(pipe.writer, std::string(1000, 'x'));
    if (count == -EAGAIN) break;
    ASSERT_EQ(count, 1000);
    taken += 1000;
  }
  EXPECT_EQ(taken, 65'000U);
}

TEST(SimPipeTest, ReadsAreShortNowAndThenButNeverEmpty) {
  Sim sim;
  const Pipe pipe(sim);
  int shorts = 0;
  for (int round = 0; round < 100; ++round) {
    sim.send(pipe.writer, std::string(100, 'x'));
    for (size_t left = 100; left > 0;) {
      const size_t count = sim.receive(pipe.reader).size();
      ASSERT_GT(count, 0U);
      if (count < left) ++shorts;
      left -= count;
    }
  }
  EXPECT_GT(shorts, 10);
  EXPECT_LT(shorts, 100);
}

TEST(SimPipeTest, AClosedWriterIsAHangUpAfterTheLastByte) {
  Sim sim(plain());
  const Pipe pipe(sim);
  sim.send(pipe.writer, "end");
  sim.close(pipe.writer);
  EXPECT_EQ(sim.events(pipe.reader, POE_READ), POE_READ | POE_HANGUP);
  EXPECT_EQ(sim.receive(pipe.reader), "end");
  EXPECT_EQ(sim.events(pipe.reader, POE_READ), POE_READ | POE_HANGUP);
  sim.receive(pipe.reader);
  EXPECT_EQ(sim.result, 0);
}

TEST(SimPipeTest, AClosedReaderBreaksThePipe) {
  Sim sim(plain());
  const Pipe pipe(sim);
  sim.close(pipe.reader);
  EXPECT_EQ(sim.events(pipe.writer, POE_WRITE), POE_WRITE | POE_ERROR);
  EXPECT_EQ(sim.send(pipe.writer, "x"), -EPIPE);
}

}  // namespace
}  // namespace poe::test
