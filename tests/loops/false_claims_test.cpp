// SPDX-License-Identifier: MIT
//
// Real bridges that claim what is not true of them: the guest checks and those of capabilities can fail, too.
#include <gtest/gtest.h>
#include <poe/loop_kit.h>

#include <ostream>
#include <string>

#include "built_loop.hpp"

namespace poe::test {
namespace {

struct Claim {
  const char* loop;
  unsigned capability;  // said to be the other way round
  const char* caught_by;
};

void PrintTo(const Claim& claim, std::ostream* to) { *to << claim.loop << ' ' << claim.caught_by; }

class FalseClaims : public testing::TestWithParam<Claim> {};

const poe_kit_check* find_check(const std::string& name) {
  for (std::size_t i = 0; i < poe_kit_count(); ++i)
    if (poe_kit_at(i)->name == name) return poe_kit_at(i);
  return nullptr;
}

TEST_P(FalseClaims, AreCaught) {
  std::string why;
  const poe_loop_plugin* honest = open_plugin(GetParam().loop, why);
  if (honest == nullptr) GTEST_SKIP() << "not built: " << why;
  poe_loop_plugin liar = *honest;
  liar.capabilities[0] ^= std::uint64_t{1} << GetParam().capability;
  const poe_kit_target target{sizeof(poe_kit_target), 0, &liar, nullptr, 0, host_for(GetParam().loop)};
  const poe_kit_check* check = find_check(GetParam().caught_by);
  ASSERT_NE(check, nullptr) << "no such check: " << GetParam().caught_by;
  char text[512] = "";
  EXPECT_EQ(poe_kit_run(check, &target, text, sizeof text), POE_KIT_FAIL)
      << GetParam().loop << " with capability " << GetParam().capability << " turned round went unnoticed";
}

INSTANTIATE_TEST_SUITE_P(Loops, FalseClaims,
                         testing::Values(Claim{"uv", POE_CAP_UNREF, "guest.hold_as_declared"},
                                         Claim{"uv", POE_CAP_NESTED_STEP, "guest.step_inside_turn_as_declared"},
                                         Claim{"uv", POE_CAP_NESTED_STEP, "drive.run_inside_turn_as_declared"},
                                         Claim{"uv", POE_CAP_NESTED_REPORT, "nesting.inner_run_delivers"},
                                         Claim{"uv", POE_CAP_REGULAR_FILES, "descriptors.regular_file_as_declared"},
                                         Claim{"uv", POE_CAP_RUN, "load.capabilities_agree_with_ops"},
                                         Claim{"event", POE_CAP_UNREF, "guest.hold_as_declared"},
                                         Claim{"event", POE_CAP_PRIORITY, "descriptors.priority_as_declared"},
                                         Claim{"ev", POE_CAP_UNREF, "guest.hold_as_declared"},
                                         Claim{"ev", POE_CAP_NESTED_STEP, "guest.step_inside_turn_as_declared"},
                                         Claim{"ev", POE_CAP_HANGUP_BIT, "descriptors.end_of_file_is_readable"},
                                         Claim{"sdevent", POE_CAP_NESTED_REPORT, "nesting.inner_run_delivers"},
                                         Claim{"sdevent", POE_CAP_PRIORITY, "descriptors.priority_as_declared"},
                                         Claim{"asio", POE_CAP_UNREF, "guest.hold_as_declared"},
                                         Claim{"uring", POE_CAP_PRIORITY, "descriptors.priority_as_declared"},
                                         Claim{"poll", POE_CAP_FOREIGN, "guest.readable_is_reported"},
                                         Claim{"poll", POE_CAP_NESTED_STEP, "drive.step_inside_turn_as_declared"},
                                         Claim{"poll", POE_CAP_REGULAR_FILES, "descriptors.regular_file_as_declared"},
                                         Claim{"epoll", POE_CAP_PRIORITY, "descriptors.priority_as_declared"},
                                         Claim{"epoll", POE_CAP_POLLABLE, "embed.tells_an_outer_loop"},
                                         Claim{"epoll", POE_CAP_OWN_CLOCK, "load.capabilities_agree_with_ops"}));

}  // namespace
}  // namespace poe::test
