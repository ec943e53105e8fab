// SPDX-License-Identifier: MIT
//
// Every check of the conformance kit on every loop plug-in that was built. POE_TEST_LOOPS and POE_TEST_LOOP_DIR come
// from the build.
#include <dlfcn.h>
#include <gtest/gtest.h>
#include <poe/loop_kit.h>

#include <algorithm>
#include <iostream>
#include <sstream>
#include <string>
#include <vector>

#include "foreign.h"

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

// A program of the kind that a loop can be a guest of: a matter of its library, so it is known by name here.
const poe_kit_foreign* host_for(const std::string& loop) {
#ifdef POE_TEST_UV
  if (loop == "uv") return poe_foreign_uv();
#endif
#ifdef POE_TEST_EVENT
  if (loop == "event") return poe_foreign_event();
#endif
#ifdef POE_TEST_GLIB
  if (loop == "glib") return poe_foreign_glib();
#endif
#ifdef POE_TEST_QT
  if (loop == "qt") return poe_foreign_qt();
#endif
  return nullptr;
}

// Opened once and never closed, as the loader does: GLib and Qt cannot be unloaded.
const poe_loop_plugin* open_plugin(const std::string& loop, std::string& why) {
  const std::string path = std::string(POE_TEST_LOOP_DIR) + "/libpoe_loop_" + loop + ".so";
  void* library = dlopen(path.c_str(), RTLD_NOW | RTLD_LOCAL | RTLD_NODELETE);
  void* entry = library ? dlsym(library, "poe_loop_entry") : nullptr;
  if (!entry) why = dlerror();
  return entry ? reinterpret_cast<const poe_loop_plugin* (*)()>(entry)() : nullptr;
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
