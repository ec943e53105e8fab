// SPDX-License-Identifier: MIT
//
// Run: the process that is made. Who it is, what it has, and what it has not.
#include <fcntl.h>
#include <signal.h>
#include <sys/resource.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <climits>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <sstream>
#include <stdexcept>
#include <thread>

#include "run_bench.hpp"

namespace poe::test {
namespace {

std::string link_of(const std::string& path) {
  std::error_code none;
  return std::filesystem::read_symlink(path, none).string();
}

class RunProcess : public OnRealLoop {
 protected:
  /// The exit code of a function.
  int code_of(RunOptions options) {
    log.clear();
    run(logging_end(std::move(options)));
    return log.empty() || !log.back().starts_with("exit ") ? -1 : std::stoi(log.back().substr(5));
  }
  Log lines_of(RunOptions options) {
    log.clear();
    run(logging(std::move(options)));
    return lines();
  }
  std::string file(const std::string& name) {
    if (folder_.empty()) {
      char made[] = "/tmp/poe-run-XXXXXX";
      folder_ = ::mkdtemp(made);
    }
    return folder_ + "/" + name;
  }
  static std::string text_of(const std::string& path) {
    std::ostringstream text;
    text << std::ifstream(path).rdbuf();
    return text.str();
  }
  void TearDown() override {
    if (!folder_.empty()) std::filesystem::remove_all(folder_);
    OnRealLoop::TearDown();
  }

