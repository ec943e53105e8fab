// SPDX-License-Identifier: MIT
// A chat in one file: what one says, all others hear. Try: nc localhost 7007, several times
#include <cstdio>
#include <set>
#include <string>

#include "poe/components/tcp_server.hpp"
#include "poe/open.hpp"

int main(int argc, char** argv) {
  poe::fill_standard_descriptors();
  if (argc > 2) return std::fputs("usage: chat_server [PORT]    (default 7007; 0: any free one)\n", stderr), 2;

  std::set<poe::TcpConnection*> here;
  const auto tell_others = [&here](const poe::TcpConnection& from, std::string_view what) {
    const std::string line = from.peer().to_string() + " " + std::string(what);
    for (poe::TcpConnection* each : here)
      if (each != &from) each->put(line);
  };
  poe::TcpServerOptions options("127.0.0.1", argc == 2 ? argv[1] : "7007");
  bool listening = false;
  options.started = [&](poe::TcpServer& server) {
    const auto address = server.local_address();  // none: the server has said why
    if ((listening = address.has_value())) std::printf("listening on %s\n", address->to_string().c_str());
    std::fflush(stdout);
  };
  options.client_connected = [&](poe::TcpConnection& client) {
    client.put("others here: " + std::to_string(here.size()));
    here.insert(&client);
    tell_others(client, "joins");
  };
  options.client_input = [&](poe::TcpConnection& client, std::string_view line) {
    tell_others(client, "says: " + std::string(line));
  };
  options.client_disconnected = [&](poe::TcpConnection& client) {
    here.erase(&client);
    tell_others(client, "leaves");
  };
  auto kernel = poe::open_kernel();
  if (kernel) kernel->spawn<poe::TcpServer>(std::move(options));
  const auto ran = kernel ? kernel->run() : poe::failure(kernel.error());
  if (!ran) std::fprintf(stderr, "chat_server: %s\n", ran.error().report().c_str());
  return ran && listening ? 0 : 1;
}
