// SPDX-License-Identifier: MIT
//
// Signals again: from whom handlers have them, and what of the process's the kernel leaves alone (P073-P076, P088).
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdlib>

#include "kernel_lab.hpp"

namespace poe::test {
namespace {

class Manners : public OnEveryLoop {
 protected:
  Log log;
};
POE_ON_EVERY_LOOP(Manners);

TEST_P(Manners, SignalsComeFromTheKernelWithTheirArgumentsP076) {
  SessionId sender;
  std::vector<Value> arguments;
  const SessionId id = kernel.spawn(actor().on(start, [&](auto&, Self& self) {
    const std::string own = "registered with it";
    std::move(*self.on_signal("news", [&, own](const Signal& signal) {
      sender = self.sender();
      arguments = signal.arguments;
      log = {signal.name, own};
    })).detach();
    self.after(1ms, ping).detach();
  }));
  kernel.spawn(actor().on(start, [&](auto&, Self& self) {
    EXPECT_TRUE(succeeded(self.kernel().signal(id, "news", {1, "two"})));
  }));
  ASSERT_TRUE(succeeded(kernel.run()));
  EXPECT_EQ(sender, kernel.id());
  EXPECT_EQ(arguments, (std::vector<Value>{1, "two"}));
  EXPECT_EQ(log, (Log{"news", "registered with it"}));
}

TEST_P(Manners, ABrokenPipeIsAnErrorOfTheWriterAndNoSignalP075) {
  Pair pair = pipe_pair(kernel);
  std::int64_t written = 0;
  kernel.spawn(actor()
                   .on(start,
                       [&](auto&, Self& self) {
                         std::move(*self.on_signal("PIPE", [&](const Signal&) { log.push_back("PIPE"); })).detach();
                         self.yield(go);
                       })
                   .on(go, [&](auto&, Self& self) {
                     pair.here.reset();
                     char byte = 'x';
                     const poe_iovec part{&byte, 1};
                     written = self.system().writev(self.system().ctx, pair.there.get(), &part, 1);
                     self.after(2ms, ping).detach();
                   }));
  ASSERT_TRUE(succeeded(kernel.run()));
  EXPECT_EQ(written, -EPIPE);
  EXPECT_TRUE(log.empty());
}

// ---- what belongs to the process

class OsManners : public Manners {};
POE_ON_REAL_LOOPS(OsManners);

TEST_P(OsManners, DispositionsNobodyAskedForStayAsTheyWereP074) {
  struct sigaction before[65] = {}, during[65] = {};
  for (int number = 1; number < 65; ++number) ::sigaction(number, nullptr, &before[number]);
  kernel.spawn(actor()
                   .on(start,
                       [&](auto&, Self& self) {
                         std::move(*self.on_signal("USR1", [](const Signal&) {})).detach();
                         self.yield(go);
                       })
                   .on(go, [&](auto&, Self&) {
                     for (int number = 1; number < 65; ++number) ::sigaction(number, nullptr, &during[number]);
                   }));
  ASSERT_TRUE(succeeded(kernel.run()));
  for (int number = 1; number < 65; ++number) {
    if (number == 32 || number == 33) continue;                                // the C library's own
    if (number == SIGUSR1 || number == SIGINT || number == SIGTERM) continue;  // run() guards the last two
    EXPECT_EQ(before[number].sa_handler, during[number].sa_handler) << number;
  }
}

TEST_P(OsManners, BlockingWaitsInAHandlerGetTheirOwnChildP088) {
  int status = -1;
  kernel.spawn(actor().on(start, [](auto&, Self& self) { self.yield(go); }).on(go, [&](auto&, Self& self) {
    std::move(*self.on_signal("CHLD", [&](const Signal&) { log.push_back("CHLD"); })).detach();
    const pid_t pid = ::fork();
    if (pid == 0) ::_exit(1);
    std::move(*self.on_exit(pid, [&](const ExitStatus& exit) { log.push_back(std::to_string(exit.code)); })).detach();
    status = std::system("exit 3");  // NOLINT(cert-env33-c): it is what is tried
  }));
  ASSERT_TRUE(succeeded(kernel.run()));
  EXPECT_TRUE(WIFEXITED(status));
  EXPECT_EQ(WEXITSTATUS(status), 3);
  EXPECT_EQ(std::count(log.begin(), log.end(), "1"), 1);
}

TEST_P(OsManners, AChildMayBeAwaitedLongAfterItEndedP086) {
  const pid_t pid = ::fork();
  if (pid == 0) ::_exit(6);
  siginfo_t ended{};
  ASSERT_EQ(::waitid(P_PID, static_cast<id_t>(pid), &ended, WEXITED | WNOWAIT), 0);
  kernel.spawn(
      actor().on(start, [](auto&, Self& self) { self.after(2ms, go).detach(); }).on(go, [&](auto&, Self& self) {
        auto awaited = self.on_exit(pid, [&](const ExitStatus& exit) { log.push_back(std::to_string(exit.code)); });
        ASSERT_TRUE(succeeded(awaited));
        std::move(*awaited).detach();
      }));
  ASSERT_TRUE(succeeded(kernel.run()));
  EXPECT_EQ(log, (Log{"6"}));
}

}  // namespace
}  // namespace poe::test
