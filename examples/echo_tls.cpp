// SPDX-License-Identifier: MIT
// The server of echo.cpp over TLS. Try, with a certificate and its key as PEM files:
//   echo_tls 7007 chain.pem key.pem, then openssl s_client -connect localhost:7007 -quiet -CAfile chain.pem
#include <cstdio>

#include "poe/components/tcp_server.hpp"
#include "poe/filters/tls.hpp"
#include "poe/open.hpp"

int main(int argc, char** argv) {
  poe::fill_standard_descriptors();
  if (argc != 4) return std::fputs("usage: echo_tls PORT CERTIFICATES KEY    (PEM files; port 0: any)\n", stderr), 2;

  bool failed = false;
  poe::TcpServerOptions options("127.0.0.1", argv[1]);
  options.started = [](poe::TcpServer& server) {
    if (auto address = server.local_address()) std::printf("listening on %s\n", address->to_string().c_str());
    std::fflush(stdout);
  };
  options.error = [&failed](poe::TcpServer& server, const poe::Error& error) {
    std::fprintf(stderr, "echo_tls: %s\n", error.message().c_str());
    if (error.operation() == "accept") return;  // out of descriptors: it goes on when there are some
    failed = true;
    server.shutdown();
  };
  options.client_input = [](poe::TcpConnection& client, std::string_view line) { client.put(line); };

  const auto tls = poe::TlsContext::server({argv[2], argv[3]});
  if (!tls) return std::fprintf(stderr, "echo_tls: %s\n", tls.error().report().c_str()), 1;
  options.tls = *tls;

  auto kernel = poe::open_kernel();
  if (kernel) kernel->spawn<poe::TcpServer>(std::move(options));
  const auto ran = kernel ? kernel->run() : poe::failure(kernel.error());
  if (!ran) std::fprintf(stderr, "echo_tls: %s\n", ran.error().report().c_str());
  return ran && !failed ? 0 : 1;
}
