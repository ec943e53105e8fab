// SPDX-License-Identifier: MIT
//
// Children through the table of the real system.
#include <fcntl.h>
#include <gtest/gtest.h>
#include <poll.h>
#include <signal.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <string>

#include "poe/fd.hpp"
#include "poe/system.hpp"

namespace poe::test {
namespace {

const poe_sys& sys() { return real_system(); }

// Waits without a sleep: for the child's own descriptor if the system has such, else by asking.
poe_exit wait_for(std::int64_t pid) {
  poe_exit ended{sizeof(poe_exit), -1, -1, -1};
  const Fd notice(sys().child_fd(sys().ctx, pid));
  pollfd wanted{notice.get(), POLLIN, 0};
  for (int i = 0; i < 10'000; ++i) {
    const int answer = sys().wait(sys().ctx, pid, &ended);
    if (answer != 0) {
      EXPECT_EQ(answer, 1);
      return ended;
    }
    ::poll(&wanted, notice ? 1 : 0, notice ? 10'000 : 1);
  }
  ADD_FAILURE() << "the child never ended";
  return ended;
}

// What a shell reads from must block: ours do not, and its `read` gives up at once.
void blocking(const Fd& fd) { ASSERT_EQ(::fcntl(fd.get(), F_SETFL, 0), 0); }

struct Child {
  int started = 0;
  std::int64_t pid = 0;
};

Child spawn_shell(const char* script, const std::int32_t* stdio = nullptr, const char* directory = nullptr,
                  const char* const* environment = nullptr) {
  const std::array<const char*, 4> argv = {"sh", "-c", script, nullptr};
  const poe_spawn what{sizeof(poe_spawn), 0, "sh", argv.data(), environment, directory, stdio};
  Child child;
  child.started = sys().spawn(sys().ctx, &what, &child.pid);
  return child;
}

struct Pipe {
  Pipe() {
    int ends[2] = {-1, -1};
    EXPECT_EQ(sys().pipe(sys().ctx, ends), 0);
    reader = Fd(ends[0]);
    writer = Fd(ends[1]);
  }
  std::string all() {
    writer.reset();
    std::string text;
    for (;;) {
      std::array<char, 256> bytes{};
      const poe_iovec part{bytes.data(), bytes.size()};
      const std::int64_t got = sys().readv(sys().ctx, reader.get(), &part, 1);
      pollfd wanted{reader.get(), POLLIN, 0};
      if (got == -EAGAIN && ::poll(&wanted, 1, 10'000) == 1) continue;
      if (got <= 0) return text;
      text.append(bytes.data(), static_cast<std::size_t>(got));
    }
  }
  Fd reader, writer;
};

// What a script prints, with stdin from /dev/null and stderr inherited.
std::string output_of(const char* script, const char* directory = nullptr, const char* const* environment = nullptr) {
  Pipe out;
  const std::int32_t stdio[3] = {-1, out.writer.get(), -2};
  const Child child = spawn_shell(script, stdio, directory, environment);
  EXPECT_EQ(child.started, 0);
  const std::string text = out.all();
  EXPECT_EQ(wait_for(child.pid).code, 0);
  return text;
}

TEST(SpawnTest, ExitStatusIsReported) {
  const Child child = spawn_shell("exit 7");
  ASSERT_EQ(child.started, 0);
  const poe_exit ended = wait_for(child.pid);
  EXPECT_EQ(ended.code, 7);
  EXPECT_EQ(ended.signal, 0);
  EXPECT_EQ(ended.core, 0);
}

TEST(SpawnTest, EndBySignalIsReported) {
  const Child child = spawn_shell("kill -TERM $$");
  ASSERT_EQ(child.started, 0);
  const poe_exit ended = wait_for(child.pid);
  EXPECT_EQ(ended.signal, SIGTERM);
  EXPECT_EQ(ended.code, 0);
}

TEST(SpawnTest, RunningChildIsNotReapedAndAStoppedOneHasNotEndedP087) {
  Pipe in;
  blocking(in.reader);
  const std::int32_t stdio[3] = {in.reader.get(), -1, -2};
  const Child child = spawn_shell("read line; exit 3", stdio);
  ASSERT_EQ(child.started, 0);
  poe_exit ended{};
  EXPECT_EQ(sys().wait(sys().ctx, child.pid, &ended), 0);
  ASSERT_EQ(::kill(static_cast<pid_t>(child.pid), SIGSTOP), 0);
  EXPECT_EQ(sys().wait(sys().ctx, child.pid, &ended), 0);
  ASSERT_EQ(::kill(static_cast<pid_t>(child.pid), SIGCONT), 0);
  in.writer.reset();
  EXPECT_EQ(wait_for(child.pid).code, 3);
  EXPECT_EQ(sys().wait(sys().ctx, child.pid, &ended), -ECHILD) << "reaped once";
}

TEST(SpawnTest, ProgramThatDoesNotExistIsAnErrorAndNoChildIsLeft) {
  for (const char* path : {"no-such-program-for-poe", "/no/such/program"}) {
    const std::array<const char*, 2> argv = {path, nullptr};
    const poe_spawn what{sizeof(poe_spawn), 0, path, argv.data(), nullptr, nullptr, nullptr};
    std::int64_t pid = -1;
    EXPECT_EQ(sys().spawn(sys().ctx, &what, &pid), -ENOENT) << path;
    EXPECT_EQ(pid, -1) << "ret is untouched on failure";
  }
  poe_exit ended{};
  EXPECT_EQ(sys().wait(sys().ctx, -1, &ended), -ECHILD);
}

TEST(SpawnTest, FolderThatDoesNotExistIsAnError) {
  EXPECT_EQ(spawn_shell("true", nullptr, "/no/such").started, -ENOENT);
}

TEST(SpawnTest, StandardOutputGoesToTheGivenDescriptor) { EXPECT_EQ(output_of("echo hello"), "hello\n"); }

TEST(SpawnTest, StandardInputFromNowhereIsEmpty) { EXPECT_EQ(output_of("cat; echo end"), "end\n"); }

TEST(SpawnTest, WorkingFolderAndEnvironmentAreTheGivenOnes) {
  EXPECT_EQ(output_of("pwd", "/"), "/\n");
  const std::array<const char*, 3> environment = {"COLOUR=green", "PATH=/usr/bin:/bin", nullptr};
  EXPECT_EQ(output_of("echo $COLOUR", nullptr, environment.data()), "green\n");
}

TEST(SpawnTest, DescriptorsStayAtHomeButTheThreeGiven) {
  const Pipe other;
  const std::string script = "[ -e /proc/self/fd/" + std::to_string(other.reader.get()) + " ] && echo leaked; true";
  ASSERT_GT(other.reader.get(), 2);
  EXPECT_EQ(output_of(script.c_str()), "");
}

// A descriptor already at its place needs no dup2, which would leave it close-on-exec.
TEST(SpawnTest, DescriptorMayAlreadyBeAtItsPlace) {
  Pipe out;
  const Fd saved(::dup(STDOUT_FILENO));
  ASSERT_EQ(::dup3(out.writer.get(), STDOUT_FILENO, O_CLOEXEC), STDOUT_FILENO);
  const std::int32_t stdio[3] = {-1, STDOUT_FILENO, -2};
  const Child child = spawn_shell("echo here", stdio);
  ASSERT_EQ(::dup2(saved.get(), STDOUT_FILENO), STDOUT_FILENO);
  ASSERT_EQ(child.started, 0);
  EXPECT_EQ(out.all(), "here\n");
  EXPECT_EQ(wait_for(child.pid).code, 0);
}

// Redirections happen one after another in the child: the first must not destroy the source of the second.
TEST(SpawnTest, OutputAndErrorMayBeSwapped) {
  Pipe out, err;
  const Fd saved_out(::dup(STDOUT_FILENO)), saved_err(::dup(STDERR_FILENO));
  ASSERT_EQ(::dup2(out.writer.get(), STDOUT_FILENO), STDOUT_FILENO);
  ASSERT_EQ(::dup2(err.writer.get(), STDERR_FILENO), STDERR_FILENO);
  const std::int32_t stdio[3] = {-1, STDERR_FILENO, STDOUT_FILENO};
  const Child child = spawn_shell("echo out; echo err >&2", stdio);
  ASSERT_EQ(::dup2(saved_out.get(), STDOUT_FILENO), STDOUT_FILENO);
  ASSERT_EQ(::dup2(saved_err.get(), STDERR_FILENO), STDERR_FILENO);
  ASSERT_EQ(child.started, 0);
  EXPECT_EQ(out.all(), "err\n");
  EXPECT_EQ(err.all(), "out\n");
  EXPECT_EQ(wait_for(child.pid).code, 0);
}

TEST(SpawnTest, ChildStartsWithDefaultSignalsAndNothingBlockedP157) {
  sigset_t block, former;
  sigemptyset(&block);
  sigaddset(&block, SIGTERM);
  ASSERT_EQ(pthread_sigmask(SIG_BLOCK, &block, &former), 0);
  const auto old = ::signal(SIGHUP, SIG_IGN);
  const std::string masks = output_of("sed -n 's/^Sig\\(Blk\\|Ign\\):.*\\(.\\{8\\}\\)$/\\2/p' /proc/self/status");
  ::signal(SIGHUP, old);
  ASSERT_EQ(pthread_sigmask(SIG_SETMASK, &former, nullptr), 0);
  ASSERT_EQ(masks.size(), 18U) << masks;
  EXPECT_EQ(masks.substr(0, 8), "00000000") << "blocked";
  EXPECT_EQ(std::stoul(masks.substr(9, 8), nullptr, 16) & 0x7FFFFFFFU, 0U) << "ignored; bit 31 is the C library's own";
}

TEST(SpawnTest, ChildDescriptorBecomesReadableAtTheEnd) {
  Pipe in;
  blocking(in.reader);
  blocking(in.reader);
  const std::int32_t stdio[3] = {in.reader.get(), -1, -2};
  const Child child = spawn_shell("read line", stdio);
  ASSERT_EQ(child.started, 0);
  const Fd notice(sys().child_fd(sys().ctx, child.pid));
  if (notice) {
    pollfd wanted{notice.get(), POLLIN, 0};
    EXPECT_EQ(::poll(&wanted, 1, 0), 0);
    in.writer.reset();
    EXPECT_EQ(::poll(&wanted, 1, 10'000), 1);
  }
  in.writer.reset();
  EXPECT_EQ(wait_for(child.pid).code, 1);
}

}  // namespace
}  // namespace poe::test