 private:
  std::string folder_;
};
POE_ON_REAL_LOOPS(RunProcess);

TEST_P(RunProcess, ConstructorReturnsWhenTheProgramRunsWithItsHandlesP150) {
  run(logging(RunOptions({"cat"})), [](RunWheel& cat) {
    const std::string proc = "/proc/" + std::to_string(cat.pid());
    EXPECT_NE(link_of(proc + "/exe"), link_of("/proc/self/exe")) << "still ours";
    EXPECT_TRUE(link_of(proc + "/fd/0").starts_with("pipe:"));
    EXPECT_TRUE(link_of(proc + "/fd/1").starts_with("pipe:"));
    cat.shutdown_stdin();
  });
}

TEST_P(RunProcess, FunctionEndsWithoutExitHooksAndDestructorsP151) {
  struct Loud {
    ~Loud() { std::puts("unwound"); }
  };
  const Log got = lines_of(RunOptions::call([] {
    const Loud loud;
    static const auto kHook = [] { std::puts("hook"); };
    std::atexit(kHook);
    std::printf("printed and ");
    throw 3;
    return 0;
  }));
  EXPECT_EQ(got, Log{"printed and unwound"});
  EXPECT_EQ(log.back(), "exit 255");
}

TEST_P(RunProcess, ThrowOfAFunctionIsPrintedAndItsCodeIs255P151) {
  run(logging_both(RunOptions::call([]() -> int { throw std::runtime_error("no good"); })));
  EXPECT_EQ(log.back(), "exit 255");
  EXPECT_EQ(std::count(log.begin(), log.end(), "err poe: the function of a child threw: no good"), 1);
}

// Ours is a file meanwhile, so that what the child has can be seen.
TEST_P(RunProcess, WithoutACallbackItHasOurOutputAndALaterOneChangesNothingP153) {
  const Fd saved(::fcntl(STDOUT_FILENO, F_DUPFD_CLOEXEC, 3));
  {
    const Fd ours(::open(file("ours").c_str(), O_WRONLY | O_CREAT | O_CLOEXEC, 0600));
    ASSERT_EQ(::dup2(ours.get(), STDOUT_FILENO), STDOUT_FILENO);
  }
  run(logging_end(RunOptions::shell("read x; echo inherited; test -p /dev/stdin && echo pipe")),
      [this](RunWheel& wheel) {
        wheel.on_stdout([this](std::string_view) { note("out"); });
        EXPECT_TRUE(wheel.put("go"));
      });
  std::fflush(stdout);
  ASSERT_EQ(::dup2(saved.get(), STDOUT_FILENO), STDOUT_FILENO);
  EXPECT_EQ(text_of(file("ours")), "inherited\npipe\n");
  EXPECT_EQ(log, Log{"exit 0"});
}

TEST_P(RunProcess, HandlesCanBeFilesAndOneMayBeTheOther) {
  std::ofstream(file("in")) << "from a file\n";
  std::ofstream(file("log")) << "before\n";
  RunOptions options = RunOptions::shell("cat; echo error >&2");
  options.stdin_from = Redirect::file(file("in"));
  options.stdout_to = Redirect::append(file("log"));
  options.stderr_to = Redirect::to_stdout();
  EXPECT_EQ(code_of(std::move(options)), 0);
  EXPECT_EQ(text_of(file("log")), "before\nfrom a file\nerror\n");

  RunOptions again = RunOptions::shell("cat; echo out; echo error >&2");
  again.stdin_from = Redirect::null();
  again.stdout_to = Redirect::file(file("log"));
  again.stderr_to = Redirect::descriptor(Fd(::open(file("err").c_str(), O_WRONLY | O_CREAT | O_CLOEXEC, 0600)));
  EXPECT_EQ(code_of(std::move(again)), 0);
  EXPECT_EQ(text_of(file("log")), "out\n");
  EXPECT_EQ(text_of(file("err")), "error\n");
}

TEST_P(RunProcess, StderrMayComeWithStdout) {
  RunOptions options = RunOptions::shell("echo one; echo two >&2; echo three");
  options.stderr_to = Redirect::to_stdout();
  EXPECT_EQ(lines_of(std::move(options)), (Log{"one", "two", "three"}));
}

TEST_P(RunProcess, WorkingDirectoryAndEnvironmentAreTheGivenOnes) {
  RunOptions options = RunOptions::shell("pwd; echo $POE_RUN_NEW; echo ${POE_RUN_GONE-none}; env | wc -l");
  ::setenv("POE_RUN_GONE", "here", 1);
  options.directory = "/";
  options.environment = {{"POE_RUN_NEW", "green"}, {"POE_RUN_GONE", std::nullopt}};
  const Log got = lines_of(std::move(options));
  ASSERT_EQ(got.size(), 4U);
  EXPECT_EQ((Log{got[0], got[1], got[2]}), (Log{"/", "green", "none"}));
  EXPECT_GT(std::stoi(got[3]), 2) << "the rest is ours";

  RunOptions bare({"env"});
  bare.clear_environment = true;
  bare.environment = {{"ONLY", "this"}};
  EXPECT_EQ(lines_of(std::move(bare)), Log{"ONLY=this"}) << "and env was found all the same";
}

TEST_P(RunProcess, ProgramIsLookedUpInThePathOfTheNewEnvironment) {
  std::ofstream(file("poe-tool")) << "#!/bin/sh\necho mine $1\n";
  ASSERT_EQ(::chmod(file("poe-tool").c_str(), 0700), 0);
  RunOptions options({"poe-tool", "x"});
  options.environment = {{"PATH", "/nowhere:" + file("")}};
  EXPECT_EQ(lines_of(std::move(options)), Log{"mine x"});
}

TEST_P(RunProcess, HasAGroupOfItsOwnUnlessToldOtherwiseP155) {
  const auto leads = [] { return ::getpgrp() == ::getpid() ? 1 : 0; };
  EXPECT_EQ(code_of(RunOptions::call(leads)), 1);
  RunOptions ours = RunOptions::call(leads);
  ours.new_group = false;
  EXPECT_EQ(code_of(std::move(ours)), 0);
  RunOptions session = RunOptions::call([] { return ::getsid(0) == ::getpid() ? 1 : 0; });
  session.new_session = true;
  EXPECT_EQ(code_of(std::move(session)), 1);
}

TEST_P(RunProcess, PriorityIsAddedToOurs) {
  const int ours = ::getpriority(PRIO_PROCESS, 0);
  RunOptions options = RunOptions::call([] { return ::getpriority(PRIO_PROCESS, 0) + 20; });
  options.priority = 3;
  EXPECT_EQ(code_of(std::move(options)), std::min(ours + 3, 19) + 20);  // an exit code is never negative
}

TEST_P(RunProcess, RootMayGiveItAnotherUserAndGroupAndLeavesNoneOfItsOwn) {
  if (::geteuid() != 0) GTEST_SKIP() << "only root may";
  RunOptions options =
      RunOptions::shell("id -u; id -g; id -G; grep -c 'Uid:.65534.65534.65534.65534' /proc/self/status");
  options.user = 65534;
  options.group = 65533;
  EXPECT_EQ(lines_of(std::move(options)), (Log{"65534", "65533", "65533", "1"}));
  RunOptions groups({"id", "-G"});
  groups.group = 65533;
  groups.groups = std::vector<gid_t>{65531, 65532};
  EXPECT_EQ(lines_of(std::move(groups)), Log{"65533 65531 65532"});
}

TEST_P(RunProcess, SignalsAreDefaultAndNoneIsBlockedP157) {
  sigset_t block, former;
  sigemptyset(&block);
  sigaddset(&block, SIGTERM);
  ASSERT_EQ(pthread_sigmask(SIG_BLOCK, &block, &former), 0);
  const auto old = ::signal(SIGHUP, SIG_IGN);
  const Log masks =
      lines_of(RunOptions({"sed", "-n", "s/^Sig\\(Blk\\|Ign\\):.*\\(.\\{8\\}\\)$/\\2/p", "/proc/self/status"}));
  const int mine = code_of(RunOptions::call([] {
    sigset_t now;
    ::sigprocmask(SIG_SETMASK, nullptr, &now);
    struct sigaction action {};
    ::sigaction(SIGHUP, nullptr, &action);
    return sigismember(&now, SIGTERM) == 0 && action.sa_handler == SIG_DFL ? 0 : 1;
  }));
  ::signal(SIGHUP, old);
  ASSERT_EQ(pthread_sigmask(SIG_SETMASK, &former, nullptr), 0);
  ASSERT_EQ(masks.size(), 2U);
  EXPECT_EQ(masks[0], "00000000") << "blocked";
  EXPECT_EQ(std::stoul(masks[1], nullptr, 16) & 0x7FFFFFFFU, 0U) << "ignored; bit 31 is the C library's own";
  EXPECT_EQ(mine, 0);
}

TEST_P(RunProcess, DescriptorsStayAtHomeButTheThreeAndThoseAskedForR79) {
  const Fd careless(::open("/dev/null", O_RDONLY));  // without close-on-exec
  const Fd wanted(::fcntl(careless.get(), F_DUPFD_CLOEXEC, 50));
  ASSERT_TRUE(careless && wanted);
  const Log plain = lines_of(RunOptions({"ls", "/proc/self/fd"}));
  EXPECT_EQ(plain, (Log{"0", "1", "2", "3"})) << "3 is the folder ls reads";
  RunOptions options({"ls", "/proc/self/fd"});
  options.keep_descriptors = {wanted.get()};
  EXPECT_EQ(lines_of(std::move(options)), (Log{"0", "1", "2", "3", std::to_string(wanted.get())}));
  const auto count = [] { return static_cast<int>(open_descriptors()); };
  EXPECT_EQ(code_of(RunOptions::call(count)), 4) << "and the one that counts";
  RunOptions open = RunOptions::call(count);
  open.close_on_call = false;
  EXPECT_GT(code_of(std::move(open)), 6);
}

TEST_P(RunProcess, DescriptorsDoNotLeakWhileAThreadOpensMoreR79) {
  std::atomic<bool> stop = false;
  std::thread opener([&] {
    while (!stop) const Fd some(::open("/dev/null", O_RDONLY));  // without close-on-exec
  });
  for (int i = 0; i < 30; ++i) EXPECT_EQ(lines_of(RunOptions({"ls", "/proc/self/fd"})), (Log{"0", "1", "2", "3"}));
  stop = true;
  opener.join();
}

TEST_P(RunProcess, StandardHandlesWeLackAreNotReplacedByWhatIsOpenedNext) {
  RunOptions options = logging(RunOptions({"readlink", "/proc/self/fd/0"}));
  options.no_stdin = true;
  const Fd saved(::fcntl(STDIN_FILENO, F_DUPFD_CLOEXEC, 10));
  SignalWatch keeps_its_pipe;  // where the exit is told by SIGCHLD
  run_session([&](Patron& patron) {
    ASSERT_NE(patron.system().close, nullptr);  // so that the loop has its descriptors
    keeps_its_pipe = *patron.on_signal("CHLD", [](const Signal&) {});
    ::close(STDIN_FILENO);  // from here on our own descriptors come in its place, the one for the exit last
    patron.wheel = RunWheel(patron, std::move(options));
  });
  ASSERT_EQ(::dup2(saved.get(), STDIN_FILENO), STDIN_FILENO);
  EXPECT_EQ(lines(), Log{"/dev/null"});
}

// ---- what cannot be started

class RunFailure : public RunProcess {
 protected:
  std::string refused(RunOptions options, int number) {
    std::string report;
    log.clear();
    run(logging(std::move(options)), [&](RunWheel& wheel) {
      ASSERT_TRUE(wheel.start_error());
      EXPECT_EQ(wheel.start_error()->number(), number);
      EXPECT_EQ(wheel.pid(), 0);
      EXPECT_EQ(log, Log{}) << "not from inside the constructor";
      report = wheel.start_error()->report();
    });
    EXPECT_EQ(log.size(), 1U) << "the error, and nothing else";
    EXPECT_TRUE(nobody_is_left());
    if (!std::exchange(loop_is_made_, true)) after_ = open_descriptors();
    EXPECT_LE(open_descriptors(), after_);
    return report;
  }

