// SPDX-License-Identifier: MIT
//
// Servers that are programs of their own.
#pragma once

#include <fcntl.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <stdexcept>
#include <string>
#include <system_error>
#include <vector>

#include "../load.hpp"

namespace poe::bench {

/// Whether this is a program that can be started.
inline bool have_program(const char* path) { return access(path, X_OK) == 0; }

/// How a program gets its port.
enum class Listener { inherited, its_own };

/// Waits until somebody listens there.
inline void await_port(int port) {
  for (int left = 5000; left > 0; --left) {
    try {
      return static_cast<void>(connect_to(static_cast<std::uint16_t>(port)));
    } catch (const std::system_error&) {
      usleep(1000);
    }
  }
  throw std::runtime_error("nobody listens on port " + std::to_string(port));
}

/// Starts a program that inherits Run::listener, or listens on its port; lets the load generator measure it, and waits
/// until it was ended.
inline void run_program(Run& run, Listener listener, const std::vector<std::string>& words) {
  std::vector<char*> argv;
  for (const std::string& word : words) argv.push_back(const_cast<char*>(word.c_str()));
  argv.push_back(nullptr);
  const int port = port_of(run.listener);
  const bool inherits = listener == Listener::inherited;
  if (!inherits) close(run.listener);  // before anybody could connect to it
  const pid_t pid = fork();
  if (pid < 0) throw_errno("fork");
  if (pid == 0) {
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (inherits) fcntl(run.listener, F_SETFD, 0);
    execvp(argv[0], argv.data());
    _exit(127);
  }
  run.meeting->worker = pid;
  inherits ? static_cast<void>(close(run.listener)) : await_port(port);
  run.meeting->port = port;
  int status = 0;
  waitpid(pid, &status, 0);
  if (WIFEXITED(status) && WEXITSTATUS(status) != 0)
    throw std::runtime_error(words[0] + " ended with exit code " + std::to_string(WEXITSTATUS(status)));
}

}  // namespace poe::bench
