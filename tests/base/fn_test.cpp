// SPDX-License-Identifier: MIT
#include "poe/fn.hpp"

#include <gtest/gtest.h>

#include <array>
#include <memory>
#include <string>

namespace poe::test {
namespace {

// Counts how many of its copies live.
struct Counted {
  explicit Counted(int& live) : live_(&live) { ++*live_; }
  Counted(const Counted& other) noexcept : live_(other.live_) { ++*live_; }
  Counted& operator=(const Counted&) = delete;
  ~Counted() { --*live_; }
  int* live_;
};

TEST(FnTest, EmptyOnesAreFalseAndTheOthersTrue) {
  EXPECT_FALSE(Fn<void()>());
  EXPECT_FALSE(Fn<void()>(nullptr));
  EXPECT_TRUE(Fn<void()>([] {}));
}

TEST(FnTest, SmallAndLargeCapturesBothAnswer) {
  int number = 1;
  Fn<int(int)> small = [&number](int more) { return number += more; };
  std::array<int, 64> numbers{};
  numbers[63] = 5;
  Fn<int(int)> large = [numbers](int more) { return numbers[63] + more; };
  EXPECT_EQ(small(2), 3);
  EXPECT_EQ(large(2), 7);
}

TEST(FnTest, ArgumentsArriveByReferenceAndByMove) {
  Fn<void(std::string&, std::unique_ptr<int>)> fn = [](std::string& text, std::unique_ptr<int> n) {
    text += std::to_string(*n);
  };
  std::string text = "n=";
  fn(text, std::make_unique<int>(4));
  EXPECT_EQ(text, "n=4");
}

TEST(FnTest, MoveOnlyCapturesOfBothSizesMoveAlong) {
  Fn<int()> small = [owned = std::make_unique<int>(7)] { return *owned; };
  Fn<int()> large = [owned = std::make_unique<int>(8), room = std::array<char, 100>()] { return *owned + room[0]; };
  Fn<int()> moved_small = std::move(small);
  Fn<int()> moved_large = std::move(large);
  EXPECT_EQ(moved_small(), 7);
  EXPECT_EQ(moved_large(), 8);
  EXPECT_FALSE(small);  // NOLINT(bugprone-use-after-move): what a moved-from Fn is, is the point
  EXPECT_FALSE(large);  // NOLINT(bugprone-use-after-move)
}

TEST(FnTest, CapturesAreDestroyedOnceHoweverItIsMoved) {
  int live = 0;
  {
    Fn<void()> small = [counted = Counted(live)] { (void)counted; };
    Fn<void()> large = [counted = Counted(live), room = std::array<char, 100>()] { (void)room; };
    EXPECT_EQ(live, 2);
    Fn<void()> other = std::move(small);
    other = std::move(large);
    EXPECT_EQ(live, 1) << "the replaced callable lives on";
    other = nullptr;
    EXPECT_EQ(live, 0);
    EXPECT_FALSE(other);
  }
  EXPECT_EQ(live, 0);
}

TEST(FnTest, AssigningToItselfKeepsTheCallable) {
  Fn<int()> fn = [] { return 3; };
  Fn<int()>& same = fn;
  fn = std::move(same);
  ASSERT_TRUE(fn);
  EXPECT_EQ(fn(), 3);
}

TEST(FnTest, CallerMayMoveItOutAndReplaceItDuringTheCall) {
  int live = 0;
  Fn<void()> slot;
  slot = [&slot, counted = Counted(live)] {
    (void)counted;
    slot = nullptr;  // drops the place it was called from
  };
  Fn<void()> running = std::move(slot);  // as the kernel does: see kernel.md, decision 6
  running();
  EXPECT_EQ(live, 1) << "destroyed while it ran";
  running = nullptr;
  EXPECT_EQ(live, 0);
}

TEST(FnTest, OwnerOfACallableMayBeDestroyedInsideIt) {
  struct Owner {
    Fn<int()> fn;
  };
  auto owner = std::make_unique<Owner>();
  owner->fn = [&owner, kept = 5] {
    owner.reset();  // the callable was moved out before the call, so `kept` is still there
    return kept;
  };
  Fn<int()> running = std::move(owner->fn);
  EXPECT_EQ(running(), 5);
  EXPECT_EQ(owner, nullptr);
}

TEST(FnTest, DestructorOfACaptureMaySeeTheFnEmpty) {
  struct Watcher {
    Fn<void()>* slot;
    bool* was_empty;
    ~Watcher() {
      if (slot != nullptr) *was_empty = !*slot;
    }
  };
  bool was_empty = false;
  Fn<void()> fn;
  fn = [watcher = std::make_unique<Watcher>(Watcher{nullptr, &was_empty}), &fn]() { watcher->slot = &fn; };
  fn();
  fn = nullptr;
  EXPECT_TRUE(was_empty);
}

TEST(FnTest, ResultIsConvertedAndMemberFunctionsCanBeCalled) {
  Fn<std::string()> converted = [] { return "text"; };
  EXPECT_EQ(converted(), "text");
  Fn<std::size_t(const std::string&)> size = &std::string::size;
  EXPECT_EQ(size("four"), 4U);
}

TEST(FnTest, IsTheFourWordsTheHeaderPromises) { EXPECT_EQ(sizeof(Fn<void()>), 4 * sizeof(void*)); }

}  // namespace
}  // namespace poe::test
