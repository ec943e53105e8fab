// SPDX-License-Identifier: MIT
//
// run() in a program whose toolkit is there but does not run: the kernel runs the toolkit's own loop.
#include "host_program.h"
#include "kernel_fixture.hpp"

namespace poe::test {
namespace {

using namespace std::chrono_literals;
[[maybe_unused]] inline constexpr Event<> ping{"ping"};  // by the cases of loops that are built

struct Nothing {};

#ifdef POE_TEST_QT
TEST(LiveQt, RunRunsTheApplicationsLoopAndMayBeRepeated) {
  const host_program& program = *host_qt();
  void* host = program.make();
  {
    auto opened = open_kernel();
    ASSERT_TRUE(succeeded(opened));
    Kernel& kernel = *opened;
    for (int round = 0; round < 3; ++round) {
      int fired = 0;
      Timer timer;
      const long before = program.bytes_read(host);
      kernel.spawn(Inline<Nothing>(Nothing{})
                       .on(start, [&](auto&, Self& self) { timer = self.every(1ms, ping); })
                       .on(ping, [&](auto&, Self&) {
                         if (++fired >= 5 && program.bytes_read(host) > before) timer.cancel();
                       }));
      ASSERT_TRUE(succeeded(kernel.run()));
      EXPECT_EQ(kernel.loop_name(), "qt");
      EXPECT_GE(fired, 5);
      EXPECT_GT(program.bytes_read(host), before);  // the host's own work went on
    }
  }
  program.destroy(host);
}

TEST(LiveQt, TheHostsQuitEndsTheRun) {
  const host_program& program = *host_qt();
  void* host = program.make();
  {
    auto opened = open_kernel();
    ASSERT_TRUE(succeeded(opened));
    KeepAlive pin;
    opened->spawn(Inline<Nothing>(Nothing{}).on(start, [&](auto&, Self& self) { pin = self.keep_alive("pin"); }));
    struct Both {
      const host_program& program;
      void* host;
    } both{program, host};
    program.on_tick(
        host,
        [](void* arg) {
          auto& b = *static_cast<Both*>(arg);
          b.program.quit(b.host);
        },
        &both);
    ASSERT_TRUE(succeeded(opened->run()));
    EXPECT_EQ(opened->session_count(), 1u);
  }
  program.destroy(host);
}

TEST(LiveQt, RunInsideItsExecIsRefusedAndNamesAttach) {
  const host_program& program = *host_qt();
  void* host = program.make();
  {
    auto opened = open_kernel();
    ASSERT_TRUE(succeeded(opened));
    opened->spawn(Inline<Nothing>(Nothing{}).on(start, [](auto&, Self& self) { self.yield(ping); }));
    struct All {
      const host_program& program;
      void* host;
      Kernel& kernel;
      std::string report{};
    } all{program, host, *opened};
    program.on_tick(
        host,
        [](void* arg) {
          auto& a = *static_cast<All*>(arg);
          const auto ran = a.kernel.run();
          a.report = ran ? "it ran" : ran.error().report();
          a.program.quit(a.host);
        },
        &all);
    program.run(host);
    EXPECT_NE(all.report.find("attach"), std::string::npos) << all.report;
  }
  program.destroy(host);
}
#endif

#ifdef POE_TEST_GLIB
TEST(LiveGlib, RunRunsTheThreadsDefaultContextPain42) {
  const host_program& program = *host_glib();
  void* host = program.make();
  // As a program does that prepares a context for this thread; named here without GLib's headers.
  struct Pushed {
    explicit Pushed(void* c) : context(c) { host_glib_push(context); }
    ~Pushed() { host_glib_pop(context); }
    void* context;
  };
  {
    const Pushed pushed(program.native(host));
    auto opened = open_kernel();
    ASSERT_TRUE(succeeded(opened));
    Kernel& kernel = *opened;
    for (int round = 0; round < 2; ++round) {
      int fired = 0;
      Timer timer;
      const long before = program.bytes_read(host);
      kernel.spawn(Inline<Nothing>(Nothing{})
                       .on(start, [&](auto&, Self& self) { timer = self.every(1ms, ping); })
                       .on(ping, [&](auto&, Self&) {
                         if (++fired >= 5 && program.bytes_read(host) > before) timer.cancel();
                       }));
      ASSERT_TRUE(succeeded(kernel.run()));
      EXPECT_EQ(kernel.loop_name(), "glib");
      EXPECT_GT(program.bytes_read(host), before);
    }
  }
  program.destroy(host);
}
#endif

}  // namespace
}  // namespace poe::test
