// SPDX-License-Identifier: MIT
//
// The file is exchanged between the check and the opening. The moments are exact: this program's fstat() and dlopen()
// stand before libc's, and exchange the file at the call the test names.
#include <dlfcn.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <functional>

#include "outcome.hpp"
#include "refusal.hpp"

namespace poe::test {
namespace {

/// What is done before the next call of one of the two functions, once. Used by one thread.
struct Moments {
  std::function<void()> before_dlopen;
  std::function<void()> before_fstat;
};

Moments& moments() {
  static Moments all;
  return all;
}

void happen(std::function<void()>& moment) {
  const auto now = std::exchange(moment, nullptr);
  if (now) now();
}

template <class Function>
Function* next(const char* name) {
  return reinterpret_cast<Function*>(dlsym(RTLD_NEXT, name));
}

}  // namespace
}  // namespace poe::test

extern "C" __attribute__((visibility("default"))) void* dlopen(const char* file, int mode) noexcept {
  if (file && std::string_view(file).find("/fd/") != std::string_view::npos)
    poe::test::happen(poe::test::moments().before_dlopen);
  return poe::test::next<void*(const char*, int)>("dlopen")(file, mode);
}

extern "C" __attribute__((visibility("default"))) int fstat(int fd, struct stat* found) noexcept {
  const int result = poe::test::next<int(int, struct stat*)>("fstat")(fd, found);
  if (result == 0 && S_ISREG(found->st_mode)) poe::test::happen(poe::test::moments().before_fstat);
  return result;
}

namespace poe::test {
namespace {

class ExchangedPluginTest : public testing::Test {
 protected:
  void SetUp() override {
    good = box.add("good");
    impostor = box.folder("other") + "/impostor";
    std::filesystem::rename(box.add("impostor"), impostor);
  }
  void TearDown() override { moments() = {}; }

  /// As somebody who may write in the folder would: at once, so that there is a file of the name at all times.
  void exchange() {
    ASSERT_EQ(rename(impostor.c_str(), good.c_str()), 0);
    exchanged = true;
  }

  static std::string ran() {
    const char* name = std::getenv("POE_TEST_CONSTRUCTED");
    return name ? name : "nothing";
  }

  Sandbox box;
  std::string good, impostor;
  bool exchanged = false;
};

TEST_F(ExchangedPluginTest, WhatWasCheckedIsOpenedAlthoughAnotherFileHasItsNameByThen) {
  moments().before_dlopen = [&] { exchange(); };
  EXPECT_EQ(refusal(box, "good"), "loaded");
  EXPECT_TRUE(exchanged);
  EXPECT_EQ(ran(), "good");
}

/// Nobody but the file's owner can do that, who is trusted unless an allow-list says that only the content counts.
TEST_F(ExchangedPluginTest, WhatWasHashedIsOpenedAlthoughTheFilesContentIsAnotherByThen) {
  const std::string list = box.path() + "/loops.sha256";
  box.write("good", read_file(good) + "of this test alone");  // else a copy may be open already
  ASSERT_EQ(outcome_of("umask 022 && sha256sum " + good + " >" + list).code, 0);
  const std::string bytes = read_file(impostor);
  moments().before_dlopen = [&] {
    std::ofstream(good, std::ios::binary | std::ios::trunc) << bytes;  // the same file
    exchanged = true;
  };
  const auto loaded = LoopRegistry({box.path()}, list).load("good");
  EXPECT_TRUE(loaded) << loaded.error().report();
  EXPECT_TRUE(exchanged);
  EXPECT_EQ(ran(), "good");
  EXPECT_FALSE(LoopRegistry({box.path()}, list).load("good")) << "by now it is another file";
}

TEST_F(ExchangedPluginTest, AnExchangeDuringTheCheckIsNoticed) {
  moments().before_fstat = [&] { exchange(); };
  EXPECT_EQ(refusal(box, "good"),
            "poe: cannot load loop \"good\": the file was replaced while it was being checked\n"
            "  file:  SANDBOX/libpoe_loop_good.so\n"
            "  tried: look at it again\n"
            "  found: <loops>\n"
            "  do:    try again");
  EXPECT_TRUE(exchanged);
  EXPECT_EQ(ran(), "nothing");
}

}  // namespace
}  // namespace poe::test
