// SPDX-License-Identifier: MIT
//
// The conformance kit itself: a correct loop passes every check, and each fault is caught by the check that names it.
#include <gtest/gtest.h>
#include <poe/loop_kit.h>

#include <cstring>
#include <set>
#include <string>

#include "mini_loop.hpp"

namespace poe::test {
namespace {

const poe_kit_check* find_check(const std::string& name) {
  for (std::size_t i = 0; i < poe_kit_count(); ++i)
    if (poe_kit_at(i)->name == name) return poe_kit_at(i);
  return nullptr;
}

poe_kit_target target_for(const poe_option* options, std::uint64_t count) {
  poe_kit_target target{};
  target.struct_size = sizeof target;
  target.plugin = &mini_loop();
  target.options = options;
  target.option_count = count;
  return target;
}

TEST(KitTest, NamesAreUniqueAndSayTheirGroup) {
  const std::set<std::string> groups{"load", "descriptors", "time", "wake", "drive", "guest", "fork"};
  std::set<std::string> names;
  std::set<std::string> seen;
  for (std::size_t i = 0; i < poe_kit_count(); ++i) {
    const poe_kit_check* check = poe_kit_at(i);
    EXPECT_TRUE(names.insert(check->name).second) << check->name;
    seen.insert(check->group);
    EXPECT_EQ(std::string(check->name).rfind(std::string(check->group) + ".", 0), 0u) << check->name;
    EXPECT_GT(std::strlen(check->rule), 10u) << check->name;
  }
  EXPECT_EQ(seen, groups);
  EXPECT_GE(names.size(), 60u);
  EXPECT_EQ(poe_kit_at(poe_kit_count()), nullptr);
}

TEST(KitTest, ACorrectLoopPassesEveryCheck) {
  const poe_kit_target target = target_for(nullptr, 0);
  for (std::size_t i = 0; i < poe_kit_count(); ++i) {
    char text[512] = "";
    EXPECT_NE(poe_kit_run(poe_kit_at(i), &target, text, sizeof text), POE_KIT_FAIL)
        << poe_kit_at(i)->name << ": " << text;
  }
}

TEST(KitTest, WhatALoopCannotDoIsNotApplicableAfterARefusal) {
  const poe_kit_target target = target_for(nullptr, 0);
  char text[512] = "";
  EXPECT_EQ(poe_kit_run(find_check("guest.readable_is_reported"), &target, text, sizeof text), POE_KIT_NOT_APPLICABLE);
  EXPECT_STREQ(text, "FOREIGN is clear: a host loop is refused");
}

TEST(KitTest, AnAdapterIsDemandedWhereForeignIsDeclared) {
  poe_loop_plugin boastful = mini_loop();
  boastful.capabilities[0] |= std::uint64_t{1} << POE_CAP_FOREIGN;
  poe_kit_target target = target_for(nullptr, 0);
  target.plugin = &boastful;
  char text[512] = "";
  EXPECT_EQ(poe_kit_run(find_check("guest.readable_is_reported"), &target, text, sizeof text), POE_KIT_FAIL);
  EXPECT_STREQ(text, "this loop declares FOREIGN, but the target has no poe_kit_foreign to check it with");
}

TEST(KitTest, ACapabilityWithoutItsOpIsCaught) {
  poe_loop_plugin boastful = mini_loop();
  boastful.capabilities[0] |= std::uint64_t{1} << POE_CAP_RUN;
  poe_kit_target target = target_for(nullptr, 0);
  target.plugin = &boastful;
  char text[512] = "";
  EXPECT_EQ(poe_kit_run(find_check("load.capabilities_agree_with_ops"), &target, text, sizeof text), POE_KIT_FAIL);
  EXPECT_STREQ(text, "capability RUN, as run() is given: expected 0, got 1");
}

TEST(KitTest, AnUpperCaseNameIsCaught) {
  poe_loop_plugin loud = mini_loop();
  loud.name = "Mini";
  poe_kit_target target = target_for(nullptr, 0);
  target.plugin = &loud;
  char text[512] = "";
  EXPECT_EQ(poe_kit_run(find_check("load.names_are_filled"), &target, text, sizeof text), POE_KIT_FAIL);
}

class KitCatches : public testing::TestWithParam<MiniFault> {};

TEST_P(KitCatches, TheFault) {
  const poe_option fault{"fault", GetParam().name};
  const poe_kit_target target = target_for(&fault, 1);
  const poe_kit_check* check = find_check(GetParam().caught_by);
  ASSERT_NE(check, nullptr) << "no such check: " << GetParam().caught_by;
  char text[512] = "";
  EXPECT_EQ(poe_kit_run(check, &target, text, sizeof text), POE_KIT_FAIL)
      << GetParam().name << " went unnoticed by " << GetParam().caught_by;
  EXPECT_GT(std::strlen(text), 10u);
}

std::string fault_name(const testing::TestParamInfo<MiniFault>& info) {
  return std::string(info.param.name) + "_" + std::to_string(info.index);
}

INSTANTIATE_TEST_SUITE_P(Faults, KitCatches, testing::ValuesIn(mini_faults()), fault_name);

}  // namespace
}  // namespace poe::test
