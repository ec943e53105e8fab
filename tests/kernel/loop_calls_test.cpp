// SPDX-License-Identifier: MIT
//
// What the kernel calls of its loop in situations that no well-behaved loop brings about.
#include <sys/wait.h>
#include <unistd.h>

#include "kernel_lab.hpp"
#include "puppet_loop.hpp"

namespace poe::test {
namespace {

constexpr std::uint64_t bit(std::uint32_t capability) { return std::uint64_t{1} << capability; }

TEST(LoopCalls, InAForkedChildATurnCallsNothing) {
  PuppetLoop loop(bit(POE_CAP_FOREIGN) | bit(POE_CAP_NESTED_STEP));
  Kernel kernel(loop.provider());
  auto guest = kernel.attach({});
  ASSERT_TRUE(succeeded(guest));
  const SessionId id = kernel.spawn(actor()
                                        .on(start, [](auto&, Self& self) { self.after(1h, ping).detach(); })
                                        .on(go, [](auto&, Self&) {}));
  loop.turn();
  const pid_t child = ::fork();
  if (child == 0) {
    ::alarm(30);
    const int before = loop.arms;
    static_cast<void>(kernel.post(id, go));
    loop.turn();  // the host's loop goes on in the child, which knows of no fork
    ::_exit(loop.arms == before ? 0 : 1);
  }
  int status = -1;
  ::waitpid(child, &status, 0);
  EXPECT_TRUE(WIFEXITED(status));
  EXPECT_EQ(WEXITSTATUS(status), 0);
  kernel.stop();
}

}  // namespace
}  // namespace poe::test
