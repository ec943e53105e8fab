// SPDX-License-Identifier: MIT
//
// Child processes, each awaited by its own id (P083-P087, R76, R78), through descriptors and without; and the kernel in
// the child of a fork (P095).
#include <fcntl.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstddef>
#include <iterator>
#include <map>

#include "kernel_lab.hpp"

namespace poe::test {
namespace {

pid_t child_that_exits(int code) {
  const pid_t pid = ::fork();
  if (pid == 0) ::_exit(code);
  return pid;
}

class Children : public OnEveryLoop {
 protected:
  Log log;
};
POE_ON_REAL_LOOPS(Children);

TEST_P(Children, TellTheirExitStatusOnceR76) {
  std::vector<ExitStatus> got;
  ChildWatch watch;
  pid_t pid = 0;
  kernel.spawn(actor().on(start, [&](auto&, Self& self) {
    pid = child_that_exits(3);
    auto awaited = self.on_exit(pid, [&](const ExitStatus& status) { got.push_back(status); });
    ASSERT_TRUE(succeeded(awaited));
    watch = std::move(*awaited);
  }));
  EXPECT_NE(kernel.why_running().find("an awaited child process"), std::string::npos);
  ASSERT_TRUE(succeeded(kernel.run()));
  ASSERT_EQ(got.size(), 1u);
  EXPECT_EQ(got[0].pid, pid);
  EXPECT_EQ(got[0].code, 3);
  EXPECT_FALSE(got[0].success());
  EXPECT_FALSE(watch);
}

TEST_P(Children, KilledOnesTellTheSignal) {
  ExitStatus got;
  kernel.spawn(actor().on(start, [&](auto&, Self& self) {
    const pid_t pid = ::fork();
    if (pid == 0) {
      for (;;) ::pause();
    }
    ::kill(pid, SIGTERM);
    std::move(*self.on_exit(pid, [&](const ExitStatus& status) { got = status; })).detach();
  }));
  ASSERT_TRUE(succeeded(kernel.run()));
  EXPECT_EQ(got.signal, SIGTERM);
  EXPECT_FALSE(got.success());
}

TEST_P(Children, AreToldAfterWhatIsQueuedAndTheWatchIsGoneByThenP083) {
  ChildWatch watch;
  kernel.spawn(actor()
                   .on(start,
                       [&](auto&, Self& self) {
                         self.yield(text, "queued");  // first: it may have ended when we begin to wait
                         watch = *self.on_exit(child_that_exits(0), [&](const ExitStatus&) {
                           EXPECT_FALSE(watch);
                           log.push_back("exit");
                         });
                       })
                   .on(text, [&](auto&, Self&, const std::string& t) { log.push_back(t); }));
  ASSERT_TRUE(succeeded(kernel.run()));
  EXPECT_EQ(log, (Log{"queued", "exit"}));
}

TEST_P(Children, TwoSessionsMayWaitForOneThatHasEndedP085) {
  const pid_t pid = child_that_exits(5);
  siginfo_t ended{};
  ASSERT_EQ(::waitid(P_PID, static_cast<id_t>(pid), &ended, WEXITED | WNOWAIT), 0);
  int told = 0;
  for (int i = 0; i < 2; ++i) {
    kernel.spawn(actor().on(start, [&](auto&, Self& self) {
      std::move(*self.on_exit(pid, [&](const ExitStatus& status) { told += status.code; })).detach();
    }));
  }
  ASSERT_TRUE(succeeded(kernel.run()));
  EXPECT_EQ(told, 10);
}

TEST_P(Children, AWatchDroppedTellsNobodyAndKeepsNobody) {
  const pid_t pid = child_that_exits(0);
  kernel.spawn(actor().on(start, [&](auto&, Self& self) {
    ChildWatch watch = *self.on_exit(pid, [&](const ExitStatus&) { log.push_back("told"); });
    watch.cancel();
    watch.cancel();
  }));
  ASSERT_TRUE(succeeded(kernel.run()));
  EXPECT_TRUE(log.empty());
  int status = 0;
  EXPECT_EQ(::waitpid(pid, &status, 0), pid);  // it is the program's again
}

TEST_P(Children, TheHostsOthersAreUntouchedP089Pain32) {
  const pid_t hosts = child_that_exits(9);
  int told = 0;
  kernel.spawn(actor().on(start, [&](auto&, Self& self) {
    std::move(*self.on_exit(child_that_exits(1), [&](const ExitStatus& status) { told = status.code; })).detach();
  }));
  ASSERT_TRUE(succeeded(kernel.run()));
  EXPECT_EQ(told, 1);
  int status = 0;
  ASSERT_EQ(::waitpid(hosts, &status, 0), hosts);
  EXPECT_EQ(WEXITSTATUS(status), 9);
}

/// A child that lives until end() or the gate's end.
class GatedChild {
 public:
  explicit GatedChild(int code) {
    int gate[2];
    EXPECT_EQ(::pipe2(gate, O_CLOEXEC), 0);
    pid = ::fork();
    if (pid == 0) {
      ::close(gate[1]);
      char byte;
      static_cast<void>(!::read(gate[0], &byte, 1));
      ::_exit(code);
    }
    ::close(gate[0]);
    gate_ = Fd(gate[1]);
  }
  void end() { gate_.reset(); }
  pid_t pid = 0;

