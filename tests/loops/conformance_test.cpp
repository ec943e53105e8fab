// SPDX-License-Identifier: MIT
//
// Every check of the conformance kit on every loop plug-in that was built. POE_TEST_LOOPS comes from
// the build.
#include <gtest/gtest.h>
#include <poe/loop_kit.h>

#include <algorithm>
#include <iostream>
#include <sstream>
#include <string>
#include <vector>

#include "built_loop.hpp"

namespace poe::test {
namespace {

struct Case {
  std::string loop;
  const poe_kit_check* check;
};

std::vector<std::string> built_loops() {
  std::istringstream words(POE_TEST_LOOPS);
  std::vector<std::string> loops;
  for (std::string word; words >> word;) loops.push_back(word);
  return loops;
}

std::vector<Case> all_cases() {
  std::vector<Case> cases;
  for (const std::string& loop : built_loops())
    for (std::size_t i = 0; i < poe_kit_count(); ++i) cases.push_back({loop, poe_kit_at(i)});
  return cases;
}

std::string case_name(const testing::TestParamInfo<Case>& info) {
  std::string name = info.param.loop + "_" + info.param.check->name;
  std::replace(name.begin(), name.end(), '.', '_');
  return name;
}

void PrintTo(const Case& c, std::ostream* out) {
  *out << c.loop << " " << c.check->name << " (" << c.check->rule << ")";
}

class Conformance : public testing::TestWithParam<Case> {};

TEST_P(Conformance, Holds) {
  std::string why;
  poe_kit_target target{};
  target.struct_size = sizeof target;
  target.plugin = open_plugin(GetParam().loop, why);
  target.foreign = host_for(GetParam().loop);
  ASSERT_NE(target.plugin, nullptr) << "opening the plug-in " << GetParam().loop << ": " << why;
  char text[768] = "";
  const poe_kit_result result = poe_kit_run(GetParam().check, &target, text, sizeof text);
  EXPECT_NE(result, POE_KIT_FAIL) << GetParam().check->name << ": " << text;
  if (result == POE_KIT_NOT_APPLICABLE) RecordProperty("not_applicable", text);
}

INSTANTIATE_TEST_SUITE_P(Loops, Conformance, testing::ValuesIn(all_cases()), case_name);

}  // namespace
}  // namespace poe::test
