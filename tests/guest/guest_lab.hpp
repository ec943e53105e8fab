// SPDX-License-Identifier: MIT
//
// A kernel as the guest of each host program that could be built, for tests that must hold in all of them.
#pragma once

#include <functional>
#include <ostream>

#include "host_program.h"
#include "kernel_lab.hpp"

/// Names a test's parameter, in ctest's list too; found by its argument, hence in the global namespace.
inline void PrintTo(const host_program* program, std::ostream* out) { *out << program->loop; }

namespace poe::test {

inline std::vector<const host_program*> host_programs() {
  return {
#ifdef POE_TEST_UV
      host_uv(),
#endif
#ifdef POE_TEST_EVENT
      host_event(),
#endif
#ifdef POE_TEST_GLIB
      host_glib(),
#endif
#ifdef POE_TEST_QT
      host_qt(),
#endif
#ifdef POE_TEST_EV
      host_ev(),
#endif
#ifdef POE_TEST_SDEVENT
      host_sdevent(),
#endif
#ifdef POE_TEST_ASIO
      host_asio(),
#endif
#ifdef POE_TEST_TCL
      host_tcl(),
#endif
  };
}

inline std::string name_of_host(const ::testing::TestParamInfo<const host_program*>& info) { return info.param->loop; }

/// A host that runs nothing of ours yet, and what the tests do with it.
class InAHost : public ::testing::TestWithParam<const host_program*> {
 protected:
  InAHost() : program(*GetParam()), host(program.make()) {}
  ~InAHost() override {
    if (host != nullptr) program.destroy(host);
  }

  Result<Guest> join(Kernel& kernel) { return kernel.attach(Host{program.loop, program.native(host)}); }
  /// Calls f in every tick of the host.
  void each_tick(std::function<void()> f) {
    tick = std::move(f);
    program.on_tick(
        host, [](void* self) { static_cast<InAHost*>(self)->tick(); }, this);
  }
  /// Runs the host; `f` says at each tick whether to go on. A test that does not end fails after a minute of ticks.
  void run_while(std::function<bool()> f) {
    int ticks = 0;
    each_tick([this, f = std::move(f), &ticks] {
      if (++ticks > 60'000) ADD_FAILURE() << "the guest never finished";
      if (ticks > 60'000 || !f()) program.quit(host);
    });
    program.run(host);
    program.on_tick(host, nullptr, nullptr);
  }
  /// Leaves the host time to take away what a guest has left.
  void settle() {
    int left = 5;
    run_while([&] { return --left > 0; });
  }

  const host_program& program;
  void* host;
  std::function<void()> tick;
};

}  // namespace poe::test

#define POE_IN_EVERY_HOST(suite)                        \
  GTEST_ALLOW_UNINSTANTIATED_PARAMETERIZED_TEST(suite); \
  INSTANTIATE_TEST_SUITE_P(Hosts, suite, ::testing::ValuesIn(host_programs()), name_of_host)
