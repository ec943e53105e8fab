// SPDX-License-Identifier: MIT
//
// Without /proc, as in a bare chroot: only by its name can a file be opened there. This program's access() stands
// before libc's, and answers for /proc as if it were not mounted.
#include <dlfcn.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <cerrno>
#include <string_view>

#include "outcome.hpp"
#include "refusal.hpp"

namespace poe::test {
namespace {

/// Used by one thread.
bool& proc_is_missing() {
  static bool missing = false;
  return missing;
}

}  // namespace
}  // namespace poe::test

extern "C" __attribute__((visibility("default"))) int access(const char* path, int mode) noexcept {
  if (poe::test::proc_is_missing() && std::string_view(path).starts_with("/proc/")) return errno = ENOENT, -1;
  return reinterpret_cast<int (*)(const char*, int)>(dlsym(RTLD_NEXT, "access"))(path, mode);
}

namespace poe::test {
namespace {

class NoProcTest : public testing::Test {
 protected:
  void SetUp() override {
    good = box.add("good");
    box.write("good", read_file(good) + "of a test without /proc");  // else it may be open already
    list = box.path() + "/loops.sha256";
    ASSERT_EQ(outcome_of("umask 022 && sha256sum " + good + " >" + list).code, 0);
  }
  void TearDown() override { proc_is_missing() = false; }

  Sandbox box;
  std::string good, list;
};

// The name leads to the file, whose owner may write it anew after the copy was hashed.
TEST_F(NoProcTest, WhatAnAllowListHasIsRefusedForOnlyTheCopyWasHashed) {
  proc_is_missing() = true;
  const auto loaded = LoopRegistry({box.path()}, list).load("good");
  ASSERT_FALSE(loaded);
  EXPECT_EQ(loaded.error().code(), Errc::untrusted);
  EXPECT_EQ(
      whole(loaded.error(), box),
      "poe: cannot load loop \"good\": /proc is not mounted, and only through it can the copy that was held to the "
      "allow-list be opened\n"
      "  file:  SANDBOX/libpoe_loop_good.so\n"
      "  tried: dlopen\n"
      "  found: <loops>\n"
      "  do:    mount /proc, or use no allow-list");
  EXPECT_FALSE(code_ran());
  proc_is_missing() = false;
  EXPECT_TRUE(LoopRegistry({box.path()}, list).load("good")) << "it was not refused for another reason";
}

TEST_F(NoProcTest, WithoutAnAllowListTheNameIsOpened) {
  proc_is_missing() = true;
  EXPECT_EQ(refusal(box, "good"), "loaded");
  EXPECT_TRUE(code_ran());
}

}  // namespace
}  // namespace poe::test
