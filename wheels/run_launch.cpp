// SPDX-License-Identifier: MIT
#include "run_launch.hpp"

#include <fcntl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <csignal>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "poe/system.hpp"
#include "run_child.hpp"

namespace poe {
namespace {

constexpr const char* kUsualPath = "/usr/local/bin:/usr/bin:/bin";

std::string name_of(const RunOptions& options) {
  return options.function ? "a function" : "\"" + options.command.front() + "\"";
}

std::vector<std::string> environment_of(const RunOptions& options) {
  std::vector<std::string> all;
  for (char** entry = options.clear_environment ? nullptr : environ; entry != nullptr && *entry != nullptr; ++entry) {
    const std::string_view text = *entry;
    if (!options.environment.contains(std::string(text.substr(0, text.find('='))))) all.emplace_back(text);
  }
  for (const auto& [name, value] : options.environment) {
    if (value) all.push_back(name + "=" + *value);
  }
  return all;
}

std::string path_in(const std::vector<std::string>& environment) {
  constexpr std::string_view kName = "PATH=";
  for (const std::string& entry : environment) {
    if (entry.starts_with(kName)) return entry.substr(kName.size());
  }
  return kUsualPath;
}

// The files to try for a program; an empty element of PATH is the working directory (POSIX).
std::vector<std::string> candidates_of(const std::string& program, const std::string& path) {
  if (program.find('/') != std::string::npos || program.empty()) return {program};
  std::vector<std::string> all;
  for (std::size_t from = 0; from <= path.size();) {
    const std::size_t to = std::min(path.find(':', from), path.size());
    const std::string folder = path.substr(from, to - from);
    all.push_back((folder.empty() ? "." : folder) + "/" + program);
    from = to + 1;
  }
  return all;
}

std::vector<char*> pointers(std::vector<std::string>& texts) {
  std::vector<char*> all;
  all.reserve(texts.size() + 1);
  for (std::string& text : texts) all.push_back(text.data());
  all.push_back(nullptr);
  return all;
}

std::string advice_for(const ChildReport& report) {
  if (report.step == ChildStep::directory) return "check the working directory the child was to have";
  if (report.step == ChildStep::groups || report.step == ChildStep::gid || report.step == ChildStep::uid) {
    return "changing user or group takes root, or the capabilities SETUID and SETGID";
  }
  if (report.step != ChildStep::exec) return {};
  switch (report.number) {
    case ENOENT:
      return "check the name and PATH; of a script, also the interpreter in its first line";
    case EACCES:
      return "make the file executable (chmod +x) and the folders above it accessible";
    case ENOEXEC:
      return "it is no program for this machine; a script needs a first line such as #!/bin/sh";
    case E2BIG:
      return "give fewer arguments or a smaller environment, or pass the data through stdin";
    default:
      return {};
  }
}

void bury(std::int64_t pid) noexcept {
  int status = 0;
  while (::waitpid(static_cast<pid_t>(pid), &status, 0) < 0 && errno == EINTR) {
  }
}

/// A close-on-exec pipe whose reader waits, out of the way of the standard handles.
struct ReportPipe {
  Result<void> open() {
    int ends[2] = {-1, -1};
    if (::pipe2(ends, O_CLOEXEC) != 0) return system_failure(errno, "pipe", "the report of a new child");
    reader = Fd(ends[0]);
    writer = Fd(ends[1]);
    for (Fd* end : {&reader, &writer}) {
      if (end->get() <= 2) *end = Fd(::fcntl(end->get(), F_DUPFD_CLOEXEC, 3));
      if (!*end) return system_failure(errno, "fcntl", "the report of a new child");
    }
    return {};
  }
  /// Waits until the child runs what it should, or has said why not. If it `is_decided`, the report is there or never
  /// comes, and nobody waits: the fork of another thread may hold the writer for as long as it likes.
  std::optional<ChildReport> read(bool is_decided) {
    writer.reset();
    if (is_decided) ::fcntl(reader.get(), F_SETFL, O_NONBLOCK);
    ChildReport report{};
    ssize_t got = 0;
    do {
      got = ::read(reader.get(), &report, sizeof report);
    } while (got < 0 && errno == EINTR);
    if (got != static_cast<ssize_t>(sizeof report)) return std::nullopt;
    return report;
  }
  Fd reader, writer;
};

/// Owns all that the plan points at.
class Launcher {
 public:
  explicit Launcher(RunOptions& options) : options_(options) {}

