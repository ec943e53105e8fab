// SPDX-License-Identifier: MIT
//
// The suite "hosts": our loops inside slow hosts, what the Loop ABI itself costs, and how loops and modes sleep, wake,
// join and leave. Its rows are given one by one: which side of ours, on which loop, beside whom.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "case.hpp"

namespace poe::bench {

struct HostRow {
  std::string loop;
  std::string ours;  ///< "poe", or "abi": the plug-in without the kernel
  std::string peer;
  Aim aim;
};

std::vector<Case> host_cases();
std::vector<HostRow> host_rows(const Case& which);

/// The host program that a loop's plug-in can be a guest of, as the conformance kit's tests build it; "" if there is
/// none beside this program.
std::string host_module(const std::string& loop);

/// Why that case cannot be measured on this machine or in this build; nothing if it can.
std::optional<std::string> cannot_measure(const Case& which, const std::string& loop);

}  // namespace poe::bench
