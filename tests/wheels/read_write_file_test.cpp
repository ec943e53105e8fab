// SPDX-License-Identifier: MIT
//
// ReadWrite::put_file(): files among what is put, on every loop; in the simulated world they are read and written.
#include <cerrno>

#include "read_write_bench.hpp"
#include "sent_file.hpp"

namespace poe::test {
namespace {

constexpr std::size_t kLarge = 3 << 20;  // octets; more than a socket takes at once

class ReadWriteFileTest : public ReadWriteTest {
 protected:
  /// Lets the wheel write and reads, until nothing comes any more.
  std::string drain() {
    std::string all;
    for (int quiet = 0; quiet < 3; ++quiet) {
      const std::string part = hear();
      if (!part.empty()) quiet = 0;
      all += part;
      settle();
    }
    return all;
  }
};
POE_ON_EVERY_LOOP(ReadWriteFileTest);

TEST_P(ReadWriteFileTest, AFileLeavesBetweenWhatWasPutBeforeAndAfter) {
  const std::string text = numbered(kLarge);
  const SentFile file(sys(), text);
  make(logging());
  with_wheel([&](ReadWrite& w) {
    w.put("before");
    EXPECT_EQ(w.put_file(file.open(), 0, kLarge), Output::high);
    w.put("between");
    w.put_file(file.open(), 10, 5);
    w.put("after");
    EXPECT_EQ(w.out_octets(), 7 + kLarge + 8 + 5 + 6);
    EXPECT_EQ(w.out_messages(), 5u);
  });
  EXPECT_TRUE(drain() == "before\n" + text + "between\n" + text.substr(10, 5) + "after\n");
  with_wheel([&](ReadWrite& w) {
    EXPECT_EQ(w.out_octets(), 0u);
    EXPECT_EQ(w.out_messages(), 0u);
  });
  EXPECT_EQ(log, (Log{"high", "low", "flushed"})) << "its octets count for the marks";
}

TEST_P(ReadWriteFileTest, AFileMayBeLargerThanTheOutputLimit) {
  const std::string text = numbered(kLarge);
  const SentFile file(sys(), text);
  ReadWriteOptions options = logging();
  options.output_limit = 100;
  make(std::move(options));
  with_wheel([&](ReadWrite& w) {
    EXPECT_TRUE(w.put_file(file.open(), 0, kLarge)) << "it is not in memory";
    EXPECT_TRUE(w.put(std::string(90, 'x')));
    EXPECT_FALSE(w.put(std::string(90, 'x')));
  });
  EXPECT_TRUE(drain() == text + std::string(90, 'x') + "\n");
}

TEST_P(ReadWriteFileTest, AFileThatHasBecomeShorterIsAnErrorOfTheOutput) {
  const SentFile file(sys(), numbered(kLarge));
  std::string why;
  ReadWriteOptions options = logging();
  options.on_error = [&](const Error& error) { why = error.operation() + ": " + error.message(); };
  make(std::move(options));
  with_wheel([&](ReadWrite& w) { w.put_file(file.open(), 0, kLarge); });
  settle();
  file.cut();
  EXPECT_LT(drain().size(), kLarge);
  EXPECT_TRUE(why.starts_with("write: ")) << why;
  EXPECT_NE(why.find("shorter"), std::string::npos) << why;
  with_wheel([](ReadWrite& w) { EXPECT_EQ(w.put("x").error().code(), Errc::closed); });
}

TEST_P(ReadWriteFileTest, ShutdownWaitsForAFile) {
  const std::string text = numbered(kLarge);
  const SentFile file(sys(), text);
  make(logging());
  with_wheel([&](ReadWrite& w) {
    w.put_file(file.open(), 0, kLarge);
    w.shutdown_output();
    EXPECT_EQ(w.put_file(file.open(), 0, 1).error().code(), Errc::closed);
  });
  settle();
  EXPECT_FALSE(far_ended);
  EXPECT_TRUE(drain() == text);
  EXPECT_TRUE(far_ended);
}

TEST_P(ReadWriteFileTest, ADroppedWheelClosesItsFiles) {
  const SentFile file(sys(), numbered(kLarge));
  make(logging());
  int number = -1;
  with_wheel([&](ReadWrite& w) {
    Fd fd = file.open();
    number = fd.get();
    w.put_file(std::move(fd), 0, kLarge);
    w = ReadWrite();
  });
  settle();
  EXPECT_EQ(sys().kind(sys().ctx, number), -EBADF);
}

TEST_P(ReadWriteFileTest, APeerThatHasGoneIsAnErrorAndNoSignal) {
  const SentFile file(sys(), numbered(kLarge));
  make(logging());
  far.reset();
  with_wheel([&](ReadWrite& w) { w.put_file(file.open(), 0, kLarge); });
  settle();
  EXPECT_NE(std::find(log.begin(), log.end(), "error write " + std::to_string(EPIPE) + " system"), log.end());
}

TEST_P(ReadWriteFileTest, WhatIsNoRegularFileIsRefused) {
  const SentFile file(sys(), "text");
  make(logging());
  auto pipe = make_one_way(sys(), PipeKind::pipe);
  with_wheel([&](ReadWrite& w) {
    EXPECT_EQ(w.put_file(Fd(), 0, 1).error().code(), Errc::invalid_argument);
    EXPECT_EQ(w.put_file(std::move(pipe->reader), 0, 1).error().code(), Errc::invalid_argument);
    EXPECT_EQ(w.put_file(file.open(), UINT64_MAX, 1).error().code(), Errc::invalid_argument);
    EXPECT_EQ(w.put_file(file.open(), 1, UINT64_MAX).error().code(), Errc::invalid_argument);
    EXPECT_TRUE(w.put_file(file.open(), 0, 0));
  });
  settle();
  EXPECT_EQ(hear(), "");
  EXPECT_EQ(ReadWrite().put_file(file.open(), 0, 1).error().code(), Errc::closed);
}

}  // namespace
}  // namespace poe::test
