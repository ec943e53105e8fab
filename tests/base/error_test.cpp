// SPDX-License-Identifier: MIT
#include "poe/error.hpp"

#include <gtest/gtest.h>

#include <cerrno>
#include <set>
#include <stdexcept>

namespace poe::test {
namespace {

TEST(ErrorTest, MessageSaysWhatWasTriedOnWhatAndWhy) {
  const Error error(Errc::closed, "post", "to the logger", "its session has ended", "spawn it again");
  EXPECT_EQ(error.message(), "cannot post to the logger: its session has ended");
  EXPECT_EQ(error.code(), Errc::closed);
  EXPECT_EQ(error.number(), 0);
  EXPECT_EQ(error.operation(), "post");
  EXPECT_EQ(error.subject(), "to the logger");
  EXPECT_EQ(error.reason(), "its session has ended");
  EXPECT_EQ(error.advice(), "spawn it again");
}

TEST(ErrorTest, MessageLeavesOutWhatIsNotKnown) {
  EXPECT_EQ(Error(Errc::cancelled, "wait").message(), "cannot wait");
  EXPECT_EQ(Error(Errc::cancelled, "wait", {}, "stopped").message(), "cannot wait: stopped");
}

TEST(ErrorTest, ReportAlignsItsLinesAndEndsWithTheAdvice) {
  Error error(Errc::abi_mismatch, "load loop", "\"uv\"", "ABI major 2, this kernel speaks 1", "rebuild the plug-in");
  error.with("file", "libpoe_loop_uv.so").with("searched", "two folders");
  EXPECT_EQ(error.report(),
            "poe: cannot load loop \"uv\": ABI major 2, this kernel speaks 1\n"
            "  file:     libpoe_loop_uv.so\n"
            "  searched: two folders\n"
            "  do:       rebuild the plug-in");
}

TEST(ErrorTest, ReportWithoutDetailsIsOneLine) { EXPECT_EQ(Error(Errc::closed, "post").report(), "poe: cannot post"); }

TEST(ErrorTest, DetailAddedToACopyDoesNotShowInTheOriginal) {
  const Error original(Errc::closed, "post");
  Error copy = original;
  copy.with("who", "a copy");
  EXPECT_EQ(original.report(), "poe: cannot post");
  EXPECT_EQ(copy.report(), "poe: cannot post\n  who: a copy");
}

TEST(ErrorTest, ErrnoBecomesTheReasonAndStaysAsANumber) {
  const Error error = Error::from_errno(EACCES, "bind", "127.0.0.1:80", "use a port above 1023");
  EXPECT_EQ(error.code(), Errc::system);
  EXPECT_EQ(error.number(), EACCES);
  EXPECT_EQ(error.message(), "cannot bind 127.0.0.1:80: Permission denied");
  EXPECT_EQ(error.advice(), "use a port above 1023");
}

TEST(ErrorTest, ThrownExceptionIsKeptWithItsTypeAndText) {
  const Error error =
      Error::from_exception(std::make_exception_ptr(std::out_of_range("index 7")), "run handler", "tick");
  EXPECT_EQ(error.code(), Errc::exception);
  EXPECT_EQ(error.message(), "cannot run handler tick: index 7");
  EXPECT_THROW(std::rethrow_exception(error.exception()), std::out_of_range);
}

TEST(ErrorTest, ThrownNonExceptionHasAReasonToo) {
  const Error error = Error::from_exception(std::make_exception_ptr(7), "run handler");
  EXPECT_EQ(error.reason(), "an exception that is not a std::exception");
  EXPECT_THROW(std::rethrow_exception(error.exception()), int);
}

TEST(ErrorTest, EveryCodeHasANameOfItsOwn) {
  std::set<std::string_view> names;
  int count = 0;
  for (int code = 1; code <= static_cast<int>(Errc::truncated); ++code, ++count) {
    names.insert(to_string(static_cast<Errc>(code)));
  }
  EXPECT_EQ(names.size(), static_cast<std::size_t>(count));
  EXPECT_FALSE(names.contains("unknown"));
  EXPECT_EQ(to_string(static_cast<Errc>(0)), "unknown");
}

TEST(ErrorTest, FailureConvertsToAnyResult) {
  const auto fail = []() -> Result<int> { return failure(Errc::limit, "add"); };
  const auto pass_on = [&]() -> Result<void> { return failure(fail().error()); };
  EXPECT_EQ(pass_on().error().code(), Errc::limit);
  const auto system = []() -> Result<void> { return system_failure(ENOENT, "open", "there"); };
  EXPECT_EQ(system().error().number(), ENOENT);
}

}  // namespace
}  // namespace poe::test
