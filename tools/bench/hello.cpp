// SPDX-License-Identifier: MIT
#include "hello.hpp"

#include <fcntl.h>
#include <spawn.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <filesystem>
#include <stdexcept>
#include <string>

namespace poe::bench {

namespace {

double ns(const timeval& time) {
  return static_cast<double>(time.tv_sec) * 1e9 + static_cast<double>(time.tv_usec) * 1e3;
}

double run_program(const std::string& path) {
  posix_spawn_file_actions_t quiet;
  posix_spawn_file_actions_init(&quiet);
  posix_spawn_file_actions_addopen(&quiet, STDOUT_FILENO, "/dev/null", O_WRONLY, 0);
  std::string name = path;
  char* const arguments[] = {name.data(), nullptr};
  pid_t pid = -1;
  const int failed = posix_spawn(&pid, path.c_str(), &quiet, nullptr, arguments, environ);
  posix_spawn_file_actions_destroy(&quiet);
  if (failed != 0) throw std::runtime_error("cannot start " + path + ": it is built beside poe-bench");
  int status = 0;
  rusage used{};
  if (wait4(pid, &status, 0, &used) < 0 || status != 0) throw std::runtime_error(path + " failed");
  return ns(used.ru_utime) + ns(used.ru_stime);
}

}  // namespace

double run_programs(const char* name, std::uint64_t times) {
  const std::string path = std::filesystem::read_symlink("/proc/self/exe").parent_path() / name;
  double total = 0;
  for (std::uint64_t i = 0; i < times; ++i) total += run_program(path);
  return total;
}

}  // namespace poe::bench
