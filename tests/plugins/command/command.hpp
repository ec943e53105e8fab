// SPDX-License-Identifier: MIT
//
// Commands of ours as a shell starts them.
#pragma once

#include <gtest/gtest.h>

#include <string>

#include "outcome.hpp"
#include "sandbox.hpp"

namespace poe::test {

class RunsCommands : public testing::Test {
 protected:
  Outcome poe(const std::string& arguments, const std::string& redirect = "2>&1") const {
    return outcome_of(std::string(POE_TEST_COMMAND) + " " + arguments, redirect);
  }
  Sandbox box;
};

}  // namespace poe::test
