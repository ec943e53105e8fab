// SPDX-License-Identifier: MIT
#include "poe/wheels/stream_driver.hpp"

#include <gtest/gtest.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <random>
#include <stdexcept>
#include <vector>

#include "../heap_in_use.hpp"
#include "faulty_system.hpp"

namespace poe::test {
namespace {

struct Ends {
  Fd reader, writer;
};

Ends make_pipe(const poe_sys& sys = real_system()) {
  int ends[2] = {-1, -1};
  EXPECT_EQ(sys.pipe(sys.ctx, ends), 0);
  return {Fd(ends[0], &sys), Fd(ends[1], &sys)};
}

Ends make_sockets(const poe_sys& sys = real_system()) {
  int ends[2] = {-1, -1};
  EXPECT_EQ(sys.socketpair(sys.ctx, AF_UNIX, SOCK_STREAM, 0, ends), 0);
  return {Fd(ends[0], &sys), Fd(ends[1], &sys)};
}

// All that can be read now; EAGAIN of a faulty system is asked twice.
std::string read_all(const Fd& fd) {
  std::vector<char> buffer(StreamDriver::kReadSize);
  std::string all;
  for (int blocked = 0; blocked < 2;) {
    const auto got = StreamDriver::read(fd, buffer);
    if (!got) return all + "!" + std::string(to_string(got.error().code()));
    blocked = *got > 0 ? 0 : blocked + 1;
    all.append(buffer.data(), *got);
  }
  return all;
}

// Flushes and reads in turn until nothing is queued.
std::string carry(StreamDriver& driver, const Ends& ends) {
  std::string all;
  for (int turn = 0; turn < 1'000'000 && driver.octets() > 0; ++turn) {
    const auto left = driver.flush(ends.writer);
    EXPECT_TRUE(left) << left.error().message();
    if (!left) break;
    all += read_all(ends.reader);
  }
  EXPECT_EQ(driver.octets(), 0U);
  EXPECT_EQ(driver.messages(), 0U);
  return all;
}

// One without a name.
Fd temporary_file(std::string_view text) {
  char path[] = "/tmp/poe_driver_XXXXXX";
  Fd file(mkstemp(path));
  unlink(path);
  EXPECT_EQ(write(file.get(), text.data(), text.size()), static_cast<ssize_t>(text.size()));
  return file;
}

std::string random_text(std::mt19937& random, std::size_t size) {
  std::string text(size, '\0');
  for (char& c : text) c = static_cast<char>(random());
  return text;
}

TEST(StreamDriverReadTest, GivesBytesThenWouldBlockThenEndOfFileP114) {
  Ends pipe = make_pipe();
  std::vector<char> buffer(100);
  EXPECT_EQ(*StreamDriver::read(pipe.reader, buffer), 0U);
  StreamDriver driver;
  ASSERT_TRUE(driver.put("hello"));
  ASSERT_EQ(*driver.flush(pipe.writer), 0U);
  EXPECT_EQ(*StreamDriver::read(pipe.reader, buffer), 5U);
  EXPECT_EQ(std::string_view(buffer.data(), 5), "hello");
  pipe.writer.reset();
  const auto end = StreamDriver::read(pipe.reader, buffer);
  ASSERT_FALSE(end);
  EXPECT_EQ(end.error().code(), Errc::end_of_file);
  EXPECT_EQ(end.error().operation(), "read");
  EXPECT_EQ(end.error().number(), 0);
}

TEST(StreamDriverReadTest, FailureNamesTheSystemsReason) {
  std::vector<char> buffer(1);
  const auto got = StreamDriver::read(Fd(), buffer);
  ASSERT_FALSE(got);
  EXPECT_EQ(got.error().number(), EBADF);
}

TEST(StreamDriverTest, CountsOctetsAndMessagesUntilTheyAreWritten) {
  const Ends pipe = make_pipe();
  StreamDriver driver;
  ASSERT_TRUE(driver.put("one"));
  ASSERT_TRUE(driver.put("three"));
  EXPECT_EQ(driver.octets(), 8U);
  EXPECT_EQ(driver.messages(), 2U);
  EXPECT_EQ(*driver.flush(pipe.writer), 0U);
  EXPECT_EQ(driver.messages(), 0U);
  EXPECT_EQ(read_all(pipe.reader), "onethree");
}

TEST(StreamDriverTest, EmptyMessageIsDroppedP118) {
  StreamDriver driver;
  ASSERT_TRUE(driver.put(""));
  ASSERT_TRUE(driver.put_owned(std::string()));
  ASSERT_TRUE(driver.compose([](std::string&) -> Result<void> { return {}; }));
  EXPECT_EQ(driver.messages(), 0U);
  EXPECT_EQ(*driver.flush(Fd()), 0U) << "nothing to write, so the descriptor is not asked";
}

TEST(StreamDriverTest, PartlyWrittenMessageStillCounts) {
  FaultySystem system;
  system.most = 4;
  StreamDriverOptions options;
  options.max_flush = 4;
  const Ends pipe = make_pipe(system.table);
  StreamDriver driver(options);
  ASSERT_TRUE(driver.put("abc"));
  ASSERT_TRUE(driver.put("def"));
  EXPECT_EQ(*driver.flush(pipe.writer), 2U);
  EXPECT_EQ(driver.messages(), 1U);
  ASSERT_TRUE(driver.put("ghi"));
  EXPECT_EQ(driver.messages(), 2U);
  EXPECT_EQ(*driver.flush(pipe.writer), 1U);
  EXPECT_EQ(driver.messages(), 1U);
  EXPECT_EQ(*driver.flush(pipe.writer), 0U);
  EXPECT_EQ(driver.messages(), 0U);
  EXPECT_EQ(read_all(pipe.reader), "abcdefghi");
}

TEST(StreamDriverTest, SocketsAreWrittenWithSendmsgAndPipesWithWritev) {
  FaultySystem system;
  const Ends pipe = make_pipe(system.table), sockets = make_sockets(system.table);
  StreamDriver to_pipe, to_socket;
  ASSERT_TRUE(to_pipe.put("x"));
  ASSERT_TRUE(to_socket.put("x"));
  EXPECT_EQ(*to_pipe.flush(pipe.writer), 0U);
  EXPECT_EQ(*to_socket.flush(sockets.writer), 0U);
  EXPECT_EQ(system.pipe_writes, 1);
  EXPECT_EQ(system.socket_writes, 1);
}

TEST(StreamDriverTest, SmallMessagesGoOutInOneWriteAndLargeOnesAreNotCopied) {
  FaultySystem system;
  const Ends sockets = make_sockets(system.table);
  StreamDriver driver;
  for (int i = 0; i < 100; ++i) ASSERT_TRUE(driver.put("line\n"));
  EXPECT_EQ(*driver.flush(sockets.writer), 0U);
  EXPECT_EQ(system.socket_writes, 1);
  EXPECT_EQ(system.parts, 1);
  std::string large(10'000, 'L');
  ASSERT_TRUE(driver.put("head "));
  ASSERT_TRUE(driver.put_owned(std::move(large)));
  EXPECT_TRUE(large.empty());  // NOLINT(bugprone-use-after-move): that it was moved is the point
  ASSERT_TRUE(driver.put("tail"));
  EXPECT_EQ(*driver.flush(sockets.writer), 0U);
  EXPECT_EQ(system.socket_writes, 2) << "head, the large one and tail in one call";
  EXPECT_EQ(system.parts, 2);
}

TEST(StreamDriverTest, MorePartsThanOneWriteTakesAllArriveInOrder) {
  const Ends sockets = make_sockets();
  StreamDriver driver;
  std::string expected;
  for (int i = 0; i < 300; ++i) {
    std::string message(5000, static_cast<char>('a' + i % 26));
    expected += message;
    ASSERT_TRUE(driver.put_owned(std::move(message)));
  }
  EXPECT_TRUE(carry(driver, sockets) == expected);
}

TEST(StreamDriverTest, FullPipeKeepsTheRestWithoutAnError) {
  const Ends pipe = make_pipe();
  StreamDriver driver;
  ASSERT_TRUE(driver.put_owned(std::string(1 << 20, 'x')));
  const auto left = driver.flush(pipe.writer);
  ASSERT_TRUE(left);
  EXPECT_GT(*left, 0U);
  EXPECT_EQ(driver.octets(), *left);
  EXPECT_EQ(driver.messages(), 1U);
  EXPECT_EQ(*driver.flush(pipe.writer), *left) << "still full";
}

TEST(StreamDriverTest, OneFlushWritesNoMoreThanItsShare) {
  const Ends sockets = make_sockets();
  StreamDriverOptions options;
  options.max_flush = 1000;
  StreamDriver driver(options);
  ASSERT_TRUE(driver.put_owned(std::string(2500, 'x')));
  EXPECT_EQ(*driver.flush(sockets.writer), 1500U);
  EXPECT_EQ(*driver.flush(sockets.writer), 500U);
  EXPECT_EQ(*driver.flush(sockets.writer), 0U);
}

TEST(StreamDriverTest, GoneReaderIsAnErrorAndTheQueueStaysP115R55) {
  Ends pipe = make_pipe(), sockets = make_sockets();
  for (Ends* ends : {&pipe, &sockets}) {
    StreamDriver driver;
    ASSERT_TRUE(driver.put("kept"));
    ends->reader.reset();
    const auto flushed = driver.flush(ends->writer);
    ASSERT_FALSE(flushed);
    EXPECT_EQ(flushed.error().number(), EPIPE);
    EXPECT_EQ(flushed.error().operation(), "write");
    EXPECT_EQ(driver.octets(), 4U);
    EXPECT_EQ(driver.messages(), 1U);
  }
}

TEST(StreamDriverTest, QueueIsBoundedAndARefusedMessageLosesNothing) {
  const Ends pipe = make_pipe();
  StreamDriverOptions options;
  options.max_queued = 10'000;
  StreamDriver driver(options);
  ASSERT_TRUE(driver.put("kept"));
  std::string large(9'997, 'x');
  const auto refused = driver.put_owned(std::move(large));
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code(), Errc::limit);
  EXPECT_EQ(large.size(), 9'997U) << "left with the caller";  // NOLINT(bugprone-use-after-move)
  EXPECT_FALSE(driver.put(std::string_view(large)));
  EXPECT_FALSE(driver.compose([&](std::string& out) -> Result<void> { return out += large, Result<void>(); }));
  EXPECT_EQ(driver.octets(), 4U);
  EXPECT_EQ(driver.messages(), 1U);
  large.pop_back();
  EXPECT_TRUE(driver.put_owned(std::move(large))) << "exactly the limit fits";
  EXPECT_EQ(driver.octets(), 10'000U);
  EXPECT_EQ(carry(driver, pipe).size(), 10'000U);
}

TEST(StreamDriverTest, ComposedMessageIsWrittenStraightIntoTheQueue) {
  const Ends pipe = make_pipe();
  StreamDriver driver;
  ASSERT_TRUE(driver.put("a"));
  ASSERT_TRUE(driver.compose([](std::string& out) -> Result<void> {
    out += "b\n";
    return {};
  }));
  EXPECT_EQ(driver.messages(), 2U);
  EXPECT_EQ(carry(driver, pipe), "ab\n");
}

TEST(StreamDriverTest, ARecordAndItsEndingAreOneMessage) {
  const Ends pipe = make_pipe();
  StreamDriver driver;
  ASSERT_TRUE(driver.put("hello", "\n"));
  ASSERT_TRUE(driver.put("", ""));
  ASSERT_TRUE(driver.put("", "\r\n"));
  ASSERT_TRUE(driver.put("x", ""));
  EXPECT_EQ(driver.messages(), 3U);
  EXPECT_EQ(carry(driver, pipe), "hello\n\r\nx");
}

TEST(StreamDriverTest, FailedOrThrowingComposerQueuesNothing) {
  const Ends pipe = make_pipe();
  for (const bool with_former : {false, true}) {
    StreamDriver driver;
    if (with_former) {
      ASSERT_TRUE(driver.put("a"));
    }
    const auto failed = driver.compose([](std::string& out) -> Result<void> {
      out += "half";
      return failure(Errc::invalid_argument, "encode");
    });
    ASSERT_FALSE(failed);
    EXPECT_EQ(failed.error().code(), Errc::invalid_argument);
    EXPECT_THROW((void)driver.compose([](std::string& out) -> Result<void> {
      out += "half";
      throw std::runtime_error("encoder");
    }),
                 std::runtime_error);
    EXPECT_EQ(driver.octets(), with_former ? 1U : 0U);
    ASSERT_TRUE(driver.put("z"));
    EXPECT_EQ(carry(driver, pipe), with_former ? "az" : "z");
  }
}

TEST(StreamDriverTest, ComposingBehindAPartlyWrittenMessageKeepsBoth) {
  FaultySystem system;
  StreamDriverOptions options;
  options.max_flush = 2;
  const Ends pipe = make_pipe(system.table);
  StreamDriver driver(options);
  ASSERT_TRUE(driver.put("abc"));
  EXPECT_EQ(*driver.flush(pipe.writer), 1U);
  EXPECT_FALSE(driver.compose([](std::string& out) -> Result<void> {
    out += "lost";
    return failure(Errc::invalid_argument, "encode");
  }));
  ASSERT_TRUE(driver.put("def"));
  EXPECT_EQ(carry(driver, pipe), "abcdef");
}

/// Of the heap; a sanitizer's counts nothing.
class StreamDriverHeapTest : public testing::Test {
 protected:
#ifdef POE_TEST_SANITIZED
  void SetUp() override { GTEST_SKIP() << "a sanitizer's heap counts nothing"; }
#endif
};

TEST_F(StreamDriverHeapTest, AnIdleDriverHoldsNoHeap) {
  std::vector<StreamDriver> drivers;
  drivers.reserve(100);
  const std::size_t before = heap_in_use();
  for (int i = 0; i < 100; ++i) drivers.emplace_back();
  EXPECT_EQ(heap_in_use(), before);
}

TEST_F(StreamDriverHeapTest, ADrainedDriverHoldsNextToNothing) {
  const Ends ends = make_pipe();
  const auto fill_and_drain = [&](StreamDriver& driver) {
    for (int i = 0; i < 10; ++i) ASSERT_TRUE(driver.put_owned(std::string(20'000, 'x')));
    EXPECT_EQ(carry(driver, ends).size(), 200'000U);
  };
  {
    StreamDriver first;  // what malloc keeps for this thread is there after one round
    fill_and_drain(first);
  }
  StreamDriver driver;
  const std::size_t before = heap_in_use();
  fill_and_drain(driver);
  EXPECT_LT(heap_in_use(), before + 512) << "room for a few chunks";
}

TEST_F(StreamDriverHeapTest, APartlyDrainedQueueGivesItsMemoryBack) {
  const Ends ends = make_pipe();
  StreamDriver driver;
  const std::size_t before = heap_in_use();
  std::string sent;
  for (int i = 0; i < 40; ++i) {
    sent += std::string(20'000, static_cast<char>('a' + i % 26));
    ASSERT_TRUE(driver.put_owned(sent.substr(sent.size() - 20'000)));
  }
  std::string all;
  while (driver.messages() > 4) {
    ASSERT_TRUE(driver.flush(ends.writer));
    all += read_all(ends.reader);
  }
  const std::size_t texts = sent.capacity() + all.capacity();
  EXPECT_LT(heap_in_use(), before + texts + 160'000) << "of 800 000 octets";
  all += carry(driver, ends);
  EXPECT_EQ(all, sent);
}

// Of texts put one after the other: how many are not written when so many octets are.
std::size_t unwritten(const std::vector<std::size_t>& sizes, std::size_t written) {
  std::size_t end = 0;
  return static_cast<std::size_t>(
      std::count_if(sizes.begin(), sizes.end(), [&](std::size_t size) { return (end += size) > written; }));
}

TEST(StreamDriverTest, BurstsOfSmallMessagesOfAllKindsAreCountedAndArriveInOrder) {
  FaultySystem system;
  system.most = 1000;
  const Ends ends = make_sockets(system.table);
  std::mt19937 random(11);
  StreamDriver driver;
  std::string sent, got;
  std::vector<std::size_t> sizes;
  for (int burst = 0; burst < 40; ++burst) {
    for (auto i = random() % 1500; i > 0; --i) {
      const std::string text = random_text(random, 1 + random() % 40);
      if (random() % 4 == 0) {
        ASSERT_TRUE(driver.compose([&](std::string& out) { return out += text, Result<void>(); }));
        sizes.push_back(text.size());
        sent += text;
      } else {
        ASSERT_TRUE(driver.put(text, "\r\n"));
        sizes.push_back(text.size() + 2);
        sent += text + "\r\n";
      }
      if (random() % 16 == 0) {
        EXPECT_FALSE(driver.compose([](std::string& out) -> Result<void> {
          out += "half a record";
          return failure(Errc::invalid_argument, "encode");
        }));
      }
    }
    ASSERT_TRUE(driver.flush(ends.writer));
    EXPECT_EQ(driver.messages(), unwritten(sizes, sent.size() - driver.octets()));
    got += read_all(ends.reader);
  }
  got += carry(driver, ends);
  EXPECT_TRUE(got == sent) << got.size() << " of " << sent.size() << " octets";
}

TEST(StreamDriverTest, ClearedQueueWritesNothing) {
  const Ends pipe = make_pipe();
  StreamDriver driver;
  ASSERT_TRUE(driver.put("gone"));
  driver.clear();
  EXPECT_EQ(driver.octets(), 0U);
  EXPECT_EQ(*driver.flush(pipe.writer), 0U);
  ASSERT_TRUE(driver.put("here"));
  EXPECT_EQ(carry(driver, pipe), "here");
}

struct Faults {
  const char* name;
  std::uint64_t most;
  bool blocks_first;
  int interrupt_every;
  bool sockets;
};

void PrintTo(const Faults& faults, std::ostream* os) { *os << faults.name; }

class StreamDriverFaultsTest : public testing::TestWithParam<Faults> {};

TEST_P(StreamDriverFaultsTest, EveryOctetArrivesOnceAndInOrder) {
  FaultySystem system;
  system.most = GetParam().most;
  system.blocks_first = GetParam().blocks_first;
  system.interrupt_every = GetParam().interrupt_every;
  const Ends ends = GetParam().sockets ? make_sockets(system.table) : make_pipe(system.table);
  std::mt19937 random(7);
  StreamDriver driver;
  std::string sent, got;
  for (int i = 0; i < 60; ++i) {
    std::string message = random_text(random, i % 10 == 9 ? 6000 : random() % 200);
    sent += message;
    const auto put = i % 3 == 0   ? driver.put(std::string_view(message))
                     : i % 3 == 1 ? driver.put_owned(std::move(message))
                                  : driver.compose([&](std::string& out) { return out += message, Result<void>(); });
    ASSERT_TRUE(put);
    if (i % 7 != 0) continue;
    ASSERT_TRUE(driver.flush(ends.writer));
    got += read_all(ends.reader);
  }
  got += carry(driver, ends);
  EXPECT_TRUE(got == sent) << got.size() << " of " << sent.size() << " octets";
}

INSTANTIATE_TEST_SUITE_P(
    Faults, StreamDriverFaultsTest,
    testing::Values(Faults{"NonePipe", 0, false, 0, false}, Faults{"NoneSocket", 0, false, 0, true},
                    Faults{"ShortPipe", 3, false, 0, false}, Faults{"ShortSocket", 7, false, 0, true},
                    Faults{"BlocksPipe", 0, true, 0, false}, Faults{"BlocksSocket", 0, true, 0, true},
                    Faults{"EintrPipe", 0, false, 3, false}, Faults{"EintrSocket", 0, false, 3, true},
                    Faults{"AllPipe", 5, true, 3, false}, Faults{"AllSocket", 5, true, 3, true}),
    [](const auto& info) { return std::string(info.param.name); });

TEST(StreamDriverFileTest, ATableThatWrapsWritingSeesAllOfAFile) {
  FaultySystem faulty;
  faulty.most = 1000;
  faulty.blocks_first = true;
  const Ends ends = make_sockets(faulty.table);
  std::mt19937 random(7);
  const std::string text = random_text(random, 200'000);
  StreamDriver driver;
  EXPECT_TRUE(driver.put("head"));
  driver.put_file(temporary_file(text), 3, text.size() - 3);
  EXPECT_TRUE(driver.put("tail"));
  EXPECT_EQ(driver.octets(), text.size() + 5);
  EXPECT_EQ(driver.octets_in_memory(), 8U);
  EXPECT_EQ(driver.messages(), 3U);
  EXPECT_TRUE(carry(driver, ends) == "head" + text.substr(3) + "tail");
  EXPECT_GT(faulty.socket_writes, 200);
}

TEST(StreamDriverFileTest, OneFlushSendsNoMoreThanItsBudget) {
  const Ends ends = make_sockets();
  StreamDriverOptions options;
  options.max_flush = 1000;
  StreamDriver driver(options);
  driver.put_file(temporary_file(std::string(5000, 'x')), 0, 5000);
  EXPECT_EQ(driver.flush(ends.writer), 4000U);
  driver.clear();
  EXPECT_EQ(driver.octets(), 0U);
  EXPECT_EQ(driver.messages(), 0U);
}

}  // namespace
}  // namespace poe::test
