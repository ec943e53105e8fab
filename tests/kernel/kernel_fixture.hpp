// SPDX-License-Identifier: MIT
//
// A kernel on each loop, for tests that must hold on all of them.
#pragma once

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "poe/kernel.hpp"
#include "poe/open.hpp"

namespace poe::test {

/// A kernel on the named loop; the test fails if it cannot be had.
inline Kernel open_on(const std::string& loop, KernelOptions options = {}) {
  OpenOptions how;
  how.loop = loop;
  how.kernel = options;
  auto kernel = open_kernel(how);
  if (!kernel) {
    ADD_FAILURE() << kernel.error().report();
    std::abort();
  }
  return std::move(*kernel);
}

/// Fails the test with the error's whole report.
template <class T>
::testing::AssertionResult succeeded(const Result<T>& result) {
  if (result) return ::testing::AssertionSuccess();
  return ::testing::AssertionFailure() << result.error().report();
}

inline std::vector<std::string> all_loops() {
  std::vector<std::string> names;
  std::string list = POE_BUILT_LOOPS;  // "select,poll,..."
  for (std::size_t from = 0; from < list.size();) {
    const std::size_t to = std::min(list.find(',', from), list.size());
    names.push_back(list.substr(from, to - from));
    from = to + 1;
  }
  return names;
}

/// Why not select under TSan: libtsan 2 keeps a signal back until the next function it knows, and pselect is none of
/// them, so a signal just before it is told when the wait ends for another reason, or never.
inline std::vector<std::string> real_loops() {
  auto names = all_loops();
  std::erase(names, "sim");
#ifdef __SANITIZE_THREAD__
  std::erase(names, "select");
#endif
  return names;
}

/// Instantiated for every loop that was built.
class OnEveryLoop : public ::testing::TestWithParam<std::string> {
 protected:
  /// While the members of derived fixtures, which handlers of `_stop` may write to, still exist.
  void TearDown() override { kernel.stop(); }

  Kernel kernel = open_on(GetParam());
};

/// For what needs the operating system: real descriptors, signals, children.
class OnRealLoops : public OnEveryLoop {};

inline std::string loop_of(const ::testing::TestParamInfo<std::string>& info) { return info.param; }

}  // namespace poe::test

#define POE_ON_EVERY_LOOP(suite) \
  INSTANTIATE_TEST_SUITE_P(Loops, suite, ::testing::ValuesIn(::poe::test::all_loops()), ::poe::test::loop_of)
#define POE_ON_REAL_LOOPS(suite) \
  INSTANTIATE_TEST_SUITE_P(Loops, suite, ::testing::ValuesIn(::poe::test::real_loops()), ::poe::test::loop_of)