 private:
  Fd gate_;
};

/// Its number answers until it has been reaped.
bool is_reaped(pid_t pid) { return ::kill(pid, 0) != 0; }

TEST_P(Children, ThatAreAlwaysReapedKeepNobodyAndAreSoWithoutTheirSessionP089) {
  GatedChild child(3);
  ChildWatch watch;
  kernel.spawn(actor().on(start, [&](auto&, Self& self) {
    watch = *self.on_exit(child.pid, [&](const ExitStatus&) { log.push_back("told"); });
    watch.reap_always();
    self.request_stop();
  }));
  ASSERT_TRUE(succeeded(kernel.run())) << "it runs only while there are sessions";
  EXPECT_FALSE(watch);
  EXPECT_TRUE(watch.is_unreaped(child.pid));
  child.end();
  while (!is_reaped(child.pid)) static_cast<void>(kernel.run_one_timeslice(1ms));
  EXPECT_FALSE(watch.is_unreaped(child.pid));
  EXPECT_EQ(log, Log{});
}

TEST_P(Children, ThatAreAlwaysReapedAreSoWhileOthersRunP089) {
  GatedChild child(3);
  Timer tick;
  kernel.spawn(actor()
                   .on(start,
                       [&](auto&, Self& self) {
                         self.on_exit(child.pid, [](const ExitStatus&) {})->reap_always();
                         child.end();
                         tick = self.every(1ms, ping);
                       })
                   .on(ping, [&](auto&, Self&) {
                     if (is_reaped(child.pid)) tick.cancel();
                   }));
  ASSERT_TRUE(succeeded(kernel.run()));
  EXPECT_TRUE(is_reaped(child.pid));
}

TEST_P(Children, ThatAreAlwaysReapedMayBeAwaitedByOthersP085) {
  GatedChild child(6);
  kernel.spawn(actor().on(start, [&](auto&, Self& self) {
    self.on_exit(child.pid, [](const ExitStatus&) { FAIL(); })->reap_always();
    std::move(*self.on_exit(child.pid, [&](const ExitStatus& s) { log.push_back(std::to_string(s.code)); })).detach();
    child.end();
  }));
  ASSERT_TRUE(succeeded(kernel.run()));
  EXPECT_EQ(log, Log{"6"});
}

TEST_P(Children, ThatAreAlwaysReapedGoWithTheKernelIfTheyHaveEndedP089) {
  GatedChild child(3);
  kernel.spawn(actor().on(start, [&](auto&, Self& self) {
    self.on_exit(child.pid, [](const ExitStatus&) {})->reap_always();
    self.request_stop();
  }));
  ASSERT_TRUE(succeeded(kernel.run()));
  child.end();
  siginfo_t ended{};
  ASSERT_EQ(::waitid(P_PID, static_cast<id_t>(child.pid), &ended, WEXITED | WNOWAIT), 0);
  { const Kernel gone = std::move(kernel); }
  EXPECT_TRUE(is_reaped(child.pid));
  kernel = open_on(GetParam());
}

TEST_P(Children, TwoHundredAtOnceAllTellTheirOwnStatusR76) {
  std::map<std::int64_t, int> got;
  std::map<std::int64_t, int> expected;
  kernel.spawn(actor().on(start, [&](auto&, Self& self) {
    for (int i = 0; i < 200; ++i) {
      const pid_t pid = child_that_exits(i % 100);
      expected[pid] = i % 100;
      auto awaited = self.on_exit(pid, [&](const ExitStatus& status) { got[status.pid] += status.code; });
      ASSERT_TRUE(succeeded(awaited));
      std::move(*awaited).detach();
    }
  }));
  ASSERT_TRUE(succeeded(kernel.run()));
  EXPECT_EQ(got, expected);
}

TEST_P(Children, ThatAreNoneAreAnErrorP084) {
  kernel.spawn(actor().on(start, [&](auto&, Self& self) {
    const auto parent = self.on_exit(::getppid(), [](const ExitStatus&) {});
    ASSERT_FALSE(parent);
    EXPECT_EQ(parent.error().number(), ECHILD) << parent.error().report();
    EXPECT_FALSE(self.on_exit(0, [](const ExitStatus&) {}));
    EXPECT_FALSE(self.on_exit(-1, [](const ExitStatus&) {}));
    const pid_t reaped = child_that_exits(0);
    int status = 0;
    ASSERT_EQ(::waitpid(reaped, &status, 0), reaped);
    EXPECT_FALSE(self.on_exit(reaped, [](const ExitStatus&) {}));
  }));
  ASSERT_TRUE(succeeded(kernel.run()));
}

TEST_P(Children, StoppedOnesAreNotToldP087) {
  kernel.spawn(actor().on(start, [&](auto&, Self& self) {
    const pid_t pid = ::fork();
    if (pid == 0) {
      ::raise(SIGSTOP);
      ::_exit(4);
    }
    int status = 0;
    EXPECT_EQ(::waitpid(pid, &status, WUNTRACED), pid);
    EXPECT_TRUE(WIFSTOPPED(status));
    std::move(*self.on_exit(pid, [&](const ExitStatus& s) { log.push_back(std::to_string(s.code)); })).detach();
    static_cast<void>(self.kernel().run_one_timeslice(1ms));
    EXPECT_TRUE(log.empty());
    ::kill(pid, SIGCONT);
  }));
  ASSERT_TRUE(succeeded(kernel.run()));
  EXPECT_EQ(log, (Log{"4"}));
}

TEST_P(Children, AlsoWhereSigchldIsIgnoredNobodyWaitsForEverR78) {
  ::signal(SIGCHLD, SIG_IGN);
  int told = 0;
  kernel.spawn(actor().on(start, [&](auto&, Self& self) {
    int gate[2];
    ASSERT_EQ(::pipe(gate), 0);
    const pid_t pid = ::fork();
    if (pid == 0) {
      ::close(gate[1]);
      char byte;
      static_cast<void>(!::read(gate[0], &byte, 1));
      ::_exit(0);
    }
    auto awaited = self.on_exit(pid, [&](const ExitStatus&) { ++told; });
    ::close(gate[0]);
    ::close(gate[1]);
    if (awaited) std::move(*awaited).detach();
  }));
  ASSERT_TRUE(succeeded(kernel.run()));
  EXPECT_EQ(told, 1);
  ::signal(SIGCHLD, SIG_DFL);
}

// ---- without process descriptors

/// From now on this process has no pidfd_open(2), as on Linux before 5.3.
bool forget_pidfd_open() {
  sock_filter program[] = {
      BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(seccomp_data, nr)),
      BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_pidfd_open, 0, 1),
      BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | ENOSYS),
      BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
  };
  const sock_fprog filter{std::size(program), program};
  return ::prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0 && ::prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &filter) == 0;
}

