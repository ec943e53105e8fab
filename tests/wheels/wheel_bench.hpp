// SPDX-License-Identifier: MIT
//
// What the benches of several wheels share: a session that holds one wheel, a log of what the wheel said, the loops of
// the real system.
#pragma once

#include <cstddef>
#include <filesystem>
#include <string>
#include <utility>
#include <vector>

#include "socket_factory_lab.hpp"

namespace poe::test {

using Log = std::vector<std::string>;

/// Why not select under TSan: libtsan 2 keeps a signal back until the next function it knows, and pselect is none.
inline std::vector<std::string> real_loops() {
  auto names = built_loops();
  std::erase(names, "sim");
#ifdef __SANITIZE_THREAD__
  std::erase(names, "select");
#endif
  return names;
}

#define POE_ON_REAL_LOOPS(Suite)                                                  \
  INSTANTIATE_TEST_SUITE_P(, Suite, testing::ValuesIn(::poe::test::real_loops()), \
                           [](const auto& info) { return info.param; })

inline std::size_t open_descriptors() {
  std::size_t count = 0;
  for ([[maybe_unused]] const auto& entry : std::filesystem::directory_iterator("/proc/self/fd")) ++count;
  return count;
}

/// The session; what a test wants done in it, it does through Kernel::with(). It ends with the test.
template <class Wheel>
class WheelHolder : public Session {
 public:
  explicit WheelHolder(Birth&& birth) : Session(std::move(birth)) {}
  static void handlers(Handlers<WheelHolder>& table) { table.on(start, &WheelHolder::begin); }
  Wheel wheel;
  KeepAlive hold;

 private:
  void begin() { hold = keep_alive("the test"); }
};

}  // namespace poe::test
