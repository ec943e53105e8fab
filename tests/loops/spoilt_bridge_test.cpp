// SPDX-License-Identifier: MIT
//
// Real bridges with one rule broken on the way: the guest, nesting and embed checks notice.
#include "spoilt_bridge.hpp"

#include <gtest/gtest.h>
#include <poe/loop_kit_run.h>

#include <array>
#include <chrono>
#include <iostream>
#include <thread>

#include "built_loop.hpp"

namespace poe::test {
namespace {

struct Spoilt {
  const char* loop;
  const char* fault;
  const char* caught_by;
};

void PrintTo(const Spoilt& s, std::ostream* out) { *out << s.loop << " that " << s.fault; }

class SpoiltBridge : public testing::TestWithParam<Spoilt> {};

const poe_kit_check* find_check(const std::string& name) {
  for (std::size_t i = 0; i < poe_kit_count(); ++i)
    if (poe_kit_at(i)->name == name) return poe_kit_at(i);
  return nullptr;
}

poe_kit_outcome judge(const Spoilt& s, const char* fault, const poe_loop_plugin& honest) {
  const poe_loop_plugin plugin = spoilt(honest);
  const std::array<poe_option, 2> options{{{"inner", s.loop}, {"fault", fault}}};
  const poe_kit_target target{sizeof(poe_kit_target), 0, &plugin, options.data(), options.size(), host_for(s.loop)};
  poe_kit_outcome outcome{};
  poe_kit_judge_apart(find_check(s.caught_by), &target, 10'000'000'000, &outcome);
  return outcome;
}

TEST_P(SpoiltBridge, IsCaught) {
  std::string why;
  const poe_loop_plugin* honest = open_plugin(GetParam().loop, why);
  if (honest == nullptr) GTEST_SKIP() << "not built: " << why;
  ASSERT_NE(find_check(GetParam().caught_by), nullptr) << GetParam().caught_by;
  const poe_kit_outcome spoiled = judge(GetParam(), GetParam().fault, *honest);
  EXPECT_EQ(spoiled.result, POE_KIT_FAIL) << GetParam().fault << " went unnoticed by " << GetParam().caught_by;
  EXPECT_NE(std::string(spoiled.text).find("expected"), std::string::npos) << spoiled.text;
  const poe_kit_outcome unspoiled = judge(GetParam(), "", *honest);
  EXPECT_EQ(unspoiled.result, POE_KIT_PASS) << "the layer itself: " << unspoiled.text;
}

std::string spoilt_name(const testing::TestParamInfo<Spoilt>& info) {
  std::string name;  // gtest wants no underscores: "uv", "ignores_hold" is UvIgnoresHold
  bool upper = true;
  for (const char c : info.param.loop + std::string("_") + info.param.fault + "_" + std::to_string(info.index)) {
    if (c != '_') name += upper ? static_cast<char>(std::toupper(static_cast<unsigned char>(c))) : c;
    upper = c == '_';
  }
  return name;
}

INSTANTIATE_TEST_SUITE_P(Loops, SpoiltBridge,
                         testing::Values(Spoilt{"uv", "leaves_a_guest", "guest.first_stay_leaves_nothing"},
                                         Spoilt{"glib", "leaves_a_guest", "guest.hundred_stays_leave_nothing"},
                                         Spoilt{"event", "leaves_a_guest", "guest.first_stay_leaves_nothing"},
                                         Spoilt{"qt", "leaves_a_guest", "guest.hundred_stays_leave_nothing"},
                                         Spoilt{"uv", "ignores_hold", "guest.hold_as_declared"},
                                         Spoilt{"uv", "runs_as_guest", "guest.run_is_refused"},
                                         Spoilt{"uv", "early", "guest.never_early"},
                                         Spoilt{"glib", "early", "guest.never_early"},
                                         Spoilt{"uv", "forgets_late", "guest.forgotten_inside_ready"},
                                         Spoilt{"glib", "swallows_errors", "guest.end_of_file_is_readable"},
                                         Spoilt{"uv", "swallows_errors", "guest.reader_gone_is_writable"},
                                         Spoilt{"event", "sleeps_through_wakes", "guest.woken_by_a_thread"},
                                         Spoilt{"glib", "sleeps_through_wakes", "guest.joins_inside_a_host_callback"},
                                         Spoilt{"uv", "closed_at_once", "guest.close_inside_turn"},
                                         Spoilt{"uv", "leaves_in_silence", "guest.leaves_inside_a_host_callback"},
                                         Spoilt{"glib", "leaves_in_silence", "nesting.closed_in_an_inner_run"},
                                         Spoilt{"glib", "deaf_in_dialogs", "nesting.inner_run_delivers"},
                                         Spoilt{"qt", "deaf_in_dialogs", "nesting.dialogs_out_of_turns"},
                                         Spoilt{"glib", "hides_dialogs", "nesting.inner_run_delivers"},
                                         Spoilt{"qt", "stays_nested", "nesting.dialogs_out_of_turns"},
                                         Spoilt{"glib", "sleeps_in_dialogs", "nesting.inner_run_keeps_time"},
                                         Spoilt{"glib", "sleeps_in_dialogs", "nesting.inner_run_keeps_now"},
                                         Spoilt{"qt", "forgets_late", "nesting.forgotten_in_an_inner_run"},
                                         Spoilt{"qt", "sleeps_through_wakes", "nesting.inner_run_is_woken_by_a_thread"},
                                         Spoilt{"epoll", "keeps_generation", "embed.generation_changes"},
                                         Spoilt{"epoll", "hides_deadlines", "embed.asked_inside_turn"},
                                         Spoilt{"epoll", "hides_deadlines", "embed.now_is_told"},
                                         Spoilt{"epoll", "takes_small_structs", "embed.small_struct_is_refused"},
                                         Spoilt{"epoll", "tells_nothing", "embed.watched_inside_turn_is_told"},
                                         Spoilt{"epoll", "tells_nothing", "embed.level_is_told_again"},
                                         Spoilt{"epoll", "tells_nothing", "embed.woken_from_a_thread"},
                                         Spoilt{"epoll", "sleeps_through_wakes", "embed.woken_from_a_thread"},
                                         Spoilt{"epoll", "forgets_late", "descriptors.forgotten_inside_turn"}),
                         spoilt_name);

// A busy machine: the host takes long before it opens the dialog that the check asked for.
int add_timer_late(void* host, std::int64_t every_ns, poe_kit_call* call, void* arg) {
  std::this_thread::sleep_for(std::chrono::milliseconds(30));
  return host_for("glib")->add_timer(host, every_ns, call, arg);
}

TEST(SpoiltBridgeHost, ThatIsSlowMakesNoFalseFailure) {
  std::string why;
  const poe_loop_plugin* plugin = open_plugin("glib", why);
  if (plugin == nullptr) GTEST_SKIP() << "not built: " << why;
  poe_kit_foreign slow = *host_for("glib");
  slow.add_timer = add_timer_late;
  const poe_kit_target target{sizeof(poe_kit_target), 0, plugin, nullptr, 0, &slow};
  poe_kit_outcome outcome{};
  poe_kit_judge_apart(find_check("nesting.inner_run_is_woken_by_a_thread"), &target, 10'000'000'000, &outcome);
  EXPECT_EQ(outcome.result, POE_KIT_PASS) << outcome.text;
}

}  // namespace
}  // namespace poe::test
