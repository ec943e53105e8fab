// SPDX-License-Identifier: MIT
//
// Hosts that die before their guests have left, where the library lets a bridge see that.
#include <dlfcn.h>
#include <gtest/gtest.h>
#include <poe/loop_kit.h>

#include <string>

#include "built_loop.hpp"

namespace poe::test {
namespace {

/// A kernel that answers host_gone() as the real one does.
struct Guest {
  const poe_loop_plugin* plugin = nullptr;
  poe_loop* loop = nullptr;
  int gone = 0;
  int closed = 0;
};

Guest& at(void* guest) { return *static_cast<Guest*>(guest); }

poe_host host_of(Guest& guest) {
  poe_host host{};
  host.struct_size = sizeof host;
  host.ctx = &guest;
  host.ready = [](void*, std::uint64_t, std::uint32_t) {};
  host.turn = [](void*, std::uint32_t) {};
  host.closed = [](void* g) { ++at(g).closed; };
  host.host_gone = [](void* g) {
    ++at(g).gone;
    at(g).plugin->ops->abandon(at(g).loop);
  };
  return host;
}

class HostGone : public testing::TestWithParam<const char*> {
 protected:
  void SetUp() override {
    std::string why;
    guest.plugin = open_plugin(GetParam(), why);
    foreign = host_for(GetParam());
    if (!guest.plugin || !foreign) GTEST_SKIP() << "not built: " << why;
    program = foreign->make();
    poe_create how{};
    how.struct_size = sizeof how;
    how.host = &host;
    how.foreign = foreign->native(program);
    ASSERT_EQ(guest.plugin->ops->create(&how, &guest.loop), 0);
  }

  /// Ends the host with its guest in it, as its library lets a program do that.
  void end_host() {
    if (std::string(GetParam()) == "sdevent") exit_and_run();
    foreign->destroy(program);
  }

  /// sd_event_exit(), and the last rounds, in which the exit sources are served.
  void exit_and_run() {
    void* library = dlopen("libsystemd.so.0", RTLD_LAZY | RTLD_NOLOAD);
    ASSERT_NE(library, nullptr);
    const auto leave = reinterpret_cast<int (*)(void*, int)>(dlsym(library, "sd_event_exit"));
    ASSERT_NE(leave, nullptr);
    EXPECT_EQ(leave(foreign->native(program), 0), 0);
    foreign->run(program, 100'000'000);
    dlclose(library);
  }

  Guest guest;
  poe_host host = host_of(guest);
  const poe_kit_foreign* foreign = nullptr;
  void* program = nullptr;
};

TEST_P(HostGone, IsToldOnceAndThenAbandonedPain45) {
  guest.plugin->ops->arm(guest.loop, POE_NOW_NS);
  end_host();
  EXPECT_EQ(guest.gone, 1);
  EXPECT_EQ(guest.closed, 0);
}

TEST_P(HostGone, BringsTheEndOfAGuestThatLeaves) {
  guest.plugin->ops->close(guest.loop);
  end_host();
  EXPECT_EQ(guest.gone, 0);
  EXPECT_EQ(guest.closed, 1);
}

INSTANTIATE_TEST_SUITE_P(Loops, HostGone, testing::Values("glib", "asio", "sdevent"));

}  // namespace
}  // namespace poe::test
