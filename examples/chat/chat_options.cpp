// SPDX-License-Identifier: MIT
#include "chat_options.hpp"

#include <CLI/CLI.hpp>
#include <cstdlib>

namespace chat {
namespace {

// A window system, as far as one can tell without a toolkit: those abort the process without one.
bool has_display(const std::string& program) {
  const char* platform = program == "chat_qt" ? "QT_QPA_PLATFORM" : "GDK_BACKEND";
  for (const char* name : {"DISPLAY", "WAYLAND_DISPLAY", platform})
    if (const char* value = std::getenv(name); value != nullptr && *value != '\0') return true;
  return false;
}

/// "host:port", "host" or ":port"; the last colon separates.
void split(const std::string& text, Where& where) {
  const std::size_t colon = text.rfind(':');
  if (const std::string host = text.substr(0, colon); !host.empty()) where.host = host;
  if (colon != std::string::npos) where.port = text.substr(colon + 1);
}

}  // namespace

Parsed parse_options(int argc, char** argv, const char* program) {
  Parsed parsed;
  Where& where = parsed.options.where;
  const char* user = std::getenv("USER");
  where.nick = user != nullptr && *user != '\0' ? user : "guest";
  std::string address, serve;
  CLI::App app("A chat in a window: the sessions of `chat`, in a toolkit's loop.", program);
  auto* to = app.add_option("--connect", address, "A server: HOST:PORT (default 127.0.0.1:7007)");
  app.add_option("--serve", serve, "Run a server in this process, on this port (0: any free one), and join it")
      ->excludes(to);
  app.add_option("--nick", where.nick, "Your name in the chat (default: $USER)");
  app.failure_message([](const CLI::App* a, const CLI::Error& e) {
    return a->get_name() + ": " + e.what() + "; see " + a->get_name() + " --help\n";
  });
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    parsed.exit_code = app.exit(error) == 0 ? 0 : 2;
    return parsed;
  }
  split(address, where);
  if (!serve.empty()) parsed.options.serve = serve;
  if (!has_display(program)) {
    std::cerr << program << ": cannot open a window: DISPLAY and WAYLAND_DISPLAY are not set\n"
              << "  do: start it in a desktop session, or under xvfb-run; `chat` is the same in a terminal\n";
    parsed.exit_code = 1;
  }
  return parsed;
}

}  // namespace chat