/// Runs `program` in a fork of this process; its exit code.
template <class P>
int in_fork(P program) {
  const pid_t pid = ::fork();
  if (pid == 0) {
    ::alarm(30);
    ::_exit(program());
  }
  int status = 0;
  ::waitpid(pid, &status, 0);
  return WIFEXITED(status) ? WEXITSTATUS(status) : 1000 + status;
}

TEST_P(Children, AreToldBySigchldWhereThereAreNoProcessDescriptorsPain44) {
  const int code = in_fork([&] {
    if (!forget_pidfd_open()) return 77;
    Kernel k = open_on(GetParam());
    std::map<std::int64_t, int> got, expected;
    const pid_t hosts = child_that_exits(50);
    k.spawn(actor().on(start, [&](auto&, Self& self) {
      for (int i = 0; i < 50; ++i) {
        const pid_t pid = child_that_exits(i);
        expected[pid] = i + 1;
        auto awaited = self.on_exit(pid, [&](const ExitStatus& status) { got[status.pid] += status.code + 1; });
        if (awaited) std::move(*awaited).detach();
      }
    }));
    if (!k.run()) return 1;
    if (got != expected) return 2;
    struct sigaction present {};
    ::sigaction(SIGCHLD, nullptr, &present);
    if (present.sa_handler != SIG_DFL) return 3;  // given back with the last child
    return ::waitpid(hosts, nullptr, 0) == hosts ? 0 : 4;
  });
  if (code == 77) GTEST_SKIP() << "this machine allows no seccomp filters";
  EXPECT_EQ(code, 0);
}

