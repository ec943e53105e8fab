// SPDX-License-Identifier: MIT
#include "process.hpp"

#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/ptrace.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstring>
#include <new>
#include <type_traits>
#include <vector>

#include "allocations.hpp"
#include "load.hpp"
#include "poe/fd.hpp"

namespace poe::bench {

namespace {

constexpr unsigned kPatienceSeconds = 120;
constexpr int kAnyCpu = -1;

/// What a child writes to its pipe when it is done; small enough for one atomic write.
struct Report {
  double cpu_ns;
  std::uint64_t allocations;
  std::array<char, 400> error;
};
static_assert(std::is_trivially_copyable_v<Report>);

std::vector<int> allowed_cpus() {
  cpu_set_t set;
  CPU_ZERO(&set);
  sched_getaffinity(0, sizeof set, &set);
  std::vector<int> cpus;
  for (int cpu = 0; cpu < CPU_SETSIZE; ++cpu)
    if (CPU_ISSET(cpu, &set)) cpus.push_back(cpu);
  return cpus;
}

int side_cpu() { return allowed_cpus().front(); }
int load_cpu() {
  const auto cpus = allowed_cpus();
  return cpus.size() > 1 ? cpus[1] : cpus[0];
}
/// With one message under way the two take turns. A second processor would add nothing but the interrupt that wakes it
/// up, for which the server pays: where a hypervisor has to bring it, ten times as much as for all the rest.
int client_cpu(Kind kind, const Run& run) {
  const bool in_turns = kind == Kind::echo && run.size == 1;
  return in_turns ? side_cpu() : load_cpu();
}

void pin_to(int cpu) {
  cpu_set_t set;
  CPU_ZERO(&set);
  CPU_SET(cpu, &set);
  sched_setaffinity(0, sizeof set, &set);
}

void allow_many_descriptors() {
  rlimit limit{};
  getrlimit(RLIMIT_NOFILE, &limit);
  limit.rlim_cur = limit.rlim_max;
  setrlimit(RLIMIT_NOFILE, &limit);
}

/// A child and the pipe its report comes through.
struct Child {
  pid_t pid = -1;
  Fd report{};
};

/// What a child measured itself.
struct Measured {
  double cpu_ns;
  std::uint64_t allocations;
};

/// Starts a child that does work() and reports what it measured.
template <class F>
Child start_child(int cpu, bool traced, F&& work) {
  int ends[2];
  if (pipe2(ends, O_CLOEXEC) < 0) throw_errno("make a pipe");
  Fd reader(ends[0]);
  Fd writer(ends[1]);
  const pid_t pid = fork();
  if (pid < 0) throw_errno("fork");
  if (pid != 0) return {pid, std::move(reader)};

  // Low numbers are for what select(2) has to watch.
  const int out = fcntl(writer.get(), F_DUPFD_CLOEXEC, 1050);
  writer.reset();
  reader.reset();
  if (cpu != kAnyCpu) pin_to(cpu);
  alarm(kPatienceSeconds);
  Report report{};
  try {
    if (traced) {
      ptrace(PTRACE_TRACEME, 0, nullptr, nullptr);
      raise(SIGSTOP);
    }
    const Measured measured = work();
    report.cpu_ns = measured.cpu_ns;
    report.allocations = measured.allocations;
  } catch (const std::exception& problem) {
    std::strncpy(report.error.data(), problem.what(), report.error.size() - 1);
  }
  _exit(write(out, &report, sizeof report) == sizeof report ? 0 : 1);
}

std::string describe_end(int status) {
  if (WIFSIGNALED(status)) {
    return "the run was ended by signal " + std::to_string(WTERMSIG(status)) +
           (WTERMSIG(status) == SIGALRM ? ": it took longer than " + std::to_string(kPatienceSeconds) + " s" : "");
  }
  return "the run ended with exit code " + std::to_string(WEXITSTATUS(status)) + " and no report";
}

Outcome take_report(const Child& child, int status, std::uint64_t calls) {
  Report report{};
  Outcome outcome;
  outcome.calls = calls;
  if (read(child.report.get(), &report, sizeof report) != sizeof report) {
    outcome.error = describe_end(status);
    return outcome;
  }
  outcome.cpu_ns = report.cpu_ns;
  outcome.allocations = report.allocations;
  outcome.error = report.error.data();
  return outcome;
}

int wait_for(pid_t pid) {
  int status = 0;
  while (waitpid(pid, &status, 0) < 0 && errno == EINTR) {
  }
  return status;
}

/// Lets a traced child run to its end, all its threads, and counts their system calls.
std::uint64_t count_calls(pid_t child, int& ret_status) {
  wait_for(child);  // its first stop
  ptrace(PTRACE_SETOPTIONS, child, nullptr, PTRACE_O_TRACESYSGOOD | PTRACE_O_TRACECLONE | PTRACE_O_EXITKILL);
  ptrace(PTRACE_SYSCALL, child, nullptr, nullptr);
  std::uint64_t stops = 0;
  for (;;) {
    int status = 0;
    const pid_t pid = waitpid(-1, &status, __WALL);
    if (pid < 0) {
      if (errno == EINTR) continue;
      return stops / 2;
    }
    if (WIFEXITED(status) || WIFSIGNALED(status)) {
      if (pid != child) continue;
      ret_status = status;
      return stops / 2;
    }
    const int signal = WSTOPSIG(status);
    const bool call = signal == (SIGTRAP | 0x80);
    stops += call ? 1 : 0;  // one before and one after each call
    const bool ours = call || signal == SIGTRAP || signal == SIGSTOP;
    ptrace(PTRACE_SYSCALL, pid, nullptr, static_cast<long>(ours ? 0 : signal));
  }
}

Outcome finish(const Child& child, Trace trace) {
  int status = 0;
  std::uint64_t calls = 0;
  if (trace == Trace::yes)
    calls = count_calls(child.pid, status);
  else
    status = wait_for(child.pid);
  return take_report(child, status, calls);
}

Fd make_listener() {
  Fd listener(socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
  sockaddr_in address = loopback(0);
  send_at_once(listener.get());  // the connections inherit it
  if (!listener || bind(listener.get(), reinterpret_cast<sockaddr*>(&address), sizeof address) < 0 ||
      listen(listener.get(), SOMAXCONN) < 0)
    throw_errno("make a listening socket");
  return listener;
}

/// Memory that a child shares with us.
class SharedMeeting {
 public:
  SharedMeeting() : memory_(mmap(nullptr, sizeof(Meeting), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0)) {
    if (memory_ == MAP_FAILED) throw_errno("share memory");
    meeting_ = new (memory_) Meeting;
  }
  SharedMeeting(const SharedMeeting&) = delete;
  SharedMeeting& operator=(const SharedMeeting&) = delete;
  ~SharedMeeting() { munmap(memory_, sizeof(Meeting)); }
  Meeting* get() const noexcept { return meeting_; }

 private:
  void* memory_;
  Meeting* meeting_;
};

}  // namespace

Outcome run_apart(Kind kind, Body body, Run run, Trace trace) {
  allow_many_descriptors();
  const int cpu = uses_threads(kind) ? kAnyCpu : side_cpu();
  const Child child = start_child(cpu, trace == Trace::yes, [&] {
    body(run);
    return Measured{run.cpu_ns(), run.allocations()};
  });
  return finish(child, trace);
}

Outcome run_server(Kind kind, Body body, Run run, Trace trace) {
  allow_many_descriptors();
  const SharedMeeting meeting;
  Fd listener = make_listener();
  run.listener = listener.get();
  run.meeting = meeting.get();
  if (!run.listens) run.meeting->port = port_of(listener.get());
  const Child server = start_child(side_cpu(), trace == Trace::yes, [&] {
    body(run);
    return Measured{0, allocations()};
  });
  listener.reset();
  const Child client = start_child(client_cpu(kind, run), false, [&] {
    return Measured{send_load(kind, run, server.pid), 0};
  });
  Outcome outcome = finish(server, trace);
  // The client waits for the port of a server that is gone.
  if (!outcome.error.empty() && run.meeting->port == 0) kill(client.pid, SIGKILL);
  const Outcome load = take_report(client, wait_for(client.pid), 0);
  outcome.cpu_ns = load.cpu_ns;
  if (outcome.error.empty() && !load.error.empty()) outcome.error = "load generator: " + load.error;
  return outcome;
}

std::string pinning() {
  return "sides on CPU " + std::to_string(side_cpu()) + ", load on CPU " + std::to_string(load_cpu()) +
         " (echo with one connection: on the server's)";
}

}  // namespace poe::bench
