// SPDX-License-Identifier: MIT
//
// A command line as a shell starts it: what it prints, and how it ends.
#pragma once

#include <sys/wait.h>

#include <array>
#include <cstdio>
#include <string>

namespace poe::test {

struct Outcome {
  int code;  ///< -1: it did not end by itself
  std::string out;
};

/// Standard output and error together, as on a terminal.
inline Outcome outcome_of(const std::string& line, const std::string& redirect = "2>&1") {
  Outcome outcome{-1, {}};
  FILE* pipe = popen((line + " " + redirect).c_str(), "r");
  std::array<char, 1024> part;
  while (pipe && fgets(part.data(), part.size(), pipe)) outcome.out += part.data();
  const int status = pipe ? pclose(pipe) : -1;
  if (WIFEXITED(status)) outcome.code = WEXITSTATUS(status);
  return outcome;
}

}  // namespace poe::test