// ---- forks

class Forks : public OnEveryLoop {};
POE_ON_EVERY_LOOP(Forks);

TEST_P(Forks, EverythingFailsWithForkedBeforeHasForkedP096Pain13) {
  KeepAlive pin;
  const SessionId id = kernel.spawn(actor().on(start, [&](auto&, Self& self) { pin = self.keep_alive("pin"); }));
  static_cast<void>(kernel.run_one_timeslice(0ns));
  const int code = in_fork([&] {
    if (kernel.run().error().code() != Errc::forked) return 1;
    if (kernel.run_one_timeslice(0ns).error().code() != Errc::forked) return 2;
    if (kernel.attach(host::live()).error().code() != Errc::forked) return 3;
    if (kernel.spawn(actor())) return 4;
    return kernel.alive(id) ? 0 : 5;
  });
  EXPECT_EQ(code, 0);
}

TEST_P(Forks, TheChildGoesOnWithItsSessionsAndTimersTheParentIsUnaffectedP095Pain13) {
  Timer timer;
  int fired = 0;
  Pair pair = pipe_pair(kernel);
  Watch watch;
  std::string got;
  kernel.spawn(actor()
                   .on(start,
                       [&](auto&, Self& self) {
                         timer = self.after(100ms, ping);  // not in the slice before the fork
                         watch = *self.watch(pair.here.get(), POE_READ, [&](std::uint32_t) {
                           got += read_text(pair.here);
                           if (!got.empty()) watch.cancel();
                         });
                       })
                   .on(ping, [&](auto&, Self&) {
                     ++fired;
                     write_text(pair.there, "x");
                   }));
  static_cast<void>(kernel.run_one_timeslice(0ns));
  if (GetParam() != "sim") {  // a simulated world ends with its loop
    const int code = in_fork([&] {
      // The pipe is shared with the parent: the child brings its own.
      watch.cancel();
      pair = Pair();
      if (!kernel.has_forked()) return 1;
      if (!kernel.has_forked()) return 2;
      pair = pipe_pair(kernel);
      const SessionId reader = kernel.spawn(actor().on(start, [&](auto&, Self& self) {
        watch = *self.watch(pair.here.get(), POE_READ, [&](std::uint32_t) {
          got += read_text(pair.here);
          watch.cancel();
        });
      }));
      if (!reader || !kernel.run()) return 3;
      return fired == 1 && got == "x" ? 0 : 4;
    });
    EXPECT_EQ(code, 0);
  }
  EXPECT_EQ(fired, 0);
  ASSERT_TRUE(succeeded(kernel.run()));
  EXPECT_EQ(fired, 1);
  EXPECT_EQ(got, "x");
}

TEST_P(Forks, AForkedKernelMayBeThrownAway) {
  KeepAlive pin;
  kernel.spawn(actor().on(start, [&](auto&, Self& self) { pin = self.keep_alive("pin"); }));
  static_cast<void>(kernel.run_one_timeslice(0ns));
  const int code = in_fork([&] {
    { const Kernel gone = std::move(kernel); }
    Kernel fresh = open_on(GetParam());
    bool ran = false;
    fresh.spawn(
        actor().on(start, [](auto&, Self& self) { self.yield(ping); }).on(ping, [&](auto&, Self&) { ran = true; }));
    return fresh.run() && ran ? 0 : 1;
  });
  EXPECT_EQ(code, 0);
}

