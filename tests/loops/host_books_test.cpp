// SPDX-License-Identifier: MIT
//
// poe::loop::Host keeps the books of a bridge: what it calls of the kernel's, and when.
#include "poe/loop/host.hpp"

#include <gtest/gtest.h>

#include <vector>

namespace poe::test {
namespace {

struct Heard {
  int errors = 0;
  std::vector<std::uint32_t> turns;
};

poe_host host_of(Heard& heard) {
  poe_host host{};
  host.struct_size = sizeof host;
  host.ctx = &heard;
  host.ready = [](void*, std::uint64_t, std::uint32_t) {};
  host.turn = [](void* self, std::uint32_t reasons) { static_cast<Heard*>(self)->turns.push_back(reasons); };
  host.error = [](void* self, std::uint64_t, std::int32_t, std::int32_t, const char*) {
    ++static_cast<Heard*>(self)->errors;
  };
  return host;
}

class HostBooks : public testing::Test {
 protected:
  HostBooks() { books.host = &kernel; }

  Heard heard;
  poe_host kernel = host_of(heard);
  loop::Ledger books;
  loop::Host host{books};
};

TEST_F(HostBooks, NoReasonIsNoTurn) {
  host.turn(0);
  EXPECT_TRUE(heard.turns.empty());
}

TEST_F(HostBooks, AWatchThatBrokeHasItsTurn) {
  host.error(7, -EBADF, EBADF, "it broke");
  EXPECT_EQ(heard.errors, 1);
  host.turn(0);
  host.turn(0);
  EXPECT_EQ(heard.turns, std::vector<std::uint32_t>{POE_TURN_READY});
}

TEST_F(HostBooks, AnOpThatFailsHasNone) {
  host.error(0, -EBADF, EBADF, "refused");
  host.turn(0);
  EXPECT_TRUE(heard.turns.empty());
}

TEST_F(HostBooks, AClosingLoopHasNone) {
  books.closing = true;
  host.error(7, -EBADF, EBADF, "it broke");
  host.turn(POE_TURN_WOKEN);
  EXPECT_EQ(heard.errors, 1);
  EXPECT_TRUE(heard.turns.empty());
}

}  // namespace
}  // namespace poe::test
