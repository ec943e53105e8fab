// SPDX-License-Identifier: MIT
//
// What Tasks wait for outside the process's own memory: children and signals of the system, on every real loop.
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <string>

#include "kernel_lab.hpp"
#include "poe/coroutine.hpp"

namespace poe::test {
namespace {

pid_t child(int code) {
  const pid_t pid = ::fork();
  if (pid == 0) ::_exit(code);
  return pid;
}

pid_t child_that_waits() {
  const pid_t pid = ::fork();
  if (pid == 0) {
    for (;;) ::pause();
  }
  return pid;
}

class CoroutineProcess : public OnEveryLoop {
 protected:
  void run(Task<> (*body)(Self&, Log*)) {
    kernel.spawn(body, &log);
    ASSERT_TRUE(succeeded(kernel.run()));
  }
  Log log;
};
POE_ON_REAL_LOOPS(CoroutineProcess);

TEST_P(CoroutineProcess, AChildsExitIsAwaitedAndReapedR76) {
  run([](Self& self, Log* log) -> Task<> {
    const pid_t pid = child(7);
    const auto status = co_await self.exited(pid);
    log->push_back(status ? "code " + std::to_string(status->code) : status.error().message());
    log->push_back(::waitpid(pid, nullptr, WNOHANG) == -1 ? "reaped" : "still there");
  });
  EXPECT_EQ(log, (Log{"code 7", "reaped"}));
}

TEST_P(CoroutineProcess, ManyChildrenAreAwaitedAtOnce) {
  run([](Self& self, Log* log) -> Task<> {
    Scope scope(self);
    int sum = 0;
    for (int code = 1; code <= 20; ++code) {
      scope.launch([](Self& me, pid_t pid, int* total) -> Task<> {
        const auto status = co_await me.exited(pid);
        *total += status ? status->code : 1000;
      }(self, child(code), &sum));
    }
    static_cast<void>(co_await scope.join());
    log->push_back(std::to_string(sum));
  });
  EXPECT_EQ(log, Log{"210"});
}

TEST_P(CoroutineProcess, AChildThatTakesTooLongMayBeKilledAndAwaitedAgain) {
  run([](Self& self, Log* log) -> Task<> {
    const pid_t pid = child_that_waits();
    const auto early = co_await self.exited(pid).within(1ms);
    log->push_back(std::string(to_string(early.error().code())));
    ::kill(pid, SIGKILL);
    const auto status = co_await self.exited(pid);
    log->push_back(status ? "signal " + std::to_string(status->signal) : status.error().message());
  });
  EXPECT_EQ(log, (Log{"timed_out", "signal 9"}));
}

TEST_P(CoroutineProcess, WhoIsNoChildIsAnError) {
  run([](Self& self, Log* log) -> Task<> {
    const auto status = co_await self.exited(1);
    log->push_back(status ? "ended" : std::to_string(status.error().number()));
  });
  EXPECT_EQ(log, Log{std::to_string(ECHILD)});
}

TEST_P(CoroutineProcess, ASignalOfTheSystemIsAwaitedAndKeepsTheProgramRunning) {
  run([](Self& self, Log* log) -> Task<> {
    int begin[2];
    if (::pipe(begin) != 0) co_return;
    const pid_t sender = ::fork();
    if (sender == 0) {
      char byte = 0;
      const bool told = ::read(begin[0], &byte, 1) == 1;
      ::usleep(5000);  // the parent shall have nothing else to wait for
      ::_exit(told && ::kill(::getppid(), SIGUSR1) == 0 ? 0 : 1);
    }
    self.defer([begin] {  // runs once the signal is awaited
      static_cast<void>(::write(begin[1], "", 1));
      ::close(begin[0]);
      ::close(begin[1]);
    });
    const auto got = co_await self.signal("USR1");
    log->push_back(got ? got->name : got.error().message());
    const auto sent = co_await self.exited(sender);
    log->push_back(sent && sent->success() ? "sent" : "not sent");
  });
  EXPECT_EQ(log, (Log{"USR1", "sent"}));
}

TEST_P(CoroutineProcess, AnAwaitedInterruptDoesNotEndTheProgram) {
  run([](Self& self, Log* log) -> Task<> {
    self.defer([] { ::raise(SIGINT); });
    const auto got = co_await self.signal("INT");
    log->push_back(got ? got->name : got.error().message());
    const auto slept = co_await self.sleep(1ms);
    log->push_back(slept ? "still here" : "ended");
  });
  EXPECT_EQ(log, (Log{"INT", "still here"}));
}

}  // namespace
}  // namespace poe::test