TEST_P(Forks, HasForkedInsideAHandlerIsAnErrorNotACrash) {
  int code = -1;
  kernel.spawn(actor().on(start, [](auto&, Self& self) { self.yield(go); }).on(go, [&](auto&, Self& self) {
    code = in_fork([&] {
      const auto result = self.kernel().has_forked();
      return !result && result.error().code() == Errc::already_running ? 0 : 1;
    });
  }));
  ASSERT_TRUE(succeeded(kernel.run()));
  EXPECT_EQ(code, 0);
}

class OsForks : public Forks {};
POE_ON_REAL_LOOPS(OsForks);

TEST_P(OsForks, AFreshKernelInTheChildTellsTheParentsNothingP078) {
  int heard = 0;
  SignalWatch watch;
  KeepAlive pin;
  kernel.spawn(actor().on(start, [&](auto&, Self& self) {
    pin = self.keep_alive("pin");
    watch = *self.on_signal("USR1", [&](const Signal&) { ++heard; });
  }));
  static_cast<void>(kernel.run_one_timeslice(0ns));
  const int code = in_fork([&] {
    Kernel fresh = open_on(GetParam());
    SignalWatch own;
    int own_heard = 0;
    fresh.spawn(actor().on(start, [&](auto&, Self& self) {
      own = *self.on_signal("USR1", [&](const Signal&) { ++own_heard; });
      pin = self.keep_alive("pin");
    }));
    ::raise(SIGUSR1);
    for (int slice = 0; slice < 100 && own_heard == 0; ++slice) static_cast<void>(fresh.run_one_timeslice(2ms));
    if (own_heard != 1) return 1;
    { const Kernel gone = std::move(kernel); }
    ::raise(SIGUSR1);
    for (int slice = 0; slice < 100 && own_heard == 1; ++slice) static_cast<void>(fresh.run_one_timeslice(2ms));
    return own_heard == 2 ? 0 : 2;
  });
  EXPECT_EQ(code, 0);
  for (int slice = 0; slice < 5; ++slice) static_cast<void>(kernel.run_one_timeslice(0ns));
  EXPECT_EQ(heard, 0);
}

TEST_P(OsForks, SignalsInTheChildAreItsOwnAndAwaitedPidsForgottenP078P095) {
  int heard = 0, exits = 0;
  SignalWatch watch;
  ChildWatch always;
  KeepAlive pin;
  const pid_t awaited = ::fork();
  if (awaited == 0) {
    for (;;) ::pause();
  }
  kernel.spawn(actor().on(start, [&](auto&, Self& self) {
    pin = self.keep_alive("pin");
    watch = *self.on_signal("USR1", [&](const Signal&) { ++heard; });
    std::move(*self.on_exit(awaited, [&](const ExitStatus&) { ++exits; })).detach();
    always = *self.on_exit(awaited, [&](const ExitStatus&) {});
    always.reap_always();
  }));
  for (int slice = 0; slice < 3; ++slice) static_cast<void>(kernel.run_one_timeslice(0ns));
  const int code = in_fork([&] {
    ::raise(SIGUSR1);  // before has_forked: goes nowhere, least of all to the parent
    if (!kernel.has_forked()) return 1;
    if (kernel.why_running().find("awaited child") != std::string::npos) return 2;
    if (always.is_unreaped(awaited)) return 4;
    ::raise(SIGUSR1);
    for (int slice = 0; slice < 100 && heard == 0; ++slice) static_cast<void>(kernel.run_one_timeslice(2ms));
    return heard == 1 ? 0 : 3;
  });
  EXPECT_EQ(code, 0);
  for (int slice = 0; slice < 5; ++slice) static_cast<void>(kernel.run_one_timeslice(0ns));
  EXPECT_EQ(heard, 0);
  ::kill(awaited, SIGKILL);
  for (int slice = 0; slice < 500 && exits == 0; ++slice) static_cast<void>(kernel.run_one_timeslice(2ms));
  EXPECT_EQ(exits, 1);
}

}  // namespace
}  // namespace poe::test
