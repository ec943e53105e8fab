// SPDX-License-Identifier: MIT
//
// The frozen layout of the ABI: every offset, size and number as pinned in layout.inc, in C and in C++; and that
// layout.inc knows every member.
#include <gtest/gtest.h>
#include <poe/loop_abi.h>
#include <poe/sys_abi.h>

#include <map>
#include <string>
#include <type_traits>

#include "layout.h"

namespace poe::test {
namespace {

void expect_pinned(const layout_row* rows, std::size_t count) {
  ASSERT_GT(count, 200u);
  for (std::size_t i = 0; i < count; ++i) EXPECT_EQ(rows[i].actual, rows[i].pinned) << rows[i].what << " is frozen";
}

class AbiLayout : public testing::Test {
 protected:
  void SetUp() override {
    if (sizeof(void*) != 8) GTEST_SKIP() << "the pinned numbers are those of 64-bit machines";
  }
};

TEST_F(AbiLayout, IsAsPinnedInCPain20) {
  std::size_t count = 0;
  const layout_row* rows = poe_layout_c(&count);
  expect_pinned(rows, count);
}

TEST_F(AbiLayout, IsAsPinnedInCppPain20) {
  std::size_t count = 0;
  const layout_row* rows = poe_layout_cpp(&count);
  expect_pinned(rows, count);
}

// A member that layout.inc does not know would leave a gap between its neighbours, or behind the last one.
TEST_F(AbiLayout, KnowsEveryMember) {
  std::size_t count = 0;
  const layout_row* rows = poe_layout_c(&count);
  std::map<std::string, std::int64_t> sizes;
  std::map<std::string, std::int64_t> ends;
  for (std::size_t i = 0; i < count; ++i) {
    const std::string what = rows[i].what;
    const std::string type = what.substr(0, what.find_first_of(". "));
    if (what == type + " size") sizes[type] = rows[i].actual;
    if (what.find(" offset") == std::string::npos) continue;
    EXPECT_EQ(rows[i].actual, ends[type]) << "something unknown lies before " << what;
    ends[type] = rows[i].actual + rows[i + 1].actual;
  }
  EXPECT_EQ(sizes.size(), 12u);
  for (const auto& [type, size] : sizes) EXPECT_EQ(ends[type], size) << "something unknown lies at the end of " << type;
}

TEST(AbiNames, AreFrozen) {
  EXPECT_STREQ(poe_layout_c_sys_name(), "poe.sys/1");
  EXPECT_STREQ(poe_layout_c_note_name(), "POE");
}

TEST(AbiNames, MagicReadsAsWordInAFile) {
  const std::uint64_t magic = POE_LOOP_MAGIC;
  EXPECT_EQ(std::string(reinterpret_cast<const char*>(&magic), sizeof magic), "POELOOP1");
}

template <class Wanted, class Actual>
void expect_same_type(Actual) {
  EXPECT_TRUE((std::is_same_v<Wanted, Actual>));
}

TEST(AbiTypes, OpsTakeAndReturnWhatWasFrozen) {
  const poe_loop_ops ops{};
  expect_same_type<int (*)(const poe_create*, poe_loop**)>(ops.create);
  expect_same_type<int (*)(poe_loop*)>(ops.close);
  expect_same_type<void (*)(poe_loop*)>(ops.abandon);
  expect_same_type<int (*)(poe_loop*, std::intptr_t, std::uint32_t, std::uint64_t)>(ops.watch);
  expect_same_type<int (*)(poe_loop*, std::int64_t)>(ops.arm);
  expect_same_type<int (*)(poe_loop*)>(ops.wake);
  expect_same_type<int (*)(poe_loop*, std::int64_t)>(ops.step);
  expect_same_type<int (*)(poe_loop*)>(ops.run);
  expect_same_type<int (*)(poe_loop*)>(ops.stop);
  expect_same_type<std::int64_t (*)(poe_loop*)>(ops.now);
  expect_same_type<int (*)(poe_loop*, std::int32_t)>(ops.hold);
  expect_same_type<int (*)(poe_loop*, poe_pollable*)>(ops.pollable);
  expect_same_type<const void* (*)(poe_loop*, const char*)>(ops.extension);
}

TEST(AbiTypes, HostCallsTakeAndReturnWhatWasFrozen) {
  const poe_host host{};
  expect_same_type<void (*)(void*, std::uint64_t, std::uint32_t)>(host.ready);
  expect_same_type<void (*)(void*, std::uint32_t)>(host.turn);
  expect_same_type<void (*)(void*)>(host.closed);
  expect_same_type<void (*)(void*)>(host.host_gone);
  expect_same_type<void (*)(void*, std::uint64_t, std::int32_t, std::int32_t, const char*)>(host.error);
  expect_same_type<void (*)(void*, std::int32_t, const char*)>(host.log);
  expect_same_type<const void* (*)(void*, const char*)>(host.extension);
}

TEST(AbiTypes, EntryAndProbeTakeAndReturnWhatWasFrozen) {
  EXPECT_TRUE((std::is_same_v<decltype(poe_loop_entry), const poe_loop_plugin*()>));
  const poe_loop_plugin plugin{};
  expect_same_type<int (*)(void**, const char**)>(plugin.probe);
}

TEST(AbiErrors, AreBelowEveryErrno) {
  for (const int code : {POE_EWRONG_THREAD, POE_EFORKED, POE_EHOST_GONE, POE_ECLOSED, POE_EUNSUPPORTED, POE_EABI})
    EXPECT_LT(code, -4095);
}

}  // namespace
}  // namespace poe::test
