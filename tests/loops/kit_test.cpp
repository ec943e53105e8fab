// SPDX-License-Identifier: MIT
//
// The conformance kit itself: its list, its profiles, its outcomes, and the oracle, which passes everything.
#include <unistd.h>

#include <cstdlib>
#include <cstring>
#include <fstream>
#include <set>
#include <sstream>
#include <vector>

#include "kit_plugin.hpp"

namespace poe::test {
namespace {

TEST(KitTest, NamesAreUniqueAndSayTheirGroup) {
  const std::set<std::string> groups{"load",  "descriptors", "time",    "wake", "drive",  "nesting",
                                     "guest", "embed",       "process", "fork", "faults", "idle"};
  std::set<std::string> names;
  std::set<std::string> seen;
  for (std::size_t i = 0; i < poe_kit_count(); ++i) {
    const poe_kit_check* check = poe_kit_at(i);
    EXPECT_TRUE(names.insert(check->name).second) << check->name;
    seen.insert(check->group);
    EXPECT_EQ(std::string(check->name).rfind(std::string(check->group) + ".", 0), 0u) << check->name;
    EXPECT_GT(std::strlen(check->rule), 10u) << check->name;
    EXPECT_NE(std::string(check->contract).find(": "), std::string::npos) << check->name;
  }
  EXPECT_EQ(seen, groups);
  EXPECT_GE(names.size(), 120u);
  EXPECT_EQ(poe_kit_at(poe_kit_count()), nullptr);
}

TEST(KitTest, TheOraclePassesEveryCheckPain19) {
  const poe_kit_target target = target_of(open_made("oracle"));
  for (std::size_t i = 0; i < poe_kit_count(); ++i) {
    poe_kit_outcome outcome{};
    poe_kit_judge(poe_kit_at(i), &target, &outcome);
    EXPECT_NE(outcome.result, POE_KIT_FAIL) << poe_kit_at(i)->name << ": " << outcome.text;
  }
}

TEST(KitTest, WhatALoopCannotDoIsNotApplicableAfterARefusal) {
  const poe_kit_target target = target_of(open_made("oracle"));
  char text[512] = "";
  EXPECT_EQ(poe_kit_run(find_check("guest.readable_is_reported"), &target, text, sizeof text), POE_KIT_NOT_APPLICABLE);
  EXPECT_STREQ(text, "FOREIGN is clear: a host loop is refused");
}

TEST(KitTest, AnAdapterIsDemandedWhereForeignIsDeclared) {
  poe_loop_plugin boastful = open_made("oracle");
  boastful.capabilities[0] |= std::uint64_t{1} << POE_CAP_FOREIGN;
  const poe_kit_target target = target_of(boastful);
  const poe_kit_check* check = find_check("guest.readable_is_reported");
  char text[512] = "";
  EXPECT_EQ(poe_kit_run(check, &target, text, sizeof text), POE_KIT_FAIL);
  EXPECT_STREQ(text, "this loop declares FOREIGN, but the target has no poe_kit_foreign to check it with");
  poe_kit_outcome outcome{};
  poe_kit_judge_apart(check, &target, 0, &outcome);
  EXPECT_EQ(outcome.result, POE_KIT_NO_HOST) << outcome.text;
}

TEST(KitTest, ACapabilityWithoutItsOpIsCaught) {
  poe_loop_plugin boastful = open_made("oracle");
  boastful.capabilities[0] |= std::uint64_t{1} << POE_CAP_POLLABLE;
  const poe_kit_target target = target_of(boastful);
  char text[512] = "";
  EXPECT_EQ(poe_kit_run(find_check("load.capabilities_agree_with_ops"), &target, text, sizeof text), POE_KIT_FAIL);
  EXPECT_STREQ(text, "capability POLLABLE, as pollable() is given: expected 0, got 1");
}

TEST(KitTest, AnUpperCaseNameIsCaught) {
  poe_loop_plugin loud = open_made("oracle");
  loud.name = "Oracle";
  const poe_kit_target target = target_of(loud);
  char text[512] = "";
  EXPECT_EQ(poe_kit_run(find_check("load.names_are_filled"), &target, text, sizeof text), POE_KIT_FAIL);
}

TEST(KitTest, ProfilesAreClaimedByCapabilities) {
  const auto claims = [](unsigned capabilities, const char* profile) {
    poe_loop_plugin plugin = open_made("oracle");
    plugin.capabilities[0] = capabilities;
    return poe_kit_claims(&plugin, poe_kit_profile_named(profile)) != 0;
  };
  const unsigned foreign = 1u << POE_CAP_FOREIGN;
  EXPECT_TRUE(claims(0, "core"));
  EXPECT_TRUE(claims(0, "full"));
  EXPECT_FALSE(claims(0, "guest"));
  EXPECT_TRUE(claims(foreign, "guest"));
  EXPECT_FALSE(claims(foreign, "gui"));
  EXPECT_TRUE(claims(foreign | 1u << POE_CAP_NESTED_REPORT, "gui"));
  EXPECT_TRUE(claims(1u << POE_CAP_POLLABLE, "embed"));
  EXPECT_EQ(poe_kit_profile_named("nonesuch"), nullptr);
}

TEST(KitTest, TheFullProfileHasEveryGroupAndTheOthersLess) {
  for (std::size_t i = 0; i < poe_kit_count(); ++i)
    EXPECT_TRUE(poe_kit_profile_has(poe_kit_profile_named("full"), poe_kit_at(i)->group)) << poe_kit_at(i)->group;
  EXPECT_FALSE(poe_kit_profile_has(poe_kit_profile_named("core"), "guest"));
  EXPECT_FALSE(poe_kit_profile_has(poe_kit_profile_named("core"), "loa"));
  EXPECT_TRUE(poe_kit_profile_has(poe_kit_profile_named("core"), "load"));
  EXPECT_TRUE(poe_kit_profile_has(poe_kit_profile_named("gui"), "nesting"));
}

TEST(KitTest, ACheckThatHangsIsKilledAndSaysWhere) {
  const poe_kit_target target = target_of(open_made("ignores_stop"));
  poe_kit_outcome outcome{};
  poe_kit_judge_apart(find_check("drive.stop_inside_turn_ends_run"), &target, 1'000'000'000, &outcome);
  EXPECT_EQ(outcome.result, POE_KIT_FAIL);
  EXPECT_STREQ(outcome.text, "expected the check to end by itself; it was killed after 1 s, under way: run");
}

TEST(KitTest, TheLimitIsToldToTheMillisecond) {
  const poe_kit_target target = target_of(open_made("ignores_stop"));
  poe_kit_outcome outcome{};
  poe_kit_judge_apart(find_check("drive.stop_inside_turn_ends_run"), &target, 250'000'000, &outcome);
  EXPECT_STREQ(outcome.text, "expected the check to end by itself; it was killed after 0.25 s, under way: run");
}

// Its child outlives it and holds everything open.
TEST(KitTest, ACrashBesideALivingChildIsACrash) {
  const poe_kit_target target = target_of(open_made("crashes_as_a_parent"));
  poe_kit_outcome outcome{};
  poe_kit_judge_apart(find_check("descriptors.forgetting_the_unknown"), &target, 3'000'000'000, &outcome);
  EXPECT_EQ(outcome.result, POE_KIT_FAIL);
  EXPECT_STREQ(outcome.text, "expected the check to end by itself; it died of signal 6, under way: watch");
}

TEST(KitTest, ACheckThatCrashesFailsAlone) {
  const poe_kit_target target = target_of(open_made("crashes"));
  poe_kit_outcome outcome{};
  poe_kit_judge_apart(find_check("descriptors.forgetting_the_unknown"), &target, 0, &outcome);
  EXPECT_EQ(outcome.result, POE_KIT_FAIL);
  EXPECT_NE(std::string(outcome.text).find("under way: watch"), std::string::npos) << outcome.text;
}

// A plug-in that has SIGCHLD ignored takes the status of every child away: waiting for one must not go on for ever.
TEST(KitTest, ALostChildIsAFailureAndNoEndlessWait) {
  const poe_kit_target target = target_of(open_made("ignores_children"));
  for (const char* name :
       {"fork.abandoning_child_leaves_the_parent", "fork.child_that_just_leaves", "fork.copy_in_a_child_is_silent"}) {
    poe_kit_outcome outcome{};
    poe_kit_judge_apart(find_check(name), &target, 2'000'000'000, &outcome);
    EXPECT_EQ(outcome.result, POE_KIT_FAIL) << name;
    EXPECT_STREQ(outcome.text, "waitpid() for the program's own child: expected its status, got: No child processes")
        << name;
  }
}

// What a writer puts into a stream, as text.
std::string written(int (*writer)(std::FILE*, const poe_kit_results*), const poe_kit_results& results) {
  char* text = nullptr;
  std::size_t size = 0;
  std::FILE* stream = open_memstream(&text, &size);
  EXPECT_EQ(writer(stream, &results), 0);
  std::fclose(stream);
  std::string copy(text, size);
  std::free(text);
  return copy;
}

class KitOutcomes : public testing::Test {
 protected:
  KitOutcomes() {
    poe_kit_plan plan{};
    plan.target = &target_;
    plan.group = "load";
    EXPECT_EQ(poe_kit_run_plan(&plan, &results_), 0);
  }
  ~KitOutcomes() override { poe_kit_release(&results_); }
  poe_kit_target target_ = target_of(open_made("takes_hosts"));
  poe_kit_results results_{};
};

TEST_F(KitOutcomes, AreCounted) {
  EXPECT_GT(results_.count, 20u);
  EXPECT_EQ(results_.tally[POE_KIT_FAIL], 1u);
  EXPECT_EQ(results_.tally[POE_KIT_PASS] + results_.tally[POE_KIT_FAIL] + results_.tally[POE_KIT_NOT_APPLICABLE],
            results_.count);
}

TEST(KitTest, OnlyWhatWasCheckedHolds) {
  const auto holds = [](std::size_t count, std::size_t failed, std::size_t no_host, int asked) {
    poe_kit_results results{};
    results.count = count;
    results.tally[POE_KIT_FAIL] = failed;
    results.tally[POE_KIT_NO_HOST] = no_host;
    return poe_kit_holds(&results, asked) != 0;
  };
  EXPECT_TRUE(holds(3, 0, 0, 1));
  EXPECT_TRUE(holds(3, 0, 1, 0));  // everything it has, as far as it goes
  EXPECT_FALSE(holds(3, 0, 1, 1));
  EXPECT_FALSE(holds(3, 1, 0, 0));
  EXPECT_FALSE(holds(0, 0, 0, 0));
  EXPECT_FALSE(holds(0, 0, 0, 1));
}

TEST_F(KitOutcomes, AsJunitHaveAFailureWithItsRule) {
  const std::string xml = written(poe_kit_write_junit, results_);
  EXPECT_NE(xml.find("<testsuite name=\"poe check oracle\" tests=\""), std::string::npos) << xml;
  EXPECT_NE(xml.find("failures=\"1\""), std::string::npos);
  EXPECT_NE(xml.find("<testcase classname=\"oracle.load\" name=\"load.foreign_as_declared\""), std::string::npos);
  EXPECT_NE(xml.find("written in: loop_abi.h: POE_CAP_FOREIGN</failure>"), std::string::npos);
}

TEST_F(KitOutcomes, AsXmlAreEscaped) {
  std::snprintf(results_.outcomes[0].text, POE_KIT_TEXT, "a<b & \"c\" \x01\xff");
  results_.outcomes[0].result = POE_KIT_FAIL;
  EXPECT_NE(written(poe_kit_write_junit, results_).find("message=\"a&lt;b &amp; &quot;c&quot; ??\""),
            std::string::npos);
  EXPECT_NE(written(poe_kit_write_json, results_).find("\"a<b & \\\"c\\\" ??\""), std::string::npos);
}

// Whoever checks a plug-in that leaves its texts out is told so by a check, not by a crash while telling it.
TEST_F(KitOutcomes, OfAPlugInWithoutTextsAreWritten) {
  poe_loop_plugin silent = *results_.plugin;
  silent.name = silent.version = silent.library = silent.library_version = nullptr;
  results_.plugin = &silent;
  const std::string json = written(poe_kit_write_json, results_);
  EXPECT_EQ(
      json.rfind("{\n  \"loop\": \"(none)\", \"version\": \"\", \"library\": \"\", \"library_version\": \"\",", 0), 0u)
      << json;
  EXPECT_NE(written(poe_kit_write_junit, results_).find("<testsuite name=\"poe check (none)\""), std::string::npos);
  const auto summary = [](std::FILE* to, const poe_kit_results* r) { return poe_kit_print_summary(to, r, 0); };
  EXPECT_EQ(written(summary, results_).rfind("(none) (none), profile full: ", 0), 0u);
}

TEST(KitHostTest, IsFoundBesideThePlugin) {
  char folder[] = "/tmp/poe-kit-host-XXXXXX";
  ASSERT_NE(mkdtemp(folder), nullptr);
  const std::string plugin = std::string(folder) + "/libpoe_loop_mine.so";
  const std::string adapter = std::string(folder) + "/libpoe_kit_host_mine.so";
  char path[256];
  EXPECT_EQ(poe_kit_host_beside(plugin.c_str(), "mine", path, sizeof path), 0);
  std::ofstream(adapter) << "no library";
  EXPECT_EQ(poe_kit_host_beside(plugin.c_str(), "mine", path, sizeof path), 1);
  EXPECT_EQ(path, adapter);
  char why[512] = "";
  EXPECT_EQ(poe_kit_open_host(path, why, sizeof why), nullptr);
  EXPECT_NE(std::string(why).find(adapter), std::string::npos) << why;
  unlink(adapter.c_str());
  rmdir(folder);
}

}  // namespace
}  // namespace poe::test
