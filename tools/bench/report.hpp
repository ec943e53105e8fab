// SPDX-License-Identifier: MIT
//
// What was measured, for people (a table) and for programs (JSON).
#pragma once

#include <string>
#include <vector>

#include "measure.hpp"

namespace poe::bench {

/// Machine, compiler, flags and versions: without them a row is no result.
std::string conditions(const Effort& effort, const std::vector<Subject>& peers);
std::string table_head();
std::string table_line(const Row& row);
/// "41 rows: 30 at the goal, 9 within must, 2 missed" and the missed ones.
std::string verdict(const std::vector<Row>& rows);
/// A list of objects with the keys case, loop, peer, ours_ns, peer_ns, ratio, ours_min, ours_median, ours_max, rounds,
/// syscalls, allocs, must, goal, met. Numbers of a row that could not be measured are null.
std::string to_json(const std::vector<Row>& rows);

}  // namespace poe::bench
