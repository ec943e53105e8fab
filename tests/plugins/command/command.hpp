// SPDX-License-Identifier: MIT
//
// Commands of ours as a shell starts them.
#pragma once

#include <gtest/gtest.h>
#include <sys/wait.h>

#include <array>
#include <cstdio>
#include <string>

#include "sandbox.hpp"

namespace poe::test {

struct Outcome {
  int code;
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

class RunsCommands : public testing::Test {
 protected:
  Outcome poe(const std::string& arguments, const std::string& redirect = "2>&1") const {
    return outcome_of(std::string(POE_TEST_COMMAND) + " " + arguments, redirect);
  }
  Sandbox box;
};

}  // namespace poe::test
