// SPDX-License-Identifier: MIT
//
// Each mutant of the oracle breaks one rule: the check that names it fails, and its failure says where it is written.
#include <algorithm>
#include <cstring>
#include <iostream>
#include <vector>

#include "kit_plugin.hpp"

namespace poe::test {
namespace {

struct Mutant {
  const char* name;
  const char* caught_by;
  const char* paragraph;
};

constexpr Mutant kMutants[] = {
#include "mutants.inc"
};

void PrintTo(const Mutant& mutant, std::ostream* out) { *out << mutant.name; }

class KitCatches : public testing::TestWithParam<Mutant> {};

TEST_P(KitCatches, TheMutant) {
  const poe_kit_target target = target_of(open_made(GetParam().name));
  const poe_kit_check* check = find_check(GetParam().caught_by);
  ASSERT_NE(check, nullptr) << "no such check: " << GetParam().caught_by;
  poe_kit_outcome outcome{};
  poe_kit_judge_apart(check, &target, 5'000'000'000, &outcome);
  EXPECT_EQ(outcome.result, POE_KIT_FAIL) << GetParam().name << " went unnoticed by " << GetParam().caught_by;
  EXPECT_NE(std::string(outcome.text).find("expected"), std::string::npos) << outcome.text;
  EXPECT_NE(std::string(outcome.contract).find(GetParam().paragraph), std::string::npos)
      << outcome.contract << ": " << outcome.text;
}

// The oracle keeps the rule that the mutant breaks: it is the one changed line that fails.
TEST_P(KitCatches, ButNotTheOracle) {
  const poe_kit_target target = target_of(open_made("oracle"));
  poe_kit_outcome outcome{};
  poe_kit_judge_apart(find_check(GetParam().caught_by), &target, 0, &outcome);
  EXPECT_NE(outcome.result, POE_KIT_FAIL) << outcome.text;
}

std::string mutant_name(const testing::TestParamInfo<Mutant>& info) {
  std::string name;  // gtest wants no underscores: "leaks_on_close" is LeaksOnClose
  bool upper = true;
  for (const char c : std::string_view(info.param.name)) {
    if (c != '_') name += upper ? static_cast<char>(std::toupper(static_cast<unsigned char>(c))) : c;
    upper = c == '_';
  }
  return name;
}

INSTANTIATE_TEST_SUITE_P(Mutants, KitCatches, testing::ValuesIn(kMutants), mutant_name);

}  // namespace
}  // namespace poe::test