  Result<std::int64_t> start(const Conduits& conduits) {
    if (auto opened = pipe_.open(); !opened) return failure(opened.error());
    place(conduits);
    describe_process();
    if (!options_.function) describe_program();
    const std::int64_t pid = start_child(plan_);
    if (pid < 0) {
      return system_failure(static_cast<int>(-pid), "fork", name_of(options_),
                            "too many processes, or too little memory: try again later, or raise ulimit -u");
    }
    const auto report = pipe_.read(in_our_memory_);
    if (!report) return pid;
    bury(pid);  // it has said why it ends, and is about to
    return system_failure(report->number, step_name(report->step), name_of(options_), advice_for(*report));
  }

 private:
  void place(const Conduits& conduits) {
    for (std::size_t i = 0; i < 3; ++i) plan_.stdio[i] = conduits.child[i] ? conduits.child[i].get() : plan_.kInherit;
    if (conduits.merged) plan_.stdio[2] = plan_.stdio[1] == plan_.kInherit ? STDOUT_FILENO : plan_.stdio[1];
    plan_.report = pipe_.writer.get();
    plan_.in_our_memory = &in_our_memory_;
    keep_ = options_.keep_descriptors;
    keep_.push_back(plan_.report);
    std::sort(keep_.begin(), keep_.end());
    keep_.erase(std::unique(keep_.begin(), keep_.end()), keep_.end());
    plan_.keep = keep_.data();
    plan_.keep_count = keep_.size();
    plan_.close_others = options_.close_on_call;
  }

  void describe_process() {
    const bool terminal = has_terminal(options_);
    plan_.terminal = terminal;
    plan_.new_session = terminal || options_.new_session;
    plan_.new_group = options_.new_group;
    plan_.priority = options_.priority;
    if (options_.user) plan_.uid = &*options_.user;
    if (options_.group) plan_.gid = &*options_.group;
    if (!options_.groups && (options_.user || options_.group) && ::geteuid() == 0) options_.groups.emplace();
    if (options_.groups) {
      options_.groups->reserve(1);  // so that there is a pointer, also to none
      plan_.groups = options_.groups->data();
      plan_.group_count = options_.groups->size();
    }
    if (!options_.directory.empty()) plan_.directory = options_.directory.c_str();
    if (options_.function) plan_.function = &options_.function;
  }

  void describe_program() {
    environment_ = environment_of(options_);
    candidates_ = candidates_of(options_.command.front(), path_in(environment_));
    candidate_pointers_ = pointers(candidates_);
    argv_ = pointers(options_.command);
    envp_ = pointers(environment_);
    plan_.candidates = candidate_pointers_.data();
    plan_.argv = argv_.data();
    plan_.envp = envp_.data();
  }

  RunOptions& options_;
  ReportPipe pipe_;
  ChildPlan plan_;
  volatile bool in_our_memory_ = false;
  std::vector<int> keep_;
  std::vector<std::string> environment_;
  std::vector<std::string> candidates_;
  std::vector<char*> candidate_pointers_;
  std::vector<char*> argv_;
  std::vector<char*> envp_;
};

}  // namespace

Result<Launched> launch(const poe_sys& system, RunOptions& options) {
  if (!is_real(system)) {
    return failure(Errc::not_supported, "run", name_of(options), "the world of this loop has no processes",
                   "run it on a real loop, such as epoll");
  }
  auto conduits = open_conduits(system, options);
  if (!conduits) return failure(conduits.error());
  auto pid = Launcher(options).start(*conduits);
  if (!pid) return failure(pid.error());
  for (Fd& end : conduits->child) end.reset();
  return Launched{*pid, has_terminal(options) || options.new_session || options.new_group, std::move(*conduits)};
}

Result<void> send_signal(std::int64_t pid, bool group, int signal) {
  const auto id = static_cast<pid_t>(pid);
  if (::kill(group ? -id : id, signal) == 0) return {};
  return system_failure(errno, "kill", (group ? "the group of process " : "process ") + std::to_string(pid));
}

void end_unwatched(std::int64_t pid) noexcept {
  ::kill(static_cast<pid_t>(pid), SIGKILL);
  bury(pid);
}

}  // namespace poe
