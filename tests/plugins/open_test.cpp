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

}  // namespace
}  // namespace poe::test