 private:
  std::size_t after_ = 0;  // the first one, when the loop has made its own descriptors
  bool loop_is_made_ = false;
};
POE_ON_REAL_LOOPS(RunFailure);

TEST_P(RunFailure, ProgramThatIsMissingIsAnErrorWithItsNumberP152R80) {
  const std::string report = refused(RunOptions({"no-such-program-for-poe"}), ENOENT);
  EXPECT_EQ(log, Log{"error start exec 2"});
  EXPECT_NE(report.find("cannot exec \"no-such-program-for-poe\": No such file"), std::string::npos) << report;
  EXPECT_NE(report.find("check the name and PATH"), std::string::npos) << report;
  refused(RunOptions({"/no/such/program"}), ENOENT);
}

TEST_P(RunFailure, FileThatMayNotRunOrIsNoProgramIsAnErrorP152R80) {
  std::ofstream(file("plain")) << "echo never\n";
  EXPECT_NE(refused(RunOptions({file("plain")}), EACCES).find("chmod +x"), std::string::npos);
  ASSERT_EQ(::chmod(file("plain").c_str(), 0700), 0);
  EXPECT_NE(refused(RunOptions({file("plain")}), ENOEXEC).find("#!/bin/sh"), std::string::npos);
}

TEST_P(RunFailure, WorkingDirectoryAndRedirectionAreNamed) {
  RunOptions folder({"true"});
  folder.directory = "/no/such";
  refused(std::move(folder), ENOENT);
  EXPECT_EQ(log, Log{"error start chdir 2"});
  RunOptions redirected(std::vector<std::string>{"true"});
  redirected.stdin_from = Redirect::file("/no/such/file");
  EXPECT_NE(refused(std::move(redirected), ENOENT).find("/no/such/file"), std::string::npos);
  EXPECT_EQ(log, Log{"error start open 2"});
}

TEST_P(RunFailure, FunctionIsNotCalledIfItsWorldCannotBeMade) {
  RunOptions options = RunOptions::call([] { return 0; });
  options.directory = "/no/such";
  refused(std::move(options), ENOENT);
  EXPECT_EQ(log, Log{"error start chdir 2"});
}

}  // namespace
}  // namespace poe::test
