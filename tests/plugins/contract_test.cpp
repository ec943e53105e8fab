// SPDX-License-Identifier: MIT
//
// Plug-ins whose note is right and whose inside is not: refused after they were opened. And the ones that are right.
#include <gtest/gtest.h>

#include <dlfcn.h>
#include <unistd.h>

#include <algorithm>
#include <cstddef>

#include "refusal.hpp"

namespace poe::test {
namespace {

class LoaderContractTest : public testing::Test {
 protected:
  /// The whole refusal of a plug-in that breaks its contract.
  std::string breach(const std::string& name, const std::string& why) {
    return "poe: cannot load loop \"" + name + "\": " + why + "\n  file:  SANDBOX/libpoe_loop_" + name +
           ".so\n"
           "  tried: check what poe_loop_entry() returns\n"
           "  found: <loops>\n"
           "  do:    mend the plug-in (see loop_abi.h; poe/kit checks it), or pick another loop with POE_EVENT_LOOP";
  }
  void expect_breach(const std::string& name, const std::string& why) {
    box.add(name);
    EXPECT_EQ(refusal(box, name), breach(name, why));
  }
  Sandbox box;
};

TEST_F(LoaderContractTest, AMissingRequiredOpIsNamed) { expect_breach("noop", "the required op wake() is NULL"); }
TEST_F(LoaderContractTest, NoOpsAtAllAreRefused) { expect_breach("noops", "poe_loop_plugin.ops is NULL"); }
TEST_F(LoaderContractTest, AMissingTextIsNamed) { expect_breach("nolicence", "poe_loop_plugin.licence is NULL"); }
TEST_F(LoaderContractTest, AWrongMagicIsRefused) { expect_breach("badmagic", "poe_loop_plugin.magic is wrong"); }
TEST_F(LoaderContractTest, APromiseWithoutItsOpIsRefusedPain21) {
  expect_breach("norun", "it declares the capability RUN, but run() or stop() is NULL");
}
TEST_F(LoaderContractTest, StructsSmallerThanVersionOneAreRefusedWithBothSizesPain20) {
  expect_breach("smallplugin", "poe_loop_plugin has struct_size " + std::to_string(offsetof(poe_loop_plugin, ops)) +
                                   ", ABI 1.0 needs at least " + std::to_string(sizeof(poe_loop_plugin)));
  expect_breach("smallops", "poe_loop_ops has struct_size " + std::to_string(offsetof(poe_loop_ops, step)) +
                                ", ABI 1.0 needs at least " + std::to_string(offsetof(poe_loop_ops, run)));
}

TEST_F(LoaderContractTest, AMajorOtherThanItsNoteSaidIsRefusedWithAllNumbers) {
  box.add("liar");
  EXPECT_EQ(refusal(box, "liar"),
            "poe: cannot load loop \"liar\": ABI major 2, this kernel speaks 1 (its ELF note said 1)\n"
            "  file:  SANDBOX/libpoe_loop_liar.so\n"
            "  tried: call poe_loop_entry()\n"
            "  found: <loops>\n"
            "  do:    rebuild the plug-in against this release, or pick another loop with POE_EVENT_LOOP");
}

TEST_F(LoaderContractTest, ANameOtherThanItsNoteSaidIsRefused) {
  box.add("othername", "elsewhere");
  EXPECT_EQ(refusal(box, "elsewhere"),
            breach("elsewhere", "poe_loop_plugin.name is \"othername\", its ELF note says \"elsewhere\""));
}

TEST_F(LoaderContractTest, AMissingEntryIsRefusedPain21) {
  box.add("noentry");
  EXPECT_EQ(refusal(box, "noentry"),
            "poe: cannot load loop \"noentry\": it exports no poe_loop_entry\n"
            "  file:  SANDBOX/libpoe_loop_noentry.so\n"
            "  tried: dlsym poe_loop_entry\n"
            "  found: <loops>\n"
            "  do:    export the loop with POE_EXPORT_LOOP and keep the symbol visible");
}

TEST_F(LoaderContractTest, AnEntryThatReturnsNothingIsRefused) {
  box.add("nullentry");
  EXPECT_EQ(refusal(box, "nullentry"),
            "poe: cannot load loop \"nullentry\": poe_loop_entry() returned NULL\n"
            "  file:  SANDBOX/libpoe_loop_nullentry.so\n"
            "  tried: call poe_loop_entry()\n"
            "  found: <loops>\n"
            "  do:    return the descriptor always: the loader judges it");
}

TEST_F(LoaderContractTest, AMissingLibraryIsToldFromABadPlugin) {
  box.add("needy");
  EXPECT_EQ(refusal(box, "needy"),
            "poe: cannot load loop \"needy\": a library it needs is missing: libpoe_test_needed.so: cannot open shared "
            "object file: No such file or directory\n"
            "  file:  SANDBOX/libpoe_loop_needy.so\n"
            "  tried: dlopen\n"
            "  found: <loops>\n"
            "  do:    install the library, or pick another loop with POE_EVENT_LOOP");
  const auto all = LoopRegistry({box.path()}).inspect();
  const auto needy = std::find_if(all.begin(), all.end(), [](const auto& c) { return c.name == "needy"; });
  ASSERT_NE(needy, all.end());
  EXPECT_EQ(needy->status, LoopStatus::missing_library);
}

TEST_F(LoaderContractTest, AGoodPluginComesBackAsItIs) {
  box.add("good");
  const auto plugin = LoopRegistry({box.path()}).load("good");
  ASSERT_TRUE(plugin) << plugin.error().report();
  EXPECT_STREQ((*plugin)->name, "good");
  EXPECT_STREQ((*plugin)->version, "1.2.3");
}

TEST_F(LoaderContractTest, OpeningAgainGivesTheSamePluginAndNoDescriptorStaysOpen) {
  box.add("good");
  const auto first = LoopRegistry({box.path()}).load("good");
  ASSERT_TRUE(first);
  const int free_before = dup(0);
  close(free_before);
  for (int i = 0; i < 100; ++i) EXPECT_EQ(*LoopRegistry({box.path()}).load("good"), *first);
  const int free_after = dup(0);
  close(free_after);
  EXPECT_EQ(free_after, free_before);
}

// What a toolkit has left for the end of a thread or of the process lies in it.
TEST_F(LoaderContractTest, APluginStaysMappedWhenNobodyUsesItPain17) {
  box.add("good");
  const poe_loop_plugin* plugin = nullptr;
  {
    const LoopRegistry registry({box.path()});
    const auto loaded = registry.load("good");
    ASSERT_TRUE(loaded);
    plugin = *loaded;
  }
  Dl_info where{};
  EXPECT_NE(::dladdr(plugin, &where), 0);
}

// The linker knows an object by the name it was opened under, and descriptor numbers come back.
TEST_F(LoaderContractTest, TwoFilesOpenedAfterEachOtherAreNeverTakenForEachOther) {
  box.add("good");
  box.add("second");
  box.add("epoll");
  const LoopRegistry registry({box.path()});
  for (const std::string name : {"good", "second", "epoll", "second", "good"}) {
    const auto plugin = registry.load(name);
    ASSERT_TRUE(plugin) << plugin.error().report();
    EXPECT_EQ((*plugin)->name, name);
  }
}

TEST_F(LoaderContractTest, InspectTellsWhatOnlyThePluginKnows) {
  box.add("good");
  const auto all = LoopRegistry({box.path()}).inspect();
  const auto good = std::find_if(all.begin(), all.end(), [](const auto& c) { return c.name == "good"; });
  ASSERT_NE(good, all.end());
  EXPECT_EQ(good->library, "libtest");
  EXPECT_EQ(good->library_version, "4.5");
  EXPECT_EQ(good->licence, "MIT");
  EXPECT_EQ(good->capabilities, (std::vector<std::string>{"priority", "foreign"}));
  EXPECT_EQ(good->rank, 0);
}

TEST_F(LoaderContractTest, CandidatesAreJudgedWithoutRunningAnyOfThemPain38) {
  box.add("good");
  const auto all = LoopRegistry({box.path()}).candidates();
  const auto good = std::find_if(all.begin(), all.end(), [](const auto& c) { return c.name == "good"; });
  ASSERT_NE(good, all.end());
  EXPECT_EQ(good->status, LoopStatus::usable);
  EXPECT_EQ(good->version, "1.2.3");
  EXPECT_FALSE(code_ran());
}

}  // namespace
}  // namespace poe::test
