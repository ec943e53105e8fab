// SPDX-License-Identifier: MIT
//
// What the kernel calls of its loop in situations that no well-behaved loop brings about.
#include <fcntl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "kernel_lab.hpp"
#include "puppet_loop.hpp"

namespace poe::test {
namespace {

constexpr std::uint64_t bit(std::uint32_t capability) { return std::uint64_t{1} << capability; }

ino_t inode_of(int fd) {
  struct stat facts {};
  EXPECT_EQ(::fstat(fd, &facts), 0);
  return facts.st_ino;
}

TEST(LoopCalls, InAForkedChildATurnCallsNothing) {
  PuppetLoop loop(bit(POE_CAP_FOREIGN) | bit(POE_CAP_NESTED_STEP));
  Kernel kernel(loop.provider());
  auto guest = kernel.attach({});
  ASSERT_TRUE(succeeded(guest));
  const SessionId id = kernel.spawn(
      actor().on(start, [](auto&, Self& self) { self.after(1h, ping).detach(); }).on(go, [](auto&, Self&) {}));
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

TEST(LoopCalls, AnInnerSetWhoseNumberIsAnothersByNowIsLeftToThat) {
#ifdef POE_PORTABLE
  GTEST_SKIP() << "this build has no epoll";
#endif
  PuppetLoop loop(bit(POE_CAP_FOREIGN) | bit(POE_CAP_LINEAR_WAIT));
  KeptLog log;
  KernelOptions options;
  options.inner_set = 1;
  options.log = &log;
  Kernel kernel(loop.provider(), options);
  auto guest = kernel.attach({});
  ASSERT_TRUE(succeeded(guest));
  Pair pipe = pipe_pair(kernel), another = pipe_pair(kernel);
  Watch watch;
  int told = 0;
  kernel.spawn(actor().on(start, [&](auto&, Self& self) {
    watch = *self.watch(pipe.here.get(), POE_READ, [&](std::uint32_t) {
      ++told;
      static_cast<void>(read_text(pipe.here));
    });
  }));
  loop.turn();
  ASSERT_EQ(loop.watches.size(), 1u);
  const auto [set, as] = *loop.watches.begin();
  ASSERT_NE(set, pipe.here.get());
  const int number = static_cast<int>(set);
  ASSERT_EQ(::dup3(another.here.get(), number, O_CLOEXEC), number);  // somebody closed it, somebody else opened a file
  loop.host().error(loop.host().ctx, as.token, -EBADF, EBADF, "not a descriptor any more");
  EXPECT_EQ(inode_of(number), inode_of(another.here.get())) << "the kernel closed a stranger's file";
  ASSERT_EQ(loop.watches.size(), 1u);
  ASSERT_NE(loop.watches.begin()->first, set);
  ::close(number);
  write_text(pipe.there, "x");
  loop.host().ready(loop.host().ctx, loop.watches.begin()->second.token, POE_READ);
  loop.turn(POE_TURN_READY);
  EXPECT_EQ(told, 1);
  EXPECT_EQ(log.lines.size(), 1u);
  watch.cancel();
  kernel.stop();
}

}  // namespace
}  // namespace poe::test
