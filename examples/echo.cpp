// SPDX-License-Identifier: MIT
// A TCP server that sends every line back. Try: nc localhost 7007
#include <cstdio>

#include "poe/components/tcp_server.hpp"
#include "poe/open.hpp"

int main(int argc, char** argv) {
  poe::fill_standard_descriptors();
  if (argc > 2) return std::fputs("usage: echo [PORT]    (default 7007; 0: any free one)\n", stderr), 2;

  bool failed = false;
  poe::TcpServerOptions options("127.0.0.1", argc == 2 ? argv[1] : "7007");
  options.started = [](poe::TcpServer& server) {
    if (auto address = server.local_address()) std::printf("listening on %s\n", address->to_string().c_str());
    std::fflush(stdout);
  };
  options.error = [&failed](poe::TcpServer& server, const poe::Error& error) {
    std::fprintf(stderr, "echo: %s\n", error.message().c_str());
    if (error.operation() == "accept") return;  // out of descriptors: it goes on when there are some
    failed = true;
    server.shutdown();
  };
  options.client_input = [](poe::TcpConnection& client, std::string_view line) { client.put(line); };

  auto kernel = poe::open_kernel();
  if (kernel) kernel->spawn<poe::TcpServer>(std::move(options));
  const auto ran = kernel ? kernel->run() : poe::failure(kernel.error());
  if (!ran) std::fprintf(stderr, "echo: %s\n", ran.error().report().c_str());
  return ran && !failed ? 0 : 1;
}
