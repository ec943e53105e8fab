// SPDX-License-Identifier: MIT
//
// The suite "net": wheels, filters and HttpServer on epoll, beside servers on other libraries. Every server meets the
// same load generator; what counts is the server's CPU time, and of several rounds the best.
#pragma once

#include <string>
#include <vector>

#include "case.hpp"

namespace poe::bench {

/// Whether the run is a server, with a load generator as its only client: load.hpp.
bool is_server(Kind kind);

std::vector<Case> net_cases();
/// Whom each is compared with, and how close it should be.
std::vector<Rival> net_rivals(const Case& which);

}  // namespace poe::bench
