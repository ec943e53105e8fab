// SPDX-License-Identifier: MIT
//
// open_kernel(): a wrong loop is an error before there is a kernel, a right one runs a session.
#include <gtest/gtest.h>
#include <sys/stat.h>

#include "poe/open.hpp"
#include "refusal.hpp"

namespace poe::test {
namespace {

TEST(OpenKernelTest, AWrongNameFailsAtOnce) {
  Sandbox box;
  box.environment("POE_EVENT_LOOP", "nonesuch");
  const auto opened = open_kernel();
  ASSERT_FALSE(opened);
  EXPECT_EQ(opened.error().code(), Errc::no_loop);
  EXPECT_EQ(opened.error().message(),
            "cannot load loop \"nonesuch\": there is no libpoe_loop_nonesuch.so in the search path");
}

TEST(OpenKernelTest, AnUntrustedPluginFailsAtOnce) {
  Sandbox box;
  const std::string path = box.add("good");
  chmod(path.c_str(), 0666);
  const auto opened = open_kernel({"good", {box.path()}, {}});
  ASSERT_FALSE(opened);
  EXPECT_EQ(opened.error().code(), Errc::untrusted);
}

TEST(OpenKernelTest, TheArgumentWinsOverTheEnvironment) {
  Sandbox box;
  box.add("good");
  box.environment("POE_EVENT_LOOP", "nonesuch");
  EXPECT_TRUE(open_kernel({"good", {box.path()}, {}}));
}

TEST(OpenKernelTest, ASessionRunsOnTheLoopItFinds) {
  Sandbox box;
  auto kernel = open_kernel();
  ASSERT_TRUE(kernel) << kernel.error().report();
  int starts = 0;
  kernel->spawn(Inline<int>(0).on(start, [&](int&, Self&) { ++starts; }));
  const auto ran = kernel->run();
  ASSERT_TRUE(ran) << ran.error().report();
  EXPECT_EQ(starts, 1);
  EXPECT_NE(kernel->why_this_loop().find("chosen"), std::string::npos) << kernel->why_this_loop();
}

/// Keeps what is logged.
class KeptLines final : public LogSink {
 public:
  LogLevel threshold() const noexcept override { return LogLevel::debug; }
  void write(LogLevel, std::string_view line) noexcept override { text.append(line).push_back('\n'); }
  std::string text;
};

TEST(OpenKernelTest, TheEnvironmentAddsTracesAndAsserts) {
  Sandbox box;
  box.environment("POE_TRACE", "events");
  box.environment("POE_ASSERT", "usage");
  KeptLines log;
  OpenOptions options;
  options.kernel.log = &log;
  options.kernel.trace = Trace::sessions;
  auto kernel = open_kernel(std::move(options));
  ASSERT_TRUE(kernel) << kernel.error().report();
  const SessionId id = kernel->spawn(Inline<int>(0).on(start, [](int&, Self&) {}));
  ASSERT_TRUE(kernel->run());
  EXPECT_NE(log.text.find("trace: session"), std::string::npos) << "the program's own flag: " << log.text;
  EXPECT_NE(log.text.find("_start"), std::string::npos) << "POE_TRACE: " << log.text;
  EXPECT_FALSE(kernel->post(id, start));
  EXPECT_NE(log.text.find("assertion failed"), std::string::npos) << "POE_ASSERT: " << log.text;
}

TEST(OpenKernelTest, AWrongTraceWordIsAnErrorThatNamesTheVariable) {
  for (const char* name : {"POE_TRACE", "POE_ASSERT"}) {
    Sandbox box;
    box.environment(name, "evnts");
    const auto opened = open_kernel();
    ASSERT_FALSE(opened);
    EXPECT_NE(opened.error().report().find("evnts"), std::string::npos);
    EXPECT_NE(opened.error().report().find(name), std::string::npos) << opened.error().report();
  }
}

}  // namespace
}  // namespace poe::test
