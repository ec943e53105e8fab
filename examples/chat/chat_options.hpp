// SPDX-License-Identifier: MIT
// What both windows are told on the command line.
#pragma once

#include <optional>
#include <string>

namespace chat {

/// Where to join, and under which name.
struct Where {
  std::string host = "127.0.0.1";
  std::string port = "7007";
  std::string nick;
};

struct Options {
  Where where;
  std::optional<std::string> serve;  ///< the port of a server in this process; it is joined then
};

/// Before any toolkit: --help needs no display. An exit code instead of options: usage or error was printed.
struct Parsed {
  Options options;
  std::optional<int> exit_code;
};
Parsed parse_options(int argc, char** argv, const char* program);

}  // namespace chat
