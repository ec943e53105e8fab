// SPDX-License-Identifier: MIT
//
// The way around SIGPIPE on systems whose write calls know no flag for it: a forked process in which pwritev2 fails
// as there, by a seccomp filter. The default action of SIGPIPE would end it.
#include <gtest/gtest.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cerrno>
#include <cstddef>

#include "poe/system.hpp"

namespace poe::test {
namespace {

bool forbid_pwritev2() {
  sock_filter steps[] = {
      BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(seccomp_data, nr)),
      BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, __NR_pwritev2, 0, 1),
      BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | EOPNOTSUPP),
      BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
  };
  const sock_fprog program{sizeof steps / sizeof steps[0], steps};
  return ::prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0 && ::prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program) == 0;
}

// 0, or the number of the step that went wrong.
int write_without_the_flag() {
  const poe_sys& sys = real_system();
  int ends[2];
  if (!forbid_pwritev2() || sys.pipe(sys.ctx, ends) != 0) return 1;
  ::signal(SIGPIPE, SIG_DFL);
  const poe_iovec part{const_cast<char*>("abc"), 3};
  if (sys.writev(sys.ctx, ends[1], &part, 1) != 3) return 2;
  ::close(ends[0]);
  if (sys.writev(sys.ctx, ends[1], &part, 1) != -EPIPE) return 3;
  sigset_t left;
  sigpending(&left);
  if (sigismember(&left, SIGPIPE) != 0) return 4;  // would strike as soon as somebody unblocks it
  pthread_sigmask(SIG_SETMASK, nullptr, &left);
  return sigismember(&left, SIGPIPE) != 0 ? 5 : 0;  // the thread's mask must be as before
}

TEST(SystemWithoutNoSignalFlagDeathTest, WritingToAPipeWithoutReaderIsAnErrorNotASignalR55) {
  EXPECT_EXIT(::_exit(write_without_the_flag()), testing::ExitedWithCode(0), "");
}

}  // namespace
}  // namespace poe::test
